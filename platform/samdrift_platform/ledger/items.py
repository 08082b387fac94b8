"""Work items: their states, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from samdrift_platform.contract import Item, Priority
from samdrift_platform.digest import new_salt
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.tables import submission_items, work_items

if TYPE_CHECKING:
    from samdrift_platform.ledger.submissions import Request

#: The due time of an item without a deadline: after every real one.
FAR_AWAY = datetime(9999, 1, 1, tzinfo=UTC)
#: An item that waits this long rises one admission class, so that nothing starves.
AGEING = timedelta(minutes=10)
#: The urgency of an urgent item: before every class.
URGENT = -1
#: Values in one IN list: below the parameter limits of both databases.
_CHUNK = 5_000


class ItemState(StrEnum):
    """Where a work item is."""

    #: Waits to be claimed.
    QUEUED = "queued"
    #: Claimed, or processed with effects still to be delivered.
    RUNNING = "running"
    #: Needs a judgement that the platform must not make.
    WAITING_FOR_PERSON = "waiting_for_person"
    #: Processed, and every effect delivered.
    DONE = "done"
    #: The input is at fault; the reason says how.
    REJECTED = "rejected"
    #: We are at fault, after all attempts.
    FAILED = "failed"
    #: Someone withdrew it in time.
    CANCELLED = "cancelled"


#: States from which nothing moves on by itself.
ENDED = frozenset({ItemState.DONE, ItemState.REJECTED, ItemState.FAILED, ItemState.CANCELLED})


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    """A work item as pages and programs read it."""

    id: UUID
    #: The first submission that named it.
    submission_id: UUID
    workload: str
    tenant: str
    reference: str
    state: ItemState
    priority: Priority
    deadline: datetime | None
    #: Claims so far.
    attempt: int
    payload: Mapping[str, Any]
    result: Mapping[str, Any]
    reason: str | None
    #: Registered name -> "version@sha256:…" of the models that decided.
    models: Mapping[str, str]
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    #: The part of its workload's queue that it is in: of the automation workload its process.
    lane: str = ""
    #: When retention took payload, result and requests away; None: they are here.
    erased_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which row holds a reference, and with what content."""

    id: UUID
    digest: str


def find(
    connection: sa.Connection,
    *,
    workload: str | None = None,
    lane: str | None = None,
    submission_id: UUID | None = None,
    states: Sequence[ItemState | str] = (),
    limit: int = 200,
    offset: int = 0,
    newest_first: bool = False,
) -> list[WorkItem]:
    """Items that match all that is given, in the order of their arrival."""
    order = work_items.c.seq.desc() if newest_first else work_items.c.seq
    query = sa.select(work_items).order_by(order).limit(limit).offset(offset)
    if workload is not None:
        query = query.where(work_items.c.workload == workload)
    if lane is not None:
        query = query.where(work_items.c.lane == lane)
    if submission_id is not None:
        query = query.join(submission_items, submission_items.c.item_id == work_items.c.id)
        query = query.where(submission_items.c.submission_id == submission_id)
    if states:
        query = query.where(work_items.c.state.in_([str(state) for state in states]))
    return [from_row(row) for row in connection.execute(query).mappings()]


def get(connection: sa.Connection, item_id: UUID) -> WorkItem:
    """One item; NotFoundError when there is none."""
    row = connection.execute(sa.select(work_items).where(work_items.c.id == item_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"There is no work item {item_id}. Check the identifier.")
    return from_row(row)


def counts(connection: sa.Connection) -> dict[str, dict[str, int]]:
    """Workload -> state -> number of items."""
    query = sa.select(work_items.c.workload, work_items.c.state, sa.func.count()).group_by(
        work_items.c.workload, work_items.c.state
    )
    found: dict[str, dict[str, int]] = {}
    for workload, state, number in connection.execute(query):
        found.setdefault(workload, {})[state] = number
    return found


def from_row(row: Mapping[Any, Any]) -> WorkItem:
    """A WorkItem from a row of the table."""
    values = {name: row[name] for name in _FIELDS}
    values |= {"state": ItemState(row["state"]), "priority": Priority(row["priority"])}
    values |= {"result": row["result"] or {}, "models": row["models"] or {}}
    return WorkItem(**values)


_FIELDS = tuple(field.name for field in fields(WorkItem))


def new_row(item: Item, request: Request, submission_id: UUID, digest: str, now: datetime) -> dict[str, Any]:
    """The row of a queued item."""
    return {
        "id": uuid4(),
        "submission_id": submission_id,
        "workload": request.workload,
        "tenant": request.tenant,
        "reference": item.reference,
        "digest": digest,
        "payload": dict(item.payload),
        "salt": new_salt(),
        "state": ItemState.QUEUED,
        "priority": request.priority,
        "urgency": URGENT if item.urgent and request.priority is Priority.CLINICAL else request.priority,
        "ages_at": now + AGEING,
        "deadline": item.deadline,
        "subject": item.subject,
        "lane": item.lane,
        "due": item.deadline or FAR_AWAY,
        "available_at": now,
        "queued_at": now,
        "reason": None,
        "finished_at": None,
    }


def correction(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row under a reference of its own, `<reference>~<start of its digest>`: what came before came to nothing."""
    return {**row, "id": uuid4(), "salt": new_salt(), "reference": f"{row['reference']}~{row['digest'][7:19]}"}


def contradiction(row: Mapping[str, Any]) -> dict[str, Any]:
    """A rejected row for an item whose reference stands with other content: visible, never lost."""
    reason = (
        f"{row['reference']} was submitted before with other content. "
        "The first stands; send the correction under a reference of its own."
    )
    rejected = {"state": ItemState.REJECTED, "reason": reason, "finished_at": row["queued_at"]}
    return {**correction(row), **rejected}


def stands(connection: sa.Connection, row: Mapping[str, Any]) -> bool:
    """Whether anything under the row's reference, or a correction of it, was or may still be worked on."""
    same = sa.and_(work_items.c.workload == row["workload"], work_items.c.tenant == row["tenant"])
    named = sa.or_(
        work_items.c.reference == row["reference"],
        work_items.c.reference.startswith(f"{row['reference']}~", autoescape=True),
    )
    query = sa.select(work_items.c.state).where(same, named)
    return any(state not in (ItemState.REJECTED, ItemState.CANCELLED) for state in connection.execute(query).scalars())


def identify(connection: sa.Connection, workload: str, tenant: str, references: Sequence[str]) -> dict[str, Identity]:
    """Reference -> the row that holds it."""
    held: dict[str, Identity] = {}
    columns = (work_items.c.reference, work_items.c.id, work_items.c.digest)
    for start in range(0, len(references), _CHUNK):
        query = sa.select(*columns).where(
            work_items.c.workload == workload,
            work_items.c.tenant == tenant,
            work_items.c.reference.in_(references[start : start + _CHUNK]),
        )
        held |= {name: Identity(id=identifier, digest=digest) for name, identifier, digest in connection.execute(query)}
    return held
