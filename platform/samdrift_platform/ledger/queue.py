"""The queue side of work items: heads, claims with a lease and a fencing token, ageing, expiry.

A claim is one statement, so two workers never hold the same item; the attempt is counted at the claim, so an item
that kills its worker cannot be tried for ever; the token makes a zombie's late write recognisable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger import audit, inbox, objections
from samdrift_platform.ledger.items import AGEING, ItemState
from samdrift_platform.ledger.tables import work_items
from samdrift_platform.question import Earlier

#: Attempts of an item before it has failed.
MOST_ATTEMPTS = 5
#: Waiting items are counted up to here: enough to size a batch.
COUNTED = 256


@dataclass(frozen=True, kw_only=True)
class Head:
    """The first waiting item of a workload, and how many wait behind it (counted up to COUNTED)."""

    #: The workload; or whatever else names the queue, as a shadow's does.
    workload: str
    urgency: int
    due: datetime
    seq: int
    #: It was never tried: it may share a batch. One that failed before is tried alone.
    fresh: bool
    waiting: int


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An item in a worker's hands until `lease_until`; `fence` proves it."""

    id: UUID
    tenant: str
    reference: str
    payload: Mapping[str, Any]
    deadline: datetime | None
    attempt: int
    fence: int
    #: Keys the digests of this item's content in the audit chain.
    salt: str = ""
    #: As `Head.urgency`; below 0 for an urgent item.
    urgency: int = 0
    #: Pseudonym of the person whom it concerns.
    subject: str | None = None
    #: That person has objected: no model may see the item.
    objected: bool = False
    #: How often a decision let it go on.
    rounds: int = 0
    #: What came of it in those rounds.
    earlier: Earlier = field(default_factory=Earlier)


def head(connection: sa.Connection, workload: str, *, now: datetime) -> Head | None:
    """The head of a workload's queue; None when nothing waits."""
    first = _first(connection, workload, now)
    if first is None:
        return None
    waiting = connection.execute(_COUNT, {"of_workload": workload, "at": now}).scalar_one()
    where = {name: first[name] for name in ("urgency", "due", "seq")}
    return Head(workload=workload, **where, fresh=first["attempt"] == 0, waiting=waiting)


def claim(
    connection: sa.Connection, *, workload: str, worker: str, limit: int, lease: timedelta, now: datetime
) -> list[Claim]:
    """Take up to `limit` items in order of urgency, then deadline, then arrival.

    If the first one was tried before it is taken alone, so that it cannot spoil others again.
    """
    fresh_only = False
    if limit > 1:
        first = _first(connection, workload, now)
        fresh_only = first is not None and first["attempt"] == 0
        limit = limit if fresh_only else 1
    values = {"of_workload": workload, "at": now, "most": limit, "by": worker, "until": now + lease}
    found = connection.execute(_claim_statement(fresh_only=fresh_only), values).mappings()
    rows = sorted(found, key=lambda row: (row["urgency"], row["due"], row["seq"]))
    claims = [Claim(**{name: row[name] for name in _OF_ITEM}) for row in rows]
    return with_objections(connection, workload, _with_earlier(connection, claims))


def with_objections(connection: sa.Connection, workload: str, claims: Sequence[Claim]) -> list[Claim]:
    """The claims as they stand at this moment: those about people who have objected say so."""
    subjects = {claim.subject for claim in claims if claim.subject is not None}
    objected = objections.standing(connection, workload, subjects)
    return [replace(claim, objected=True) if claim.subject in objected else claim for claim in claims]


def _with_earlier(connection: sa.Connection, claims: Sequence[Claim]) -> list[Claim]:
    """The claims with what people decided about them."""
    found = inbox.earlier_of(connection, [claim.id for claim in claims if claim.rounds])
    return [replace(claim, earlier=found[claim.id]) if claim.id in found else claim for claim in claims]


def extend(connection: sa.Connection, claims: Sequence[Claim], *, lease: timedelta, now: datetime) -> None:
    """Heartbeat: keep the leases that are still ours."""
    statement = sa.update(work_items).where(
        work_items.c.id == sa.bindparam("item"),
        work_items.c.fence == sa.bindparam("token"),
        work_items.c.lease_until.is_not(None),
    )
    rows = [{"item": claim.id, "token": claim.fence} for claim in claims]
    if rows:
        connection.execute(statement.values(lease_until=now + lease), rows)


