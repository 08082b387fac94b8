from __future__ import annotations

from email.generator import BytesGenerator
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.errors import MalformedBodyError, WrongMediaTypeError
from samdrift_mammography.intake.multipart import Part, Parts, boundary_of

BOUNDARY = "0f3cf5c0-70e0-41ef"


def encoded(parts: list[bytes], *, preamble: bytes = b"") -> bytes:
    """As RFC 2046 section 5.1.1 writes it."""
    lines = [b"--" + BOUNDARY.encode() + b"\r\nContent-Type: application/dicom\r\n\r\n" + part for part in parts]
    return preamble + b"\r\n".join([*lines, b"--" + BOUNDARY.encode() + b"--\r\n"])


def taken_apart(body: bytes, size: int) -> list[Part]:
    parts = Parts(boundary=BOUNDARY)
    found = [part for at in range(0, len(body), size) for part in parts.write(body[at : at + size])]
    parts.end()
    return found


# Pieces of boundaries and line ends are what a parser can be wrong about.
pieces = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"--", b"-", b"\r\n--", b"\r\n--0f3cf5c0", b"0f3cf5c0-70e0-41e", b"DICM"]
)
data = st.lists(pieces | st.binary(max_size=8), max_size=8).map(b"".join)


@given(st.lists(data, min_size=1, max_size=4), st.integers(1, 60), st.sampled_from([b"", b"\r\n"]))
def test_parts_are_what_was_put_in_whatever_the_chunks(parts: list[bytes], size: int, preamble: bytes) -> None:
    found = taken_apart(encoded(parts, preamble=preamble), size)
    assert [part.data for part in found] == parts
    assert {part.media_type for part in found} == {"application/dicom"}


def test_what_pythons_own_mail_package_writes_is_read() -> None:
    message = MIMEMultipart("related", boundary=BOUNDARY)
    for number in range(3):
        part = MIMEApplication(bytes([number]) * 3, "dicom", lambda message: None)
        part["Content-ID"] = f"<{number}>"
        message.attach(part)
    file = BytesIO()
    BytesGenerator(file).flatten(only_body(message), linesep="\r\n")
    body = file.getvalue().partition(b"\r\n\r\n")[2]
    assert [part.data for part in taken_apart(body, 7)] == [bytes([number]) * 3 for number in range(3)]


def only_body(message: Message) -> Message:
    del message["MIME-Version"]
    return message


@given(st.lists(data, min_size=1, max_size=3), st.integers(1, 30))
def test_a_message_that_is_cut_off_is_not_taken_for_whole(parts: list[bytes], missing: int) -> None:
    body = encoded(parts)[: -2 - missing]
    with pytest.raises(MalformedBodyError):
        taken_apart(body, 16)


DELIMITER = b"--" + BOUNDARY.encode()
lines = st.sampled_from([DELIMITER + b"\r\n", b"\r\n" + DELIMITER + b"\r\n", DELIMITER + b"--\r\n", b"a: b\r\n\r\n"])
texts = st.lists(lines | data, max_size=8).map(b"".join)


@given(texts | texts.map(lambda text: encoded([text])), st.integers(1, 20))
def test_any_bytes_are_parts_or_refused(body: bytes, size: int) -> None:
    try:
        found = taken_apart(body, size)
    except MalformedBodyError:
        return
    assert DELIMITER + b"--" in body
    assert len(found) < body.count(DELIMITER)
    assert all(part.data in body for part in found)


@pytest.mark.parametrize(
    "header",
    [
        'multipart/related; type="application/dicom"; boundary="b"',
        "multipart/related; type=application/dicom; boundary=b",
        "Multipart/Related;boundary=b;type=Application/DICOM",
        "multipart/related; boundary=b",
    ],
)
def test_the_boundary_is_read_however_it_is_written(header: str) -> None:
    assert boundary_of(header) == "b"


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("", WrongMediaTypeError),
        ("application/dicom", WrongMediaTypeError),
        ("multipart/form-data; boundary=b", WrongMediaTypeError),
        ('multipart/related; type="application/dicom+json"; boundary=b', WrongMediaTypeError),
        ('multipart/related; type="application/dicom"', MalformedBodyError),
    ],
)
def test_another_message_is_refused(header: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        boundary_of(header)


def test_a_boundary_without_end_is_refused() -> None:
    with pytest.raises(MalformedBodyError):
        Parts(boundary="b" * 1000)
