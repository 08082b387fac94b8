"""Objections: people whose work items no model may see (GDPR, Article 21), held by pseudonym and workload.

An objection counts from the moment at which it is recorded: every claim looks here in its own transaction. What a
model decided before stays as it was decided; `concerned` lists it, for a person to look at. A withdrawn objection
stays as history.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from samdrift_platform.errors import InputError, NotFoundError
from samdrift_platform.ledger import audit, items
from samdrift_platform.ledger.database import take_turns
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.tables import objections, work_items

_PSEUDONYM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Objection:
    """One objection, standing or withdrawn."""

    id: UUID
    workload: str
    #: The person's pseudonym.
    subject: str
    #: Sign-in subject of who wrote it down.
    recorded_by: str
    recorded_at: datetime
    withdrawn_by: str | None = None
    #: None: it stands.
    withdrawn_at: datetime | None = None


def check_pseudonym(subject: str) -> None:
    """Return for a pseudonym. Anything else is an InputError that does not quote it: it may be a person's number."""
    if not _PSEUDONYM.fullmatch(subject):
        raise InputError(
            "A subject is a pseudonym of 64 hex digits (`samdrift_platform.pseudonyms`), never a person's own number.",
            field="subject",
        )


def record(
    connection: sa.Connection, workload: str, subject: str, *, actor: str, now: datetime
) -> tuple[Objection, bool]:
    """Let no model see items of `workload` about `subject` from now on; the objection, and whether it is new.

    Raises:
        InputError: `subject` is no pseudonym.
    """
    check_pseudonym(subject)
    take_turns(connection, f"objections to {workload}")
    if known := _standing(connection, workload, subject):
        return known, False
    new = Objection(id=uuid4(), workload=workload, subject=subject, recorded_by=actor, recorded_at=now)
    connection.execute(sa.insert(objections).values(**asdict(new)))
    _tell(connection, "objection.recorded", new.id, workload, actor, now)
    return new, True


def withdraw(connection: sa.Connection, workload: str, subject: str, *, actor: str, now: datetime) -> Objection:
    """Let models see items of `workload` about `subject` again; what was read by people meanwhile stays.

    Raises:
        InputError: `subject` is no pseudonym.
        NotFoundError: no objection stands.
    """
    check_pseudonym(subject)
    take_turns(connection, f"objections to {workload}")
    known = _standing(connection, workload, subject)
    if known is None:
        raise NotFoundError(f"No objection of this person against {workload} stands. Check number and workload.")
    ended = {"withdrawn_by": actor, "withdrawn_at": now}
    connection.execute(sa.update(objections).where(objections.c.id == known.id).values(**ended))
    _tell(connection, "objection.withdrawn", known.id, workload, actor, now)
    return _read(connection, objections.c.id == known.id)[0]


def standing(connection: sa.Connection, workload: str, subjects: Collection[str]) -> set[str]:
    """Those of `subjects` (pseudonyms) whose objection to `workload` stands."""
    if not subjects:
        return set()
    query = sa.select(objections.c.subject).where(
        objections.c.workload == workload,
        objections.c.subject.in_(list(subjects)),
        objections.c.withdrawn_at.is_(None),
    )
    return set(connection.execute(query).scalars())


def history(connection: sa.Connection, workload: str, subject: str) -> list[Objection]:
    """All objections of a person to a workload, oldest first."""
    return _read(connection, objections.c.workload == workload, objections.c.subject == subject)


def counts(connection: sa.Connection) -> dict[str, int]:
    """Workload -> objections that stand."""
    query = sa.select(objections.c.workload, sa.func.count()).where(objections.c.withdrawn_at.is_(None))
    return {name: number for name, number in connection.execute(query.group_by(objections.c.workload))}  # noqa: C416 - rows are no pairs to mypy


def concerned(connection: sa.Connection, workload: str, subject: str, *, limit: int = 200) -> list[WorkItem]:
    """The newest items of `workload` about the person, newest first; of those that a model decided `models` says so."""
    query = sa.select(work_items).where(work_items.c.workload == workload, work_items.c.subject == subject)
    rows = connection.execute(query.order_by(work_items.c.seq.desc()).limit(limit)).mappings()
    return [items.from_row(row) for row in rows]


def _standing(connection: sa.Connection, workload: str, subject: str) -> Objection | None:
    mine = sa.and_(objections.c.workload == workload, objections.c.subject == subject)
    return next(iter(_read(connection, mine, objections.c.withdrawn_at.is_(None))), None)


def _read(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Objection]:
    columns = [objections.c[field.name] for field in fields(Objection)]
    rows = connection.execute(sa.select(*columns).where(*which).order_by(objections.c.seq)).mappings()
    return [Objection(**row) for row in rows]


def _tell(connection: sa.Connection, action: str, identifier: UUID, workload: str, actor: str, now: datetime) -> None:
    """Chain what happened under the objection's own random identifier: the chain never forgets, so it names nobody."""
    event = audit.Event(actor=actor, action=action, subject=f"objection:{identifier}", details={"workload": workload})
    audit.append(connection, [event], now=now)