def age(connection: sa.Connection, *, now: datetime) -> int:
    """Lift every item that waited long enough by one class; the number lifted.

    Those that reach the top stand in line by the time they did, so that no stream of deadlines overtakes them.
    """
    waited = sa.and_(work_items.c.state == ItemState.QUEUED, work_items.c.urgency > 0, work_items.c.ages_at <= now)
    due = sa.case((work_items.c.urgency == 1, sa.literal(now, work_items.c.due.type)), else_=work_items.c.due)
    lifted = {"urgency": work_items.c.urgency - 1, "ages_at": now + AGEING, "due": due}
    return connection.execute(sa.update(work_items).where(waited).values(**lifted)).rowcount


def release_expired(connection: sa.Connection, *, now: datetime) -> int:
    """Give back what silent workers held; an item without attempts left has failed. The number of items."""
    expired = (
        sa.select(work_items.c.id, work_items.c.attempt)
        .where(work_items.c.lease_until < now, work_items.c.state == ItemState.RUNNING)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(expired).all()
    spent = [identifier for identifier, attempt in rows if attempt >= MOST_ATTEMPTS]
    back = [identifier for identifier, attempt in rows if attempt < MOST_ATTEMPTS]
    free = {"lease_until": None, "worker": None, "fence": work_items.c.fence + 1}
    _update(connection, back, {**free, "state": ItemState.QUEUED, "available_at": now})
    reason = f"The worker stopped {MOST_ATTEMPTS} times while it held this item. Look at its log, then retry."
    _update(connection, spent, {**free, "state": ItemState.FAILED, "reason": reason, "finished_at": now})
    events = [
        audit.Event(actor="ledger", action="item.lease_expired", subject=f"item:{identifier}", details={"attempt": n})
        for identifier, n in rows
    ]
    audit.append(connection, events, now=now)
    return len(rows)


#: Fields of a claim that the item's row holds.
_OF_ITEM = tuple(name for name in Claim.__dataclass_fields__ if name not in ("objected", "earlier"))
_CLAIMED = tuple(
    work_items.c[name]
    for name in (
        "id",
        "tenant",
        "reference",
        "payload",
        "deadline",
        "attempt",
        "fence",
        "salt",
        "subject",
        "urgency",
        "due",
        "seq",
        "rounds",
    )
)


@cache
def _claim_statement(*, fresh_only: bool) -> sa.UpdateBase:
    """Built once: building it takes longer than running it."""
    query = _WAITING.with_only_columns(work_items.c.seq)
    query = query.where(work_items.c.attempt == 0) if fresh_only else query
    chosen = query.limit(sa.bindparam("most", type_=sa.Integer)).with_for_update(skip_locked=True).cte("chosen")
    return (
        sa.update(work_items)
        .where(work_items.c.seq.in_(sa.select(chosen.c.seq)))
        .values(
            state=ItemState.RUNNING,
            attempt=work_items.c.attempt + 1,
            fence=work_items.c.fence + 1,
            lease_until=sa.bindparam("until"),
            worker=sa.bindparam("by"),
            started_at=sa.bindparam("at"),
        )
        .returning(*_CLAIMED)
    )


#: The queue of the workload `of_workload` at the time `at`, in order.
_WAITING = (
    sa.select(work_items)
    .where(
        work_items.c.workload == sa.bindparam("of_workload"),
        # A literal, so that both databases see that the partial index covers it.
        work_items.c.state == sa.literal_column("'queued'"),
        work_items.c.available_at <= sa.bindparam("at", type_=work_items.c.available_at.type),
    )
    .order_by(work_items.c.urgency, work_items.c.due, work_items.c.seq)
)
_FIRST = _WAITING.with_only_columns(
    work_items.c.urgency, work_items.c.due, work_items.c.seq, work_items.c.attempt
).limit(1)
_COUNT = sa.select(sa.func.count()).select_from(
    _WAITING.with_only_columns(work_items.c.seq).order_by(None).limit(COUNTED).subquery()
)


def _first(connection: sa.Connection, workload: str, now: datetime) -> sa.RowMapping | None:
    return connection.execute(_FIRST, {"of_workload": workload, "at": now}).mappings().first()


def _update(connection: sa.Connection, ids: Sequence[UUID], values: Mapping[str, Any]) -> None:
    if ids:
        connection.execute(sa.update(work_items).where(work_items.c.id.in_(ids)).values(**values))
