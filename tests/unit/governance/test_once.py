"""An act that is done again after a kill is stated once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from samdrift_registry.deployments import Slot
from samdrift_registry.statements import Statement
from samdrift_testing.governing import FACTS, MODEL, PEOPLE, POLICY, Office, policy, report

Act = Callable[[Office], Statement]


def _evaluated(office: Office) -> Statement:
    made = report(office.home)
    return office.governance.evaluated(MODEL, 1, made, policy=POLICY, evidence="own", now=office.now)


def _registered(office: Office) -> Statement:
    digest = str(office.governance.standing(MODEL, 1).digest)
    return office.governance.register(MODEL, 1, digest, run_id="run", registered_by="dora", now=office.now)


def _approved(office: Office) -> Statement:
    return office.governance.approve(MODEL, 1, PEOPLE["tim"], office.seen(), actor="tim", now=office.now)


ACTS: dict[str, Act] = {
    "registered": _registered,
    "evaluated": _evaluated,
    "declared": lambda office: office.governance.declare(MODEL, 1, FACTS, actor="dora", now=office.now),
    "approved": _approved,
    "promoted": lambda office: office.governance.promote(MODEL, 1, "good", actor="operator", now=office.now),
    "rolled back": lambda office: office.governance.rollback(MODEL, "bad", to=1, actor="operator", now=office.now),
    "stopped": lambda office: office.governance.stop("guessing", "smoke", actor="anyone", now=office.now),
    "adopted": lambda office: office.governance.adopt(policy(), actor="operator", now=office.now),
    "appointed": lambda office: office.governance.appoint("eve", ["auditor"], actor="operator", now=office.now),  # type: ignore[list-item] # as JSON says it
    "alarm": lambda office: office.governance.alarm(
        "model:oracle/1", "drift", "PSI 0.4", {"psi": 0.4}, actor="watch", now=office.now
    ),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_done_again_it_is_stated_once(office: Office, act: Act) -> None:
    office.serve()
    first = act(office)
    before = len(office.governance._told())
    assert act(office) == first
    assert len(office.governance._told()) == before


def test_refused_again_for_the_same_reason(office: Office) -> None:
    refused = [office.governance.refuse(MODEL, 1, "too large", now=office.now) for _ in range(2)]
    assert refused[0] == refused[1]


def test_shadow_and_canary_again(office: Office) -> None:
    office.serve()
    office.approved(2)
    for _ in range(2):
        office.governance.shadow(MODEL, 2, "compare", actor="operator", now=office.now)
    for _ in range(2):
        office.governance.canary(MODEL, 2, 0.5, "share", actor="operator", now=office.now)
    kinds = [str(each.kind) for each in office.governance.statements(MODEL, 2) if "slot" in each.facts]
    assert kinds == ["deployed", "deployed", "cleared"]
    assert office.governance.deployments()[MODEL, Slot.CANARY].version == 2


def test_an_alarm_that_was_settled_is_raised_again(office: Office) -> None:
    first = ACTS["alarm"](office)
    office.governance.settle(first.id, "false alarm", "a holiday", actor="clara", now=office.now)
    assert ACTS["alarm"](office) != first
    assert [alarm.settled is None for alarm in office.governance.alarms()] == [True, False]
