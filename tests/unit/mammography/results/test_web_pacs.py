from __future__ import annotations

from collections.abc import Callable, Sequence
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs import confirmed
from samdrift_mammography.results.pacs_address import WebAddress
from samdrift_mammography.results.tls import Trust
from samdrift_mammography.results.web_credentials import WebAccess
from samdrift_mammography.results.web_pacs import WebPacs
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, SamdriftError, SettingError, TryAgainError

INSTANCE = Instance(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.88.33",
    sop_instance_uid="1.2.3.4",
    series_instance_uid="1.2.3",
    study_instance_uid="1.2",
)
Answer = Callable[[httpx.Request], httpx.Response]


def service(*answers: httpx.Response, access: WebAccess | None = None) -> tuple[WebPacs, list[httpx.Request]]:
    """A client of a service that gives these answers in turn, and what it was asked."""
    asked: list[httpx.Request] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return left.pop(0)

    address = WebAddress(url="http://pacs.test/dicom-web")
    return WebPacs(address, access or WebAccess(), transport=httpx.MockTransport(answer)), asked


def failed(reason: int | None, status: int = 409) -> httpx.Response:
    item: dict[str, Any] = {} if reason is None else {"00081197": {"vr": "US", "Value": [reason]}}
    return httpx.Response(status, json={"00081198": {"vr": "SQ", "Value": [item]}})


def listing(*uids: str) -> httpx.Response:
    return httpx.Response(200, json=[{"00080018": {"vr": "UI", "Value": [uid]}} for uid in uids])


STORED = httpx.Response(200, json={"00081199": {"vr": "SQ", "Value": []}})
EMPTY = httpx.Response(204)


def test_one_instance_is_one_part_of_a_related_body() -> None:
    pacs, asked = service(STORED)
    pacs.store(b"DICM...", INSTANCE)
    (request,) = asked
    assert (request.method, request.url.path) == ("POST", "/dicom-web/studies")
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.content)
    part: Any = message.get_payload(0)
    assert (message.get_param("type"), part.get_content_type()) == ("application/dicom", "application/dicom")
    assert len(message.get_payload()) == 1
    assert part.get_payload(decode=True) == b"DICM..."


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (failed(0xA700), TryAgainError),
        (failed(0xA700, 200), TryAgainError),
        (failed(0x0110, 202), TryAgainError),
        (failed(0xA900), ReceiverRefusedError),
        (failed(0xC122), ReceiverRefusedError),
        (failed(0x0122, 200), ReceiverRefusedError),
        (failed(None), TryAgainError),
        (failed(0xF001), CannotTellError),
        *[(httpx.Response(status), ReceiverRefusedError) for status in (400, 409, 413, 415, 422)],
        *[(httpx.Response(status), TryAgainError) for status in (302, 401, 403, 404, 408, 429, 500, 502, 503)],
    ],
)
def test_what_is_not_stored_is_told_apart(answer: httpx.Response, kind: type[SamdriftError]) -> None:
    pacs, _ = service(answer)
    with pytest.raises(kind):
        pacs.store(b"DICM...", INSTANCE)


@pytest.mark.parametrize(
    ("answers", "held"),
    [
        ([listing("1.2.3.4")], True),
        ([listing("1.2.3.9", "1.2.3.4")], True),
        ([listing("1.2.3.9")], False),
        ([listing()], False),
        ([EMPTY], False),
        ([httpx.Response(404), listing("1.2.3.4")], True),
        ([httpx.Response(501), listing("1.2.3.4")], True),
    ],
)
def test_the_service_s_own_list_tells(answers: Sequence[httpx.Response], held: bool) -> None:
    pacs, asked = service(*answers)
    assert pacs.holds(INSTANCE) is held
    assert asked[0].url.path == "/dicom-web/studies/1.2/series/1.2.3/instances"
    assert dict(asked[0].url.params) == {"SOPInstanceUID": "1.2.3.4"}


@pytest.mark.parametrize("second", [httpx.Response(404), listing("1.2.3.9"), httpx.Response(200, text="<html>")])
def test_a_404_alone_is_not_believed(second: httpx.Response) -> None:
    pacs, _ = service(httpx.Response(404), second)
    with pytest.raises(CannotTellError):
        pacs.holds(INSTANCE)


@pytest.mark.parametrize("status", [302, 401, 403, 500, 503])
def test_a_service_that_does_not_let_us_in_is_tried_again(status: int) -> None:
    pacs, _ = service(httpx.Response(status))
    with pytest.raises(TryAgainError, match=str(status)):
        pacs.holds(INSTANCE)


@pytest.mark.parametrize("body", ["[]", "{}", "null", "7", '["x"]', '{"00081198": 3}', '{"00081198": {"Value": [1]}}'])
def test_a_strange_body_is_no_accident(body: str) -> None:
    pacs, _ = service(httpx.Response(200, text=body), httpx.Response(200, text=body))
    with pytest.raises((CannotTellError, TryAgainError)):
        confirmed(pacs, b"DICM...", INSTANCE)


def test_what_was_refused_but_is_listed_counts() -> None:
    pacs, asked = service(failed(0xC000), listing("1.2.3.4"))
    confirmed(pacs, b"DICM...", INSTANCE)
    assert [request.method for request in asked] == ["POST", "GET"]  # sent once, then looked for


def test_a_refusal_stands_when_the_service_cannot_be_asked() -> None:
    pacs, _ = service(failed(0xC000), httpx.Response(503))
    with pytest.raises(ReceiverRefusedError, match="C000"):
        confirmed(pacs, b"DICM...", INSTANCE)


def test_success_that_is_not_listed_does_not_count() -> None:
    pacs, _ = service(STORED, EMPTY)
    with pytest.raises(CannotTellError, match="does not list it"):
        confirmed(pacs, b"DICM...", INSTANCE)


@pytest.mark.parametrize(
    ("line", "header"),
    [("ris:p:w\n", "Basic cmlzOnA6dw=="), ("Bearer abc.def\n", "Bearer abc.def")],
)
def test_credentials_come_from_a_file(tmp_path: Path, line: str, header: str) -> None:
    path = tmp_path / "credentials"
    path.write_text(line)
    access = WebAccess.of(str(path), Trust())
    pacs, asked = service(EMPTY, access=access)
    pacs.holds(INSTANCE)
    assert asked[0].headers["authorization"] == header
    assert "p:w" not in repr(access)
    assert "abc" not in repr(access)


@pytest.mark.parametrize("content", ["", "secret", "two:lines\nsecret", "Bearer a\nb"])
def test_a_file_without_credentials_is_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    path = tmp_path / "credentials"
    path.write_text(content)
    with pytest.raises(SettingError) as refused:
        WebAccess.of(str(path), Trust())
    assert "secret" not in str(refused.value)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="nowhere"):
        WebAccess.of(str(tmp_path / "nowhere"), Trust())
    for trust in (Trust(ca_file=str(tmp_path / "nowhere")), Trust(certificate=str(tmp_path / "nowhere"))):
        with pytest.raises(SettingError, match="nowhere"):
            trust.context()


def test_json_is_asked_for() -> None:
    pacs, asked = service(EMPTY)
    pacs.holds(INSTANCE)
    assert asked[0].headers["accept"] == "application/dicom+json"
