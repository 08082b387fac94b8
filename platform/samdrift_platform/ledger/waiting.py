"""What waits in a queue, as statements: the lanes in which something does, the first item of each, the first of all.

The index `ix_work_items_queue` begins with workload and lane. So the lanes are found by hopping from one to the next,
and each is asked for its first item alone: a closed lane costs nothing, however much waits in it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cache

import sqlalchemy as sa

from samdrift_platform.ledger.tables import pauses, work_items

#: Literals, because PostgreSQL keeps one plan for all parameters: of LIMIT :n it believes that n is a tenth of all.
_ONE = sa.literal_column("1", sa.Integer)
#: The time `at`, as a query of its own: PostgreSQL plans the claim again each time, at twice what the claim itself
#: costs, while a plan for one time looks cheaper than the one for all times. Behind this they look the same.
_AT = sa.select(sa.bindparam("at", type_=work_items.c.available_at.type)).scalar_subquery()


class Lanes(StrEnum):
    """Which lanes a statement looks at; never those that are paused."""

    #: All.
    ALL = "all"
    #: All but those in the parameter `closed`.
    BUT_CLOSED = "but closed"
    #: The one in the parameter `of_lane`.
    ONE = "one"


def _queued(item: sa.FromClause) -> sa.ColumnElement[bool]:
    """Of the workload `of_workload`; a literal, so that both databases see that the partial index covers it."""
    return sa.and_(item.c.workload == sa.bindparam("of_workload"), item.c.state == sa.literal_column("'queued'"))


def in_lane(lane: sa.ColumnElement[str], item: sa.FromClause = work_items) -> sa.Select[tuple[int]]:
    """The numbers (`seq`) of what waits in a lane and may be claimed at the time `at`, in order."""
    ready = item.c.available_at <= _AT
    query = sa.select(item.c.seq).where(_queued(item), item.c.lane == lane, ready)
    return query.order_by(item.c.urgency, item.c.due, item.c.seq)


@cache
def first(which: Lanes) -> sa.Select[tuple[str, int, datetime, int, int]]:
    """Lane, urgency, due, number and attempts of the first item of all these lanes; no row when nothing waits."""
    found = _names(which)
    name = found.c.lane
    paused = sa.exists().where(pauses.c.workload == sa.bindparam("of_workload"), pauses.c.lane == name)
    open_ = sa.and_(name.is_not(None), ~paused)
    if which is Lanes.BUT_CLOSED:
        open_ = sa.and_(open_, name.not_in(sa.bindparam("closed", expanding=True)))
    # Each column by a look of its own at the index: joined by number, PostgreSQL would read the table now and then.
    own = work_items.alias("own")
    in_order = in_lane(name, own).limit(_ONE).correlate(found)
    looks = [
        in_order.with_only_columns(own.c[column]).scalar_subquery().label(column)
        for column in ("urgency", "due", "seq", "attempt")
    ]
    firsts = sa.select(name, *looks).where(open_).subquery("firsts")
    query = sa.select(*firsts.c).where(firsts.c.seq.is_not(None))
    return query.order_by(firsts.c.urgency, firsts.c.due, firsts.c.seq).limit(_ONE)


def _names(which: Lanes) -> sa.CTE:
    """The lanes in which something is queued, and a NULL at the end."""
    if which is Lanes.ONE:
        lane = sa.bindparam("of_lane", type_=work_items.c.lane.type)
        return sa.select(lane.label("lane")).cte("lanes")
    item, next_ = work_items.alias("any_item"), work_items.alias("next_item")
    lowest = sa.select(item.c.lane).where(_queued(item)).order_by(item.c.lane).limit(_ONE).scalar_subquery()
    found = sa.select(lowest.label("lane")).cte("lanes", recursive=True)
    further = sa.select(next_.c.lane).where(_queued(next_), next_.c.lane > found.c.lane).order_by(next_.c.lane)
    hop = sa.select(further.limit(_ONE).correlate(found).scalar_subquery()).where(found.c.lane.is_not(None))
    return found.union_all(hop)
