"""Objections over HTTP: by a person's own number or pseudonym, and the number stays nowhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import structlog

from samdrift_platform.contract import Item, Outcome, Priority, Verdict
from samdrift_platform.ledger import endings, queue, submissions
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.pseudonyms import pseudonym
from samdrift_testing.control import Control
from samdrift_testing.work import TALLY, request

#: Published as fictitious.
NUMBER = "2512489996"
BODY = {"workload": "tallying", "identifier": NUMBER}


@pytest.fixture(autouse=True)
def people(plane: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workload's items are about people."""
    monkeypatch.setattr(plane.app.state.workloads["tallying"], "subject_kind", "cpr", raising=False)


@pytest.fixture
def subject(plane: Control) -> str:
    return pseudonym("cpr", NUMBER, home=plane.settings.home)


def decided(plane: Control, subject: str) -> None:
    now = datetime.now(UTC)
    with plane.ledger.write() as connection:
        items = [Item(reference="hers", payload={"number": 1}, subject=subject)]
        submissions.submit(connection, request("S", items, priority=Priority.OPERATIONAL), now=now)
        lease = timedelta(seconds=9)
        (claim,) = queue.claim(connection, workload="tallying", worker="w", limit=1, lease=lease, now=now)
        outcome = Outcome(reference=claim.reference, verdict=Verdict.DONE)
        done = Completion(outcome=outcome, decided_by=[TALLY])
        endings.complete(connection, "tallying", [(claim, done)], now=now)


def test_an_objection_is_recorded_once_and_lists_what_a_model_decided_before(
    plane: Control, http: httpx.Client, subject: str
) -> None:
    decided(plane, subject)
    first, again = http.post("/v1/objections", json=BODY), http.post("/v1/objections", json=BODY)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["subject"], first.json()["recorded_by"]) == (subject, "operator")
    (item,) = first.json()["items"]
    assert (item["reference"], item["state"], item["decided_by_model"]) == ("hers", "done", True)
    assert http.get("/v1/objections").json() == {"standing": {"tallying": 1}}


def test_a_number_may_be_written_with_its_hyphen_and_withdrawn_by_pseudonym(http: httpx.Client, subject: str) -> None:
    http.post("/v1/objections", json={**BODY, "identifier": "251248-9996"})
    ended = http.post("/v1/objections/withdraw", json={"workload": "tallying", "subject": subject})
    assert (ended.status_code, ended.json()["withdrawn_by"]) == (200, "operator")
    found = http.get(f"/v1/objections/{subject}", params={"workload": "tallying"}).json()
    assert [each["withdrawn_by"] for each in found["objections"]] == ["operator"]
    assert http.post("/v1/objections/withdraw", json=BODY).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"workload": "tallying"},
        {**BODY, "subject": "ab" * 32},
        {"workload": "tallying", "subject": NUMBER},
        {"workload": "tallying", "identifier": ""},
        {**BODY, "identifier": [NUMBER]},
        {**BODY, "reason": NUMBER},
    ],
)
def test_what_is_wrong_is_said_without_quoting_the_person(body: dict[str, object], http: httpx.Client) -> None:
    answer = http.post("/v1/objections", json=body)
    assert answer.status_code == 422
    assert NUMBER not in answer.text


def test_a_workload_that_is_about_nobody_cannot_be_objected_to(
    plane: Control, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(plane.app.state.workloads["tallying"], "subject_kind")
    answer = http.post("/v1/objections", json=BODY)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:samdrift:problem:nobody-concerned")
    assert http.post("/v1/objections", json={**BODY, "workload": "unknown"}).status_code == 404


def test_the_number_is_kept_nowhere(plane: Control, http: httpx.Client) -> None:
    with structlog.testing.capture_logs() as logged:
        http.post("/v1/objections", json=BODY)
        http.post("/v1/objections/withdraw", json=BODY)
    assert NUMBER not in json.dumps(logged, default=str)
    kept = [path.read_bytes() for path in plane.settings.home.rglob("*") if path.is_file()]
    assert kept
    assert not any(NUMBER.encode() in data for data in kept)
