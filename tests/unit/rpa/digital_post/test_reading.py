"""Reading: what comes in well is read as it was written, and what does not is refused with a reason."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.checks import MemoryStore
from samdrift_platform.objects import ObjectStore
from samdrift_rpa.digital_post.content import Base64Content, NotBase64Error
from samdrift_rpa.digital_post.generator import Attachment, Written, write
from samdrift_rpa.digital_post.letter import concerned_cpr, message_uuid, read_header, read_letter
from samdrift_rpa.digital_post.memo import Letter, MemoVersion
from samdrift_rpa.digital_post.refusal import MessageRefusedError

GOOD = write(
    Written(number=1, title="Hej", text="Kære kommune", attachments=[Attachment(filename="a.pdf", content=b"%")])
)
ENTITY = b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
FILE = b'<!DOCTYPE m [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


def read(content: bytes, *, most_bytes: int = 10_000_000) -> Letter:
    store = MemoryStore()
    return read_letter(store, store.put(content), most_bytes=most_bytes, schemas=None)


def changed(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def declared(doctype: bytes) -> bytes:
    return changed(b"?>\n", b"?>\n" + doctype)


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("not_xml", b""),
        ("not_xml", b"Hej"),
        ("not_xml", GOOD[:-20]),
        ("not_xml", GOOD + b"<more/>"),
        ("not_xml", changed("Kære".encode()[:0] + b"Hej", "Hej på".encode("latin-1"))),
        ("encoding", GOOD.decode().encode("utf-16")),
        ("encoding", GOOD.decode().encode("utf-16-le")),
        ("not_xml", changed(b"https://DigitalPost.dk/MeMo-1", b"$ttps://x y")),
        ("not_xml", changed(b"Hej", b"&entity;")),
        ("encoding", changed(b"UTF-8", b"ISO-8859-1")),
        ("encoding", changed(b"UTF-8", b"UTF-16")),
        ("doctype", declared(b"<!DOCTYPE m>")),
        ("doctype", declared(ENTITY)),
        ("doctype", declared(FILE)),
        ("doctype", declared(b'<!DOCTYPE m SYSTEM "http://127.0.0.1:1/x.dtd">')),
        ("too_deep", changed(b"Hej", b"<a>" * 40 + b"</a>" * 40)),
        ("too_deep", changed(b"Hej", b"<a/>" * 20_001)),
        ("text_too_long", changed(b"Hej", b"H" * 4_000_001)),
        ("text_too_long", changed(b"<memo:label>", b'<memo:label a="' + b"H" * 1_200_001 + b'">')),
        ("text_too_long", changed(b"<memo:label>", b"<!--" + b"H" * 1_200_001 + b"--><memo:label>")),
        ("text_too_long", changed(b"<memo:label>", b"<" + b"H" * 1_200_001 + b"/><memo:label>")),
        ("not_memo", b"<Invoice/>"),
        ("not_memo", changed(b"https://DigitalPost.dk/MeMo-1", b"https://DigitalPost.dk/MeMo-2")),
        ("unknown_version", changed(b'memoVersion="1.2"', b'memoVersion="1.3"')),
        ("unknown_version", changed(b'memoVersion="1.2"', b'memoVersion="1"')),
        ("unknown_version", changed(b' memoVersion="1.2"', b"")),
        ("lacks", changed(b"<memo:label>Hej</memo:label>", b"")),
        ("lacks", changed(b"memo:senderID>", b"memo:sender>").replace(b"/memo:senderID", b"/memo:sender")),
        ("lacks", GOOD.replace(b"memo:MainDocument", b"memo:TechnicalDocument")),
        ("value", changed(b"DIGITALPOST", b"TELEGRAM")),
        ("value", changed(b"<memo:reply>true", b"<memo:reply>yes")),
        ("missing_attachment", changed(b"<memo:content>JQ==</memo:content>", b"<memo:content/>")),
        ("missing_attachment", changed(b"<memo:content>JQ==</memo:content>", b"<memo:content> \n </memo:content>")),
        ("missing_attachment", changed(b"<memo:content>JQ==</memo:content>", b"")),
        ("not_base64", changed(b"JQ==", b"JQ=")),
        ("not_base64", changed(b"JQ==", b"JQ==JQ==")),
        ("not_base64", changed(b"JQ==", b"JQ=Q")),
        ("not_base64", changed(b"JQ==", b"%%%%")),
        ("not_base64", changed(b"JQ==", "JQå=".encode())),
        ("file_name", changed(b"a.pdf", b"../../a.pdf")),
        ("file_name", changed(b"a.pdf", b"C:\\a.pdf")),
        ("file_name", changed(b"a.pdf", b"a&#10;b.pdf")),
        ("file_name", changed(b"a.pdf", b"..")),
        ("file_name", changed(b"a.pdf", b"")),
        ("file_name", changed(b"a.pdf", "å".encode() * 128)),
    ],
)
def test_it_is_refused_with_a_reason_that_quotes_nothing(code: str, content: bytes) -> None:
    with pytest.raises(MessageRefusedError) as refused:
        read(content)
    assert refused.value.code == code
    for word in ("Hej", "a.pdf", "root:", "JQ"):
        assert word not in refused.value.message


def test_what_is_refused_leaves_nothing_in_the_store() -> None:
    store = MemoryStore()
    message = store.put(changed(b"JQ==", b"J==="))  # the second of its files; the first one is good
    with pytest.raises(MessageRefusedError):
        read_letter(store, message, most_bytes=10_000_000, schemas=None)
    assert list(store.objects) == [message]


@pytest.mark.parametrize("uuid", ["1", "8c2ea15d-61fb-5ba9-9366-42f8b194c114", "8c2ea15d61fb4ba9936642f8b194c114"])
def test_a_message_uuid_has_version_4(uuid: str) -> None:
    known = Written(number=1, title="", text="").message_uuid.encode()
    with pytest.raises(MessageRefusedError, match="messageUUID"):
        read(changed(known, uuid.encode()))


def test_what_is_too_large_is_refused_before_it_is_read_to_its_end() -> None:
    with pytest.raises(MessageRefusedError, match=r"larger than 0\.2 MB"):
        read(GOOD.replace(b"JQ==", b"JSUl" * 100_000), most_bytes=200_000)


def test_the_header_is_read_without_what_follows() -> None:
    store = MemoryStore()
    broken = GOOD.partition(b"<memo:content>")[0] + b"<<<"
    root = read_header(store, store.put(broken))
    assert message_uuid(root) == Written(number=1, title="", text="").message_uuid
    assert concerned_cpr(root) == Written(number=1, title="", text="").sender


def test_comments_are_passed_over() -> None:
    remark = b"<!--" + b"H" * 200_000 + b"-->"
    assert read(changed(b"<memo:label>", remark * 10 + b"<memo:label>")).label == "Hej"


def test_a_byte_order_mark_is_no_text() -> None:
    assert read(b"\xef\xbb\xbf" + GOOD).label == "Hej"


def test_a_hostile_message_reaches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it reached out")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(MessageRefusedError):
        read(declared(b'<!DOCTYPE m SYSTEM "http://127.0.0.1:1/x.dtd"><!-- x -->'))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_every_fact_is_read_as_it_was_written(version: str) -> None:
    letter = read(
        write(
            Written(
                number=7,
                title="Æbler & pærer <3",
                text="Kære kommune",
                version=version,
                contact_point="241D39F6-998e-4929-b198-ccacbbf4b330",
                kle="28.06.04",
                task="12.34.56.78",
                case_id="S-1",
                case_system="X",
                about_cpr="0001010000",
                reply_by="2026-12-01T12:00:00Z",
                do_not_deliver_until="2026-11-01",
                replies=[("A" * 8, "", "", ""), ("B" * 8, "A" * 8, "c", "g")],
                attachments=[Attachment(filename="Æ ø.pdf", content=bytes(range(256)))],
            )
        )
    )
    assert letter.version is MemoVersion(version)
    assert (letter.label, letter.kle, letter.task) == ("Æbler & pærer <3", "28.06.04", "12.34.56.78")
    assert (letter.case_id, letter.case_system, letter.about_cpr) == ("S-1", "X", "0001010000")
    assert letter.recipient.contact_point == "241d39f6-998e-4929-b198-ccacbbf4b330"
    assert letter.reply_by == datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert letter.do_not_deliver_until == date(2026, 11, 1)
    assert letter.thread == "aaaaaaaa"
    assert [(file.filename, file.size_bytes) for file in letter.files] == [("brev.txt", 13), ("Æ ø.pdf", 256)]


@given(content=st.binary(min_size=1, max_size=3000), cuts=st.lists(st.integers(1, 50), max_size=40))
def test_base64_comes_out_as_it_went_in_however_it_is_cut(content: bytes, cuts: list[int]) -> None:
    text = base64.encodebytes(content).decode()
    with Base64Content() as sink:
        for cut in cuts:
            sink.feed(text[:cut])
            text = text[cut:]
        sink.feed(text)
        sink.finish()
        assert sink.file.read() == content
        assert sink.size_bytes == len(content)


@given(text=st.text(alphabet="AB+/= \n-ø", max_size=40), cut=st.integers(0, 40))
def test_what_is_no_base64_binary_is_refused(text: str, cut: int) -> None:
    plain = "".join(text.split())

    def ours() -> bytes:
        with Base64Content() as sink:
            sink.feed(text[:cut])
            sink.feed(text[cut:])
            sink.finish()
            return sink.file.read()

    def theirs() -> bytes:
        if not re.fullmatch(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", plain):
            raise ValueError(plain)  # XML Schema part 2, 3.2.16; b64decode lets "AAAA=" through
        return base64.b64decode(plain)

    assert _outcome(ours) == _outcome(theirs)


def _outcome(decode: Callable[[], bytes]) -> bytes | None:
    try:
        return decode()
    except (NotBase64Error, ValueError):
        return None


@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(MessageRefusedError):
        read(data)


@given(at=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_a_message_with_any_byte_changed_is_read_or_refused(at: int, byte: int) -> None:
    with suppress(MessageRefusedError):
        assert len(read(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :]).files) == 2


def test_files_are_streamed_through_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ObjectStore((tmp_path / "objects").as_uri())
    content = bytes(3_000_000)
    large = write(Written(number=1, title="Hej", text="x", attachments=[Attachment(filename="a.bin", content=content)]))
    reference = store.put(large)

    def whole(reference: str) -> bytes:
        raise AssertionError("the object was read as a whole")

    monkeypatch.setattr(store, "get", whole)
    monkeypatch.setattr(store, "put", whole)
    letter = read_letter(store, reference, most_bytes=10_000_000, schemas=None)
    with store.open(letter.files[1].object) as file:
        assert file.read() == content
