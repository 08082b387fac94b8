from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from samdrift_platform.contract import Benefit, Effect, Outcome, Verdict
from samdrift_platform.ledger import audit, effects, endings, queue
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.queue import MOST_ATTEMPTS, Claim
from samdrift_registry.deployments import Deployment, Slot
from samdrift_testing.control import Control
from samdrift_testing.tallying import document

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEASE = timedelta(seconds=15)
COUNTER = Deployment(
    model="counter",
    version=3,
    digest="sha256:" + "0" * 64,
    slot=Slot.CHAMPION,
    share=1.0,
    reason="counts",
    made_by="operator",
    made_at=NOW,
    statement="sha256:" + "1" * 64,
)
SAVED = Benefit(measure="time", quantity=2.5, unit="min", method="stopwatch, n = 12")


def submit(http: httpx.Client, *numbers: int) -> None:
    body = {"reference": str(uuid4()), "document": document(*numbers)}
    assert http.post("/v1/workloads/tallying/submissions", json=body).status_code == 202


def claim(plane: Control) -> Claim:
    at = datetime.now(UTC) + timedelta(hours=1)
    with plane.ledger.write() as connection:
        (claimed,) = queue.claim(connection, workload="tallying", worker="w", limit=1, lease=LEASE, now=at)
    return claimed


def complete(plane: Control, claimed: Claim, *planned: Effect) -> None:
    outcome = Outcome(reference=claimed.reference, verdict=Verdict.DONE, result={"doubled": 2}, reason="counted")
    completion = Completion(outcome=outcome, effects=planned, saved=[SAVED], decided_by=[COUNTER])
    with plane.ledger.write() as connection:
        assert not endings.complete(connection, "tallying", [(claimed, completion)], now=NOW)


def only_item(http: httpx.Client) -> dict[str, Any]:
    (item,) = http.get("/v1/items").json()["items"]
    found: dict[str, Any] = http.get(f"/v1/items/{item['id']}").json()
    assert {name: found[name] for name in item} == item, "the list and the item say the same"
    return found


def test_an_item_shows_what_came_in_and_out_and_which_models_decided(plane: Control, http: httpx.Client) -> None:
    submit(http, 1)
    complete(plane, claim(plane))
    item = only_item(http)
    assert item["state"] == "done"
    assert item["priority"] == "operational"
    assert item["payload"] == {"number": 1}
    assert item["result"] == {"doubled": 2}
    assert item["reason"] == "counted"
    assert item["models"] == {"counter": "3@sha256:" + "0" * 64}
    assert item["attempt"] == 1
    assert datetime.fromisoformat(item["finished_at"]) == NOW
    assert item["deadline"] is None


def test_an_item_shows_its_effects_in_order_and_its_audit_events(plane: Control, http: httpx.Client) -> None:
    submit(http, 1)
    steps = [Effect(step="post", receiver="erp", request={"n": 1}), Effect(step="tell", receiver="mail", request={})]
    complete(plane, claim(plane), *steps)
    with plane.ledger.write() as connection:
        (effect,) = effects.claim(connection, ["tallying"], limit=9, lease=LEASE, now=NOW)
        effects.delivered(connection, effect, {"voucher": 7}, now=NOW)
    item = only_item(http)
    assert item["state"] == "running"
    assert [(one["step"], one["state"], one["answer"]) for one in item["effects"]] == [
        ("post", "delivered", {"voucher": 7}),
        ("tell", "planned", None),
    ]
    assert item["effects"][0]["key"] == str(endings.effect_key("tallying", "demo", "1", "post"))
    with plane.ledger.read() as connection:
        chain = [event for event in audit.latest(connection) if event.subject == f"item:{item['id']}"]
    assert [event["hash"] for event in item["audit"]] == [event.hash for event in reversed(chain)]
    assert item["audit"][-1]["action"] == "effect.delivered"


def test_items_are_filtered_by_workload_and_state(plane: Control, http: httpx.Client) -> None:
    submit(http, 1, 2, 3)
    complete(plane, claim(plane))

    def references(**params: Any) -> list[str]:
        return [item["reference"] for item in http.get("/v1/items", params=params).json()["items"]]

    assert references() == ["1", "2", "3"]
    assert references(state="queued") == ["2", "3"]
    assert references(state=["queued", "done"], limit=2, offset=1) == ["2", "3"]
    assert references(workload="other") == []


def test_an_item_can_be_cancelled_once_and_not_after_it_has_ended(plane: Control, http: httpx.Client) -> None:
    submit(http, 1)
    address = f"/v1/items/{only_item(http)['id']}/cancel"
    assert http.post(address).json()["state"] == "cancelled"
    again = http.post(address)
    assert again.status_code == 409
    assert "has ended" in again.json()["detail"]
    assert only_item(http)["audit"][-1]["actor"] == "operator"


def test_cancelling_withdraws_effects_of_which_nothing_was_seen(plane: Control, http: httpx.Client) -> None:
    submit(http, 1)
    complete(plane, claim(plane), Effect(step="post", receiver="erp", request={}))
    http.post(f"/v1/items/{only_item(http)['id']}/cancel")
    assert [effect["state"] for effect in only_item(http)["effects"]] == ["withdrawn"]


def test_an_item_that_was_partly_seen_outside_cannot_be_cancelled(plane: Control, http: httpx.Client) -> None:
    submit(http, 1)
    complete(plane, claim(plane), Effect(step="post", receiver="erp", request={}))
    with plane.ledger.write() as connection:
        effects.claim(connection, ["tallying"], limit=1, lease=LEASE, now=NOW)
    item = only_item(http)
    assert http.post(f"/v1/items/{item['id']}/cancel").status_code == 409
    withdrawn = http.post(f"/v1/submissions/{item['submission_id']}/cancel").json()
    assert withdrawn["cancelled"] == 0
    assert only_item(http)["effects"][0]["state"] == "planned"


def test_only_a_failed_item_can_be_retried(plane: Control, http: httpx.Client) -> None:
    submit(http, 1)
    address = f"/v1/items/{only_item(http)['id']}/retry"
    refused = http.post(address)
    assert refused.status_code == 409
    assert "Only failed items" in refused.json()["detail"]
    for _ in range(MOST_ATTEMPTS):
        claimed = claim(plane)
        with plane.ledger.write() as connection:
            endings.fail(connection, [claimed], "the disk was full", now=datetime.now(UTC))
    failed = only_item(http)
    assert (failed["state"], failed["reason"]) == ("failed", "the disk was full")
    retried = http.post(address).json()
    assert (retried["state"], retried["attempt"], retried["reason"]) == ("queued", 0, None)


@pytest.mark.parametrize("priority", ["clinical", "operational", "administrative", "background"])
def test_the_class_is_said_in_words(plane: Control, http: httpx.Client, priority: str) -> None:
    from samdrift_platform.contract import Priority

    plane.app.state.workloads["tallying"].priority = Priority[priority.upper()]
    submit(http, 1)
    assert only_item(http)["priority"] == priority
    assert http.get("/v1/workloads/tallying").json()["priority"] == priority


def test_benefits_are_summed_with_their_method(plane: Control, http: httpx.Client) -> None:
    assert http.get("/v1/benefits").json() == {"benefits": []}
    submit(http, 1, 2)
    complete(plane, claim(plane))
    complete(plane, claim(plane))
    assert http.get("/v1/benefits").json()["benefits"] == [
        {
            "workload": "tallying",
            "kind": "saved",
            "measure": "time",
            "quantity": 5.0,
            "unit": "min",
            "method": SAVED.method,
            "items": 2,
        }
    ]
