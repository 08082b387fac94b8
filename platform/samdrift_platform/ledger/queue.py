"""The queue side of work items: heads, claims with a lease and a fencing token, ageing, expiry.

A claim is one statement, so two workers never hold the same item; the attempt is counted at the claim, so an item
that kills its worker cannot be tried for ever; the token makes a zombie's late write recognisable.

A queue has lanes; most have one, without a name. What is claimed together comes from one lane: the one with the first
item of all that are open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger import audit, inbox, lanes, objections, waiting
from samdrift_platform.ledger.database import take_turns
from samdrift_platform.ledger.items import AGEING, ItemState
from samdrift_platform.ledger.lanes import ALL_OPEN, Openings
from samdrift_platform.ledger.tables import work_items
from samdrift_platform.ledger.waiting import Lanes
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
    #: It may share a batch. One that failed before is tried alone, and so is one that a person has just decided about:
    #: it shall not wait for others of its batch.
    fresh: bool
    waiting: int
    #: The lane in which it waits.
    lane: str = ""


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
    lane: str = ""
    #: How often a decision let it go on.
    rounds: int = 0
    #: What came of it in those rounds.
    earlier: Earlier = field(default_factory=Earlier)


def head(connection: sa.Connection, workload: str, *, openings: Openings = ALL_OPEN, now: datetime) -> Head | None:
    """The head of a workload's queue; None when nothing waits in an open lane."""
    openings = lanes.without_full(connection, workload, openings)
    first = _first(connection, workload, openings, now)
    if first is None:
        return None
    values = {"of_workload": workload, "of_lane": first["lane"], "at": now}
    number = connection.execute(_COUNT, values).scalar_one()
    number = min(number, openings.most_at_once.get(first["lane"], number))
    where = {name: first[name] for name in ("urgency", "due", "seq")}
    alone = first["attempt"] > 0 or first["due"] == inbox.AT_ONCE
    return Head(workload=workload, **where, fresh=not alone, waiting=number, lane=first["lane"])


def claim(
    connection: sa.Connection,
    *,
    workload: str,
    worker: str,
    limit: int,
    lease: timedelta,
    now: datetime,
    openings: Openings = ALL_OPEN,
) -> list[Claim]:
    """Take up to `limit` items of one lane in order of urgency, then deadline, then arrival.

    It is the open lane with the first item. If that was tried before it is taken alone, so that it cannot spoil others
    again.
    """
    which, more = _choice(connection, workload, openings, limit, now)
    values = {"of_workload": workload, "at": now, "most": limit, "by": worker, "until": now + lease} | more
    found = connection.execute(_claim_statement(which, alone=values["most"] == 1), values).mappings().all()
    rows = sorted(found, key=lambda row: (row["urgency"], row["due"], row["seq"]))
    claims = [Claim(**{name: row[name] for name in _OF_ITEM}) for row in rows]
    return with_objections(connection, workload, _with_earlier(connection, claims))


def _choice(
    connection: sa.Connection, workload: str, openings: Openings, limit: int, now: datetime
) -> tuple[Lanes, dict[str, Any]]:
    """From which lanes to claim, with the statement's parameters."""
    if openings.most_at_once:  # two who count at the same time would both see room for the last one
        take_turns(connection, f"the limits of {workload}")
        openings = lanes.without_full(connection, workload, openings)
        first = _first(connection, workload, openings, now)
        if first is not None and (room := openings.most_at_once.get(first["lane"])) is not None:
            return Lanes.ONE, {"of_lane": first["lane"], "most": min(limit, room)}
        return Lanes.BUT_CLOSED, {"closed": [*openings.closed, *openings.most_at_once]}
    if openings.closed:
        return Lanes.BUT_CLOSED, {"closed": list(openings.closed)}
    return Lanes.ALL, {}


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
        "lane",
        "rounds",
    )
)


#: Literals, as in `waiting.py`.
_NONE, _ONE = (sa.literal_column(number, sa.Integer) for number in ("0", "1"))


@cache
def _claim_statement(which: Lanes, *, alone: bool) -> sa.UpdateBase:
    """Built once: building it takes longer than running it."""
    first = waiting.first(which).cte("first")
    tried = sa.select(first.c.attempt).scalar_subquery()
    query = waiting.in_lane(sa.select(first.c.lane).scalar_subquery())
    most: sa.ColumnElement[int] = _ONE
    if not alone:
        query = query.where(sa.or_(tried > _NONE, work_items.c.attempt == _NONE))
        most = sa.case((tried > _NONE, _ONE), else_=sa.bindparam("most", type_=sa.Integer))
    chosen = query.limit(most).with_for_update(skip_locked=True).cte("chosen")
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


_COUNT = sa.select(sa.func.count()).select_from(
    waiting.in_lane(sa.bindparam("of_lane", type_=work_items.c.lane.type)).order_by(None).limit(COUNTED).subquery()
)


def _first(connection: sa.Connection, workload: str, openings: Openings, now: datetime) -> sa.RowMapping | None:
    values: dict[str, Any] = {"of_workload": workload, "at": now}
    if not openings.closed:
        return connection.execute(waiting.first(Lanes.ALL), values).mappings().first()
    values["closed"] = list(openings.closed)
    return connection.execute(waiting.first(Lanes.BUT_CLOSED), values).mappings().first()


def _update(connection: sa.Connection, ids: Sequence[UUID], values: Mapping[str, Any]) -> None:
    if ids:
        connection.execute(sa.update(work_items).where(work_items.c.id.in_(ids)).values(**values))
