from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import JsonObject, Receiver
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_rpa.documents import DocumentType, read_document
from samdrift_rpa.receivers.access_point import AccessPointReceiver
from samdrift_rpa.receivers.case_system import CaseSystemReceiver
from samdrift_rpa.receivers.digital_post import DigitalPostReceiver
from samdrift_rpa.receivers.erp import ErpReceiver
from samdrift_rpa.ubl import text

KEY = UUID("12345678-1234-5678-1234-567812345678")
POSTED = {"key": str(KEY), "found": True, "voucher_id": "V000001"}
STORE = MemoryStore()
VOUCHER = {"voucher": STORE.put(b'{"amount": "1.00"}')}
Handler = Callable[[httpx.Request], httpx.Response]
Maker = Callable[..., Receiver]


def erp(handler: Handler) -> ErpReceiver:
    return ErpReceiver("http://erp.example/api", STORE, timeout_s=1.0, transport=httpx.MockTransport(handler))


def answering(status: int, body: object = None, text: str | None = None) -> Handler:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, text=text) if text is not None else httpx.Response(status, json=body)

    return handle


def failing(error: type[httpx.TransportError]) -> Handler:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)

    return handle


def test_the_key_goes_along() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json=POSTED)

    assert erp(handle).deliver(KEY, VOUCHER) == POSTED
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "http://erp.example/api/vouchers")
    assert request.headers["Idempotency-Key"] == str(KEY)
    assert json.loads(request.content) == {"amount": "1.00"}


def test_the_key_is_the_answers_uuid_too() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"key": str(KEY), "found": True, "transmission_id": "D000001"})

    receiver = AccessPointReceiver("http://ap.example", STORE, timeout_s=1.0, transport=httpx.MockTransport(handle))
    party = {"name": "Fiktiv", "endpoint": {"scheme": "GLN", "value": "9520000000004"}}
    answer = {
        "standard": "OIOUBL",
        "response_code": "BusinessAccept",
        "description": "",
        "issue_date": "2026-11-24",
        "profile": "Procurement-BilSim-1.0",
        "profile_scheme": "",
        "sender": party,
        "receiver": party,
        "document_type": "Invoice",
        "document_type_code": "380",
        "document_number": "T-1",
        "document_uuid": "",
        "document_issue_date": "2026-11-20",
    }
    receiver.deliver(KEY, {"answer": STORE.put(json.dumps(answer).encode())})
    document = read_document(seen[0].content)
    assert document.type is DocumentType.APPLICATION_RESPONSE
    assert text(document.root, "cbc:UUID") == seen[0].headers["Idempotency-Key"] == str(KEY)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422])
def test_a_refusal_that_stays_is_a_refusal(status: int) -> None:
    with pytest.raises(ReceiverRefusedError, match=str(status)):
        erp(answering(status, {"key": str(KEY), "error": "no"})).deliver(KEY, VOUCHER)


@pytest.mark.parametrize(
    "handler",
    [
        answering(500, {"key": str(KEY)}),
        answering(503, text="busy"),
        answering(408, {}),
        answering(425, {}),
        answering(429, {}),
        answering(302, {}),
        answering(200, text="<html>proxy</html>"),
        answering(200, ["a list"]),
        answering(200, {"key": "another"}),
        failing(httpx.ReadTimeout),
        failing(httpx.ConnectTimeout),
        failing(httpx.ConnectError),
        failing(httpx.RemoteProtocolError),
        failing(httpx.ReadError),
    ],
)
def test_everything_else_is_to_be_asked_about(handler: Handler) -> None:
    with pytest.raises(TryAgainError):
        erp(handler).deliver(KEY, VOUCHER)


def test_it_happened() -> None:
    assert erp(answering(200, POSTED)).find(KEY, {}) == POSTED


def test_it_did_not_happen_when_the_party_itself_says_so() -> None:
    assert erp(answering(404, {"key": str(KEY), "found": False})).find(KEY, {}) is None


@pytest.mark.parametrize(
    "handler",
    [
        answering(404, text="<html>not here</html>"),
        answering(404, {"detail": "Not Found"}),
        answering(404, {"key": "another", "found": False}),
        answering(200, {"key": "another"}),
        answering(200, text=""),
        answering(401, {"key": str(KEY), "found": False}),
        answering(500, {"key": str(KEY), "found": False}),
        failing(httpx.ReadTimeout),
        failing(httpx.ConnectError),
    ],
)
def test_anything_less_cannot_tell(handler: Handler) -> None:
    with pytest.raises(CannotTellError):
        erp(handler).find(KEY, {})


def test_what_is_not_stored_any_more_is_never_sent() -> None:
    with pytest.raises(ReceiverRefusedError, match="not stored any more"):
        erp(answering(201, POSTED)).deliver(KEY, {"voucher": "sha256:" + "0" * 64})


class SilentStore(MemoryStore):
    def get(self, reference: str) -> bytes:
        raise ConnectionError("no route")


@pytest.mark.parametrize(
    ("receiver", "request_"),
    [
        (ErpReceiver, {"voucher": "sha256:1"}),
        (AccessPointReceiver, {"answer": "sha256:1"}),
        (DigitalPostReceiver, {"dossier": "sha256:1"}),
        (CaseSystemReceiver, {"does": "case", "external_id": str(KEY), "dossier": "sha256:1"}),
    ],
)
def test_a_store_that_does_not_answer_is_asked_again(receiver: Maker, request_: JsonObject) -> None:
    made = receiver("http://erp.example/api", SilentStore(), timeout_s=1.0)
    with pytest.raises(TryAgainError, match="object store does not answer"):
        made.deliver(KEY, request_)


def test_a_personal_number_in_a_refusal_is_masked() -> None:
    with pytest.raises(ReceiverRefusedError) as caught:
        erp(answering(422, text="supplier 0101010101 is unknown")).deliver(KEY, VOUCHER)
    assert "0101010101" not in str(caught.value)
