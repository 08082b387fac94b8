"""What became of one received image: its exam, the items that hold it, and what else came under its identifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_mammography import tables
from samdrift_mammography.intake.assembling import ACTOR, WORKLOAD
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import items
from samdrift_platform.ledger.tables import submissions


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A file that was kept aside."""

    object: str
    #: Why, as a code of `reasons`.
    code: str
    source: str
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The exam of an image, as it is put together."""

    exam: str
    #: When it is handed on, or was due to be.
    due_at: datetime
    #: None: it waits for views.
    submitted_at: datetime | None
    #: Why it could not be handed on when it was last tried.
    trouble: str | None


@dataclass(frozen=True, kw_only=True)
class HeldBy:
    """An item of the newest submission of the exam."""

    item_id: UUID
    state: str
    #: For a person.
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Fate:
    """All that is known of one SOP Instance UID."""

    sop_instance_uid: str
    #: The bytes that belong to an exam; None when everything under this identifier was set aside.
    object: str | None = None
    view: str | None = None
    #: Why it cannot be scored, as codes of `reasons`.
    problems: Sequence[str] = ()
    source: str | None = None
    received_at: datetime | None = None
    exam: Opened | None = None
    items: Sequence[HeldBy] = ()
    set_aside: Sequence[SetAside] = ()


def of(connection: sa.Connection, sop_instance_uid: str) -> Fate:
    """What became of the image of that identifier; NotFoundError when nothing of it was received."""
    aside = _set_aside(connection, sop_instance_uid)
    query = sa.select(tables.images).where(tables.images.c.sop_instance_uid == sop_instance_uid)
    image = connection.execute(query).mappings().first()
    if image is not None:
        return _taken(connection, image, aside)
    if aside:
        return Fate(sop_instance_uid=sop_instance_uid, set_aside=aside)
    raise NotFoundError(f"No image {sop_instance_uid} was received here. Check the identifier, or send it.")


def _taken(connection: sa.Connection, image: Mapping[Any, Any], aside: Sequence[SetAside]) -> Fate:
    row = connection.execute(sa.select(tables.exams).where(tables.exams.c.exam == image["exam"])).mappings().one()
    names = ("sop_instance_uid", "object", "view", "problems", "source", "received_at")
    return Fate(
        **{name: image[name] for name in names},
        exam=Opened(**{name: row[name] for name in Opened.__dataclass_fields__}),
        items=_items(connection, row["submission"]),
        set_aside=aside,
    )


def _set_aside(connection: sa.Connection, sop_instance_uid: str) -> list[SetAside]:
    columns = [tables.quarantine.c[name] for name in SetAside.__dataclass_fields__]
    query = sa.select(*columns).where(tables.quarantine.c.sop_instance_uid == sop_instance_uid)
    return [SetAside(**row) for row in connection.execute(query.order_by(tables.quarantine.c.seq)).mappings()]


def _items(connection: sa.Connection, submission: str | None) -> list[HeldBy]:
    held = sa.select(submissions.c.id).where(
        submissions.c.workload == WORKLOAD, submissions.c.reference == submission, submissions.c.submitted_by == ACTOR
    )
    identifier = None if submission is None else connection.execute(held).scalar_one_or_none()
    if identifier is None:
        return []
    found = items.find(connection, submission_id=identifier)
    return [HeldBy(item_id=item.id, state=str(item.state), reason=item.reason) for item in found]
