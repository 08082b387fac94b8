"""Exams of which images are here and which are not yet handed on, and files in quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from samdrift_mammography import tables
from samdrift_mammography.views import View


@dataclass(frozen=True, kw_only=True)
class WaitingExam:
    """An exam that waits for views."""

    exam: str
    #: Standard views that are here and can be scored, and those that are missing, in hanging order.
    here: Sequence[View]
    missing: Sequence[View]
    #: Images that are here, extra ones and those with problems too.
    images: int
    #: Where they came from, the first source first.
    sources: Sequence[str]
    first_received_at: datetime
    last_received_at: datetime
    #: Complete or not, it is handed on then.
    due_at: datetime
    #: Why it could not be handed on when it was last tried; "" otherwise.
    trouble: str


@dataclass(frozen=True, kw_only=True)
class QuarantinedFile:
    """A file that was kept aside."""

    object: str
    code: str
    source: str
    received_at: datetime


def number(connection: sa.Connection) -> int:
    """How many exams wait for views."""
    query = sa.select(sa.func.count()).select_from(tables.exams).where(tables.exams.c.submitted_at.is_(None))
    return connection.execute(query).scalar_one()


def exams(connection: sa.Connection, *, limit: int) -> list[WaitingExam]:
    """Exams that wait for views, the next to be handed on first."""
    query = sa.select(tables.exams).where(tables.exams.c.submitted_at.is_(None)).order_by(tables.exams.c.due_at)
    found = connection.execute(query.limit(limit)).mappings().all()
    images = _images(connection, [row["exam"] for row in found])
    return [_waiting(row, images.get(row["exam"], [])) for row in found]


def quarantined(connection: sa.Connection) -> Mapping[str, int]:
    """Code -> number of files in quarantine, the most frequent first."""
    many = sa.func.count().label("many")
    query = sa.select(tables.quarantine.c.code, many).group_by(tables.quarantine.c.code)
    return dict(connection.execute(query.order_by(many.desc(), tables.quarantine.c.code)).all())


def quarantined_files(connection: sa.Connection, *, limit: int, below: int | None) -> list[tuple[int, QuarantinedFile]]:
    """Row number and file, newest first; those with a lower number than `below`, if it is given."""
    query = sa.select(tables.quarantine).order_by(tables.quarantine.c.seq.desc()).limit(limit)
    if below is not None:
        query = query.where(tables.quarantine.c.seq < below)
    return [
        (row["seq"], QuarantinedFile(**{name: row[name] for name in QuarantinedFile.__dataclass_fields__}))
        for row in connection.execute(query).mappings()
    ]


def _images(connection: sa.Connection, exams_: Sequence[str]) -> dict[str, list[sa.RowMapping]]:
    """Exam -> its images in the order in which they came."""
    columns = [tables.images.c[name] for name in ("exam", "view", "problems", "source")]
    query = sa.select(*columns).where(tables.images.c.exam.in_(exams_)).order_by(tables.images.c.seq)
    found: dict[str, list[sa.RowMapping]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["exam"], []).append(row)
    return found


def _waiting(row: sa.RowMapping, images: Sequence[sa.RowMapping]) -> WaitingExam:
    here = {image["view"] for image in images if image["view"] and not image["problems"]}
    return WaitingExam(
        exam=row["exam"],
        here=[view for view in View if view in here],
        missing=[view for view in View if view not in here],
        images=len(images),
        sources=list(dict.fromkeys(image["source"] for image in images)),
        first_received_at=row["first_received_at"],
        last_received_at=row["last_received_at"],
        due_at=row["due_at"],
        trouble=row["trouble"] or "",
    )
