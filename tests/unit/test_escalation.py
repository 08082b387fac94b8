"""Decisions that wait for too long: told to the chain once, on top of the inbox, and one alarm for their workload."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from samdrift_platform.escalation import CODE, Escalation
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import audit, endings, inbox
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectState
from samdrift_testing import asking
from samdrift_testing.work import NOW

LATE = NOW + timedelta(hours=2)


@pytest.fixture
def governance(sqlite_ledger: Ledger, tmp_path: Path) -> Governance:
    made = Governance(sqlite_ledger, tmp_path)
    made.prepare([], now=NOW)
    return made


@pytest.fixture
def escalation(sqlite_ledger: Ledger, governance: Governance, tmp_path: Path) -> Escalation:
    return Escalation(sqlite_ledger, tmp_path)


def test_what_is_overdue_is_escalated_once(
    sqlite_ledger: Ledger, escalation: Escalation, governance: Governance
) -> None:
    item = asking.ask(sqlite_ledger)
    assert escalation.look(LATE - timedelta(seconds=1)) == 0
    assert escalation.look(LATE) == 1
    assert escalation.look(LATE + timedelta(days=1)) == 0
    with sqlite_ledger.read() as connection:
        (asked,) = inbox.waiting(connection)
        told = [event for event in audit.events_of(connection, f"item:{item}") if event.action == "question.escalated"]
    assert asked.escalated_at == LATE
    assert asked.is_overdue(LATE)
    assert [(event.actor, event.details["question"]) for event in told] == [("ledger", "pay")]
    (alarm,) = governance.alarms()
    assert (alarm.subject, alarm.code, alarm.figures) == ("workload:tallying", CODE, {"decisions": 1})


def test_while_an_alarm_is_open_no_other_is_raised(
    sqlite_ledger: Ledger, escalation: Escalation, governance: Governance
) -> None:
    asking.ask(sqlite_ledger, reference="one")
    escalation.look(LATE)
    asking.ask(sqlite_ledger, reference="two")
    assert escalation.look(LATE) == 1
    (alarm,) = governance.alarms()
    governance.settle(alarm.id, "decided them", "They were overlooked.", actor="operator", now=LATE)
    asking.ask(sqlite_ledger, reference="three")
    escalation.look(LATE)
    assert len(governance.alarms()) == 2


def test_nobody_is_chased_about_what_nobody_can_decide(sqlite_ledger: Ledger, escalation: Escalation) -> None:
    decided, cancelled = (asking.ask(sqlite_ledger, reference=name) for name in ("decided", "cancelled"))
    asking.decide(sqlite_ledger, decided, "no", why="Paid before.")
    with sqlite_ledger.write() as connection:
        endings.cancel(connection, cancelled, actor="olga", now=NOW)
    assert escalation.look(LATE) == 0


def test_an_effect_that_nobody_settles_is_escalated_after_a_day(sqlite_ledger: Ledger, escalation: Escalation) -> None:
    asking.stop(sqlite_ledger, EffectState.UNKNOWN)
    assert escalation.look(NOW + timedelta(hours=23)) == 0
    assert escalation.look(NOW + timedelta(hours=24)) == 1


def test_a_journal_that_does_not_hold_keeps_nothing_from_the_top_of_the_inbox(
    sqlite_ledger: Ledger, escalation: Escalation
) -> None:
    asking.ask(sqlite_ledger)
    with sqlite_ledger.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS statements_no_update")
        connection.exec_driver_sql("UPDATE statements SET document = replace(document, 'operator', 'mallory')")
    assert escalation.look(LATE) == 1
