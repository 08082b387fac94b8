"""Handing on an exam before its time: a person knows that no more views will come."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from samdrift_mammography.tables import exams
from samdrift_platform import pseudonyms
from samdrift_platform.errors import ConflictError, NotFoundError
from samdrift_platform.ledger import audit


def hand_on(connection: sa.Connection, exam: str, *, actor: str, now: datetime) -> None:
    """Make a waiting exam due at `now`, complete or not; the audit chain says who did, and names the exam by pseudonym.

    Raises:
        NotFoundError: no image of that exam was received.
        ConflictError: it does not wait.
    """
    row = sa.select(exams.c.submitted_at).where(exams.c.exam == exam).with_for_update()
    found = connection.execute(row).first()
    if found is None:
        raise NotFoundError(f"No image of an exam {exam} was received here. Check the identifier.")
    if found.submitted_at is not None:
        raise ConflictError(f"Exam {exam} does not wait: it was handed on. Look for it on the worklist.")
    connection.execute(sa.update(exams).where(exams.c.exam == exam).values(due_at=now, trouble=None))
    event = audit.Event(actor=actor, action="exam.handed_on", subject=audit_subject(exam))
    audit.append(connection, [event], now=now)


def audit_subject(exam: str) -> str:
    """What the audit chain calls an exam: its study's identifier would lead from there to the woman in the PACS."""
    return f"exam:{pseudonyms.pseudonym('exam', exam)}"
