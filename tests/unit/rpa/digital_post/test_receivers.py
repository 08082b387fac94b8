"""The case system and the sender of Digital Post: what goes out, and how little of what comes back is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from lxml import etree

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Effect
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, SamdriftError, TryAgainError
from samdrift_rpa.digital_post.engine import PostEngine
from samdrift_rpa.digital_post.generator import IMPOSSIBLE_CPR, Attachment, Written, write
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.receivers.case_system import CaseSystemReceiver
from samdrift_rpa.receivers.digital_post import DigitalPostReceiver
from samdrift_rpa.testing import try_case

KEY = UUID("12345678-1234-5678-9234-567812345678")
Handler = Callable[[httpx.Request], httpx.Response]
LETTER = Written(
    number=1,
    title="Carport hos Grete",
    text="Hej",
    kle="02.34.02",
    version="1.1",
    attachments=[Attachment(filename="Æ b.pdf", content=b"%PDF")],
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def effects(engine: PostEngine, store: MemoryStore) -> dict[str, Effect]:
    trial = try_case(process, {"message": store.put(write(LETTER))}, store=store, engine=engine)
    return {effect.step: effect for effect in trial.effects}


def receiver(step: str, store: MemoryStore, handler: Handler) -> CaseSystemReceiver | DigitalPostReceiver:
    made = DigitalPostReceiver if step == "acknowledge" else CaseSystemReceiver
    return made("http://peer.example/api", store, timeout_s=1.0, transport=httpx.MockTransport(handler))


def sent(step: str, effects: dict[str, Effect], store: MemoryStore) -> httpx.Request:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(201, json={"key": request.headers["Idempotency-Key"]})

    receiver(step, store, handle).deliver(KEY, effects[step].request)
    (request,) = seen
    return request


def test_a_case_goes_under_its_external_id(effects: dict[str, Effect], store: MemoryStore) -> None:
    request = sent("find_case", effects, store)
    body = json.loads(request.content)
    assert request.url.path == "/api/cases"
    assert request.headers["Idempotency-Key"] == body["external_id"] == effects["find_case"].request["external_id"]
    assert (body["title"], body["subject"], body["party"]["id"]) == ("Carport hos Grete", "02.34.02", IMPOSSIBLE_CPR)


def test_an_entry_goes_with_all_its_files(effects: dict[str, Effect], store: MemoryStore) -> None:
    request = sent("journalise", effects, store)
    assert request.headers["Idempotency-Key"] == str(KEY)
    for part in (b"%PDF", b"Hej", write(LETTER), 'filename="Æ b.pdf"'.encode()):
        assert part in request.content


def test_an_assignment_says_unit_and_day(effects: dict[str, Effect], store: MemoryStore) -> None:
    body = json.loads(sent("assign", effects, store).content)
    assert (body["unit"], body["due_on"], body["legal_notification"]) == ("buildings", "2026-12-08", False)


def test_the_reply_is_a_memo_of_the_senders_version_under_the_key(
    effects: dict[str, Effect], store: MemoryStore
) -> None:
    request = sent("acknowledge", effects, store)
    root = etree.fromstring(request.content)
    assert root.get("memoVersion") == "1.1"
    said = root.findtext("{*}MessageHeader/{*}messageUUID")
    assert said == request.headers["Idempotency-Key"] == "12345678-1234-4678-9234-567812345678"
    assert root.findtext(".//{*}ReplyData/{*}messageUUID") == LETTER.message_uuid
    assert root.findtext(".//{*}ReplyData/{*}caseID") == effects["find_case"].request["external_id"]


@pytest.mark.parametrize("step", ["find_case", "journalise", "assign", "acknowledge"])
@pytest.mark.parametrize(("status", "error"), [(422, ReceiverRefusedError), (500, TryAgainError), (200, TryAgainError)])
def test_what_a_party_says_of_a_failure_is_not_repeated(
    effects: dict[str, Effect], store: MemoryStore, step: str, status: int, error: type[SamdriftError]
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"key": "another", "error": "Carport hos Grete is wrong"})

    with pytest.raises(error) as raised:
        receiver(step, store, handle).deliver(KEY, effects[step].request)
    assert "Grete" not in raised.value.message
    assert str(status) in raised.value.message
    with pytest.raises(CannotTellError) as unknown:
        receiver(step, store, handle).find(KEY, effects[step].request)
    assert "Grete" not in unknown.value.message


@pytest.mark.parametrize("step", ["find_case", "journalise", "assign", "acknowledge"])
def test_only_key_and_numbers_of_an_answer_are_kept(effects: dict[str, Effect], store: MemoryStore, step: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        key = request.headers.get("Idempotency-Key") or request.url.path.rpartition("/")[2]
        return httpx.Response(200, json={"key": key, "found": True, "entry_id": "J1", "title": "Carport hos Grete"})

    peer = receiver(step, store, handle)
    for answer in (peer.deliver(KEY, effects[step].request), peer.find(KEY, effects[step].request)):
        assert answer is not None
        assert set(answer) == {"key", "entry_id"}


@pytest.mark.parametrize("step", ["find_case", "journalise", "acknowledge"])
def test_an_object_that_is_gone_is_a_refusal_and_nothing_is_sent(effects: dict[str, Effect], step: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise AssertionError("something was sent")

    with pytest.raises(ReceiverRefusedError):
        receiver(step, MemoryStore(), handle).deliver(KEY, effects[step].request)
