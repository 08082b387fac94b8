"""Lanes of queues in the ledger: who paused them, which are full, how much stands in each.

`waiting.py` has how a claim passes over the closed ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.database import insert_new
from samdrift_platform.ledger.plain import plain_text
from samdrift_platform.ledger.tables import pauses, work_items


@dataclass(frozen=True, kw_only=True)
class Openings:
    """From which lanes may be claimed at one moment, apart from those that people have paused."""

    #: Lanes outside their hours, or full.
    closed: Collection[str] = ()
    #: Lane -> items that may be in work at the same time.
    most_at_once: Mapping[str, int] = field(default_factory=dict)


#: No lane is closed or limited.
ALL_OPEN = Openings()


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Nothing is claimed from this lane until somebody resumes it."""

    workload: str
    lane: str
    paused_by: str
    paused_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Load:
    """How much stands in a lane."""

    #: Waits to be claimed.
    waiting: int = 0
    #: Claimed, or processed with effects still to be delivered.
    in_work: int = 0


def paused(connection: sa.Connection, workload: str) -> dict[str, Pause]:
    """Lane -> who paused it and why."""
    query = sa.select(pauses).where(pauses.c.workload == workload).order_by(pauses.c.lane)
    return {row["lane"]: Pause(**row) for row in connection.execute(query).mappings()}


def pause(connection: sa.Connection, workload: str, lane: str, reason: str, *, actor: str, now: datetime) -> None:
    """Claim nothing more from a lane; what was claimed is finished. Pausing it again changes nothing."""
    row = {"workload": workload, "lane": lane, "paused_by": actor, "paused_at": now, "reason": plain_text(reason)}
    before = paused(connection, workload)
    insert_new(connection, pauses, [row])
    if lane not in before:
        _record(connection, "lane.paused", (workload, lane), actor, plain_text(reason), now)


def resume(connection: sa.Connection, workload: str, lane: str, reason: str, *, actor: str, now: datetime) -> None:
    """Let the lane be claimed from again.

    Raises:
        ConflictError: it is not paused.
    """
    this = sa.and_(pauses.c.workload == workload, pauses.c.lane == lane)
    if not connection.execute(sa.delete(pauses).where(this)).rowcount:
        raise ConflictError(f"The lane {lane!r} of {workload} is not paused. `samdrift lanes list` shows what is.")
    _record(connection, "lane.resumed", (workload, lane), actor, plain_text(reason), now)


def without_full(connection: sa.Connection, workload: str, openings: Openings) -> Openings:
    """The same with the room that is left in each lane as its limit; those without any are closed."""
    limits = openings.most_at_once
    if not limits:
        return openings
    taken = _counts(connection, workload, _IN_WORK, list(limits))
    room = {lane: most - taken.get(lane, 0) for lane, most in limits.items()}
    full = [lane for lane, left in room.items() if left <= 0]
    left_over = {lane: left for lane, left in room.items() if left > 0}
    return Openings(closed=[*openings.closed, *full], most_at_once=left_over)


def loads(connection: sa.Connection, workload: str) -> dict[str, Load]:
    """Lane -> how much stands in it; only lanes in which something does."""
    waiting, in_work = (_counts(connection, workload, state) for state in (_QUEUED, _IN_WORK))
    return {
        lane: Load(waiting=waiting.get(lane, 0), in_work=in_work.get(lane, 0)) for lane in sorted({*waiting, *in_work})
    }


#: Literals, so that both databases see that a partial index covers them.
_QUEUED = work_items.c.state == sa.literal_column("'queued'")
_IN_WORK = work_items.c.state == sa.literal_column("'running'")


def _counts(
    connection: sa.Connection, workload: str, state: sa.ColumnElement[bool], among: Sequence[str] | None = None
) -> dict[str, int]:
    """Lane -> items in that state; of these lanes, or of all."""
    query = sa.select(work_items.c.lane, sa.func.count().label("number")).where(
        work_items.c.workload == workload, state
    )
    if among is not None:
        query = query.where(work_items.c.lane.in_(among))
    return {row.lane: row.number for row in connection.execute(query.group_by(work_items.c.lane))}


def _record(
    connection: sa.Connection, action: str, lane: tuple[str, str], actor: str, reason: str, now: datetime
) -> None:
    workload, name = lane
    event = audit.Event(actor=actor, action=action, subject=f"lane:{workload}/{name}", details={"reason": reason})
    audit.append(connection, [event], now=now)
