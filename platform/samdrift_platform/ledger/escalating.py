"""Questions that wait for longer than they may: found once, told to the audit chain, and put on top of the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger import audit
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.tables import questions, work_items


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """An open question whose time is over."""

    item_id: UUID
    workload: str
    code: str
    due: datetime


def overdue(connection: sa.Connection, *, now: datetime) -> list[Overdue]:
    """Questions to be escalated: open, overdue, and not escalated before."""
    columns = (questions.c.item_id, work_items.c.workload, questions.c.code, questions.c.due)
    query = sa.select(*columns).select_from(questions.join(work_items, work_items.c.id == questions.c.item_id))
    query = query.where(*_TO_ESCALATE, questions.c.due <= now).order_by(questions.c.due, questions.c.seq)
    return [Overdue(item_id=i, workload=w, code=c, due=d) for i, w, c, d in connection.execute(query)]


def escalate(connection: sa.Connection, found: list[Overdue], *, now: datetime) -> int:
    """Mark them as escalated, each with an audit event; how many still had to be."""
    events = []
    for each in found:
        this = sa.and_(questions.c.item_id == each.item_id, questions.c.code == each.code)
        mark = sa.update(questions).where(this, questions.c.closed_at.is_(None), questions.c.escalated_at.is_(None))
        if connection.execute(mark.values(escalated_at=now)).rowcount:
            told = {"question": each.code, "due": each.due.isoformat()}
            subject = f"item:{each.item_id}"
            events.append(audit.Event(actor="ledger", action="question.escalated", subject=subject, details=told))
    audit.append(connection, events, now=now)
    return len(events)


_TO_ESCALATE = (
    questions.c.closed_at.is_(None),
    questions.c.escalated_at.is_(None),
    work_items.c.state == ItemState.WAITING_FOR_PERSON,
)
