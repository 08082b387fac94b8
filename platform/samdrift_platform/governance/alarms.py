"""Alarms: what a person must look at, or has looked at; a fold over `alarm` and `settled`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from samdrift_registry.statements import Kind, Statement


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something that a person must look at, or has looked at."""

    #: Of the statement `alarm`.
    id: str
    #: "model:mammography-triage/3", "workload:mammography"
    subject: str
    #: "alias moved", "version deleted", "drift"
    code: str
    reason: str
    figures: Mapping[str, Any]
    raised_at: datetime
    raised_by: str
    #: The statement `settled`; None: open.
    settled: Statement | None = None


def alarms_in(statements: Iterable[Statement]) -> tuple[Alarm, ...]:
    """All alarms, the newest first."""
    told = list(statements)
    settled = {each.facts["statement"]: each for each in told if each.kind is Kind.SETTLED}
    raised = [_alarm(each, settled.get(each.id)) for each in told if each.kind is Kind.ALARM]
    return tuple(sorted(raised, key=lambda alarm: alarm.raised_at, reverse=True))


def _alarm(statement: Statement, settled: Statement | None) -> Alarm:
    facts = statement.facts
    return Alarm(
        id=statement.id,
        subject=statement.subject,
        code=facts["code"],
        reason=facts["reason"],
        figures=facts["figures"],
        raised_at=statement.made_at,
        raised_by=statement.made_by,
        settled=settled,
    )
