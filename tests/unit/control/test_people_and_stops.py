"""People, the kill switch, alarms, replay and delayed truth over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from samdrift_platform.contract import Outcome, Verdict
from samdrift_platform.ledger import endings, queue
from samdrift_platform.ledger.endings import Completion
from samdrift_testing.control import Control
from samdrift_testing.governing import Office, opened
from samdrift_testing.tallying import document


@pytest.fixture
def office(plane: Control) -> Office:
    return opened(plane.ledger, plane.settings.home)


def decided(plane: Control, http: httpx.Client) -> str:
    """An item that was decided; its id."""
    http.post("/v1/workloads/tallying/submissions", json={"reference": "monday", "document": document(7)})
    now = datetime.now(UTC)
    with plane.ledger.write() as connection:
        (claim,) = queue.claim(
            connection, workload="tallying", worker="w", limit=1, lease=timedelta(seconds=9), now=now
        )
        done = Completion(outcome=Outcome(reference=claim.reference, verdict=Verdict.DONE, result={"number": 14}))
        endings.complete(connection, "tallying", [(claim, done)], now=now)
    return str(http.get("/v1/items").json()["items"][0]["id"])


def test_people_are_appointed_and_listed_by_name(http: httpx.Client, office: Office) -> None:
    answer = http.put("/v1/people/karen", json={"roles": ["domain", "auditor"], "known_as": ["kn"]})
    assert answer.json() == {"subject": "karen", "roles": ["auditor", "domain"], "known_as": ["kn"], "units": []}
    people = http.get("/v1/people").json()["people"]
    assert [one["subject"] for one in people] == ["clara", "dora", "karen", "operator", "tim"]
    assert http.put("/v1/people/karen", json={"roles": []}).json()["roles"] == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/people/karen", {"roles": ["king"]}, 422),
        ("/v1/people/karen", {}, 422),
        ("/v1/people/karen", {"roles": ["domain"], "units": ["a,b"]}, 422),
        ("/v1/people/samdrift", {"roles": ["operator"]}, 403),
        ("/v1/people/operator", {"roles": ["operator", "technical"]}, 403),
        ("/v1/people/a%20b", {"roles": []}, 422),
    ],
)
def test_appointments_that_are_refused(
    http: httpx.Client, office: Office, path: str, body: dict[str, object], status: int
) -> None:
    assert http.put(path, json=body).status_code == status


def test_the_kill_switch_and_back(http: httpx.Client, office: Office) -> None:
    stopped = http.post("/v1/workloads/tallying/stop", json={"reason": "It counts wrong."})
    assert (stopped.status_code, stopped.json()["stopped"]["reason"]) == (200, "It counts wrong.")
    assert http.get("/v1/workloads").json()["workloads"][0]["stopped"]["by"] == "operator"
    resumed = http.post("/v1/workloads/tallying/resume", json={"reason": "It counts right."})
    assert resumed.json()["stopped"] is None
    assert http.post("/v1/workloads/tallying/resume", json={"reason": "again"}).status_code == 409
    assert http.post("/v1/workloads/none/stop", json={"reason": "x"}).status_code == 404
    assert http.post("/v1/workloads/tallying/stop", json={"reason": "  "}).status_code == 422


def test_alarms_are_listed_and_settled_once(http: httpx.Client, office: Office) -> None:
    raised = office.governance.alarm(
        "workload:tallying", "drift", "Other numbers than usual.", {"psi": 0.31}, actor="watch", now=office.now
    )
    (found,) = http.get("/v1/alarms", params={"open_only": True}).json()["alarms"]
    assert (found["id"], found["figures"], found["settled"]) == (raised.id, {"psi": 0.31}, None)
    body = {"decision": "nothing to do", "reason": "It was Sunday."}
    settled = http.post(f"/v1/alarms/{raised.id}/settle", json=body)
    assert settled.json()["settled"]["by"] == "operator"
    assert http.get("/v1/alarms", params={"open_only": True}).json() == {"alarms": []}
    assert len(http.get("/v1/alarms").json()["alarms"]) == 1
    assert http.post(f"/v1/alarms/{raised.id}/settle", json=body).status_code == 409
    assert http.post("/v1/alarms/none/settle", json=body).status_code == 404


def test_one_decision_is_replayed_end_to_end(plane: Control, http: httpx.Client) -> None:
    item = decided(plane, http)
    found = http.get(f"/v1/audit/items/{item}").json()
    assert found["mismatches"] == []
    assert (found["item"]["id"], found["submission"]["reference"]) == (item, "monday")
    assert found["input"]["matches"] is True
    assert found["result"]["matches"] is True
    assert [event["action"] for event in found["events"]][-1] == "item.done"
    assert http.get("/v1/audit/items/0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10").status_code == 404


def test_records_of_use_as_csv_and_lines(plane: Control, http: httpx.Client) -> None:
    item = decided(plane, http)
    table = http.get("/v1/audit/records").text.splitlines()
    assert len(table) == 2
    assert item in table[1]
    lines = http.get("/v1/audit/records", params={"format": "jsonl", "workload": "tallying"}).text.splitlines()
    assert [json.loads(line)["item"] for line in lines] == [item]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert len(http.get("/v1/audit/records", params={"since": tomorrow}).text.splitlines()) == 1
    assert http.get("/v1/audit/records", params={"since": "2026-11-24T06:00:00"}).status_code == 422


def test_delayed_truth_is_kept(plane: Control, http: httpx.Client) -> None:
    item = decided(plane, http)
    body = {"name": "fields", "value": 1, "source": "recount", "observed_at": "2026-11-24T06:00:00Z"}
    answer = http.post(f"/v1/items/{item}/truth", json=body)
    assert (answer.status_code, answer.json()["recorded_by"]) == (201, "operator")
    assert http.get(f"/v1/audit/items/{item}").json()["truths"] == {"fields": 1.0}
    for wrong in ({"value": "NaN"}, {"observed_at": "2026-11-24T06:00:00"}, {"name": "a\0b"}, {"more": 1}):
        assert http.post(f"/v1/items/{item}/truth", json=body | wrong).status_code == 422
