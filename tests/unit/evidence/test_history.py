from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from samdrift_platform.evidence.history import History, history
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import VersionUnknownError
from samdrift_testing.governing import MODEL, Office
from samdrift_testing.work import NOW

HOUR = timedelta(hours=1)


def seen(office: Office) -> History:
    with office.ledger.read() as connection:
        return history(connection, office.home, MODEL, workloads=["tallying"])


def test_intervals_tell_what_served_between_which_instants(office: Office) -> None:
    office.serve(1)
    office.now = NOW + HOUR
    office.approved(2)
    office.governance.shadow(MODEL, 2, "look at it", actor="operator", now=office.now)
    office.now = NOW + 2 * HOUR
    office.governance.promote(MODEL, 2, "better", actor="operator", now=office.now)
    office.now = NOW + 3 * HOUR
    office.governance.rollback(MODEL, "worse after all", actor="operator", now=office.now)
    found = seen(office)
    champions = [each for each in found.serving if each.slot is Slot.CHAMPION]
    assert [each.version for each in champions] == [1, 2, 1]
    assert [each.until for each in champions] == [champions[1].since, champions[2].since, None]
    (shadow,) = (each for each in found.serving if each.slot is Slot.SHADOW)
    assert (shadow.version, shadow.since >= NOW + HOUR) == (2, True)
    assert shadow.until is not None
    assert shadow.until <= NOW + 2 * HOUR + timedelta(seconds=1)
    assert [each.version for each in found.serving_at(NOW + 2.5 * HOUR)] == [2]
    assert champions[2].reason == "worse after all"


def test_entries_tell_who_did_what_when(office: Office) -> None:
    office.serve(1)
    entries = seen(office).entries
    assert [(entry.who, str(entry.what), entry.version) for entry in entries] == [
        ("registry", "registered", 1),
        ("evaluator", "evaluated", 1),
        ("dora", "declared", 1),
        ("clara", "approved", 1),
        ("tim", "approved", 1),
        ("operator", "deployed", 1),
    ]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert "passed policy guessing/1" in entries[1].told
    assert entries[-1].told == "as champion: good enough"


def test_a_stop_of_the_workload_belongs_to_the_history(office: Office) -> None:
    office.serve(1)
    office.governance.stop("tallying", "odd numbers", actor="clara", now=NOW + HOUR)
    office.governance.resume("tallying", "mended", actor="operator", now=NOW + 2 * HOUR)
    office.governance.stop("tallying", "again", actor="clara", now=NOW + 3 * HOUR)
    first, second = seen(office).pauses
    assert (first.by, first.reason, first.since, first.until) == (
        "clara",
        "odd numbers",
        NOW + HOUR,
        NOW + 2 * HOUR,
    )
    assert second.until is None


def test_a_model_of_which_nothing_was_stated_has_no_history(office: Office) -> None:
    with office.ledger.read() as connection, pytest.raises(VersionUnknownError):
        history(connection, office.home, "nobody", workloads=["tallying"])


def test_every_act_is_told_in_a_line(office: Office) -> None:
    office.serve(1)
    office.approved(2)
    act: dict[str, Any] = {"actor": "operator", "now": NOW + HOUR}
    office.governance.shadow(MODEL, 2, "look", **act)
    office.governance.canary(MODEL, 2, 0.1, "try", **act)
    office.governance.clear(MODEL, Slot.CANARY, "odd", **act)
    office.governance.withdraw(MODEL, 2, "second thoughts", actor="tim", now=NOW + HOUR)
    raised = office.governance.alarm(f"model:{MODEL}/2", "drift", "moved", {}, actor="watch", now=NOW + HOUR)
    office.governance.settle(raised.id, "nothing", "a holiday", **act)
    office.register(3)
    office.evaluate(3, low=0.1)
    office.governance.retire(MODEL, 3, "not good enough", **act)
    office.governance.refuse(MODEL, 4, "a pickle", now=NOW + HOUR)
    told = [(str(entry.what), entry.told) for entry in seen(office).entries]
    assert [what for what, text in told if not text or "\n" in text] == []
    assert ("deployed", "as canary for 10% of the items: try") in told
    assert ("cleared", "nothing serves as canary: odd") in told
    assert ("alarm", "drift: moved") in told
    assert ("settled", "nothing: a holiday") in told
    assert ("refused", "a pickle") in told
    assert any("stopped by policy guessing/1: accuracy" in text for _, text in told)
