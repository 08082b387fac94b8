"""Asks the list's table: pages by key, those that need a look first. Never more rows than a page has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_energy_forecast.plan_list.entry import OLDEST, Urgency
from samdrift_energy_forecast.plan_list.following import of_building
from samdrift_energy_forecast.tables import buildings, plan_list
from samdrift_platform.ledger.tables import work_items


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A building as the list shows it; what is of its plan is None where none was made."""

    building: str
    name: str
    newest_item: UUID
    newest_state: str
    plan_item: UUID | None
    plan: str | None
    version: str | None
    issue_time: datetime | None
    ends: datetime | None
    saved_kwh: float | None
    notices: Sequence[Mapping[str, Any]]
    lacks: Sequence[str]
    #: Now, the passing of time included.
    urgency: Urgency


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows in order, and the buildings around them that further pages go on from; None where there are no more."""

    rows: Sequence[Listed]
    before: str | None
    after: str | None


def page(
    connection: sa.Connection,
    *,
    now: datetime,
    limit: int,
    search: str = "",
    only_attention: bool = False,
    after: str = "",
    before: str = "",
) -> Page:
    """Up to `limit` buildings after the building `after`, or before the building `before`, in the list's order."""
    key = sa.tuple_(_urgency(now), plan_list.c.search, plan_list.c.building)
    query = _chosen(now, search, only_attention=only_attention)
    edge = _key_of(connection, before or after, now)
    if edge is not None:
        query = query.where(key < edge if before else key > edge)
    order = [_urgency(now), plan_list.c.search, plan_list.c.building]
    query = query.order_by(*([each.desc() for each in order] if before else order))
    found = [_listed(row) for row in connection.execute(query.limit(limit + 1)).mappings()]
    more, rows = len(found) > limit, found[:limit]
    if before:
        rows.reverse()
    earlier, later = (more, True) if before else (edge is not None, more)
    return Page(
        rows=rows,
        before=rows[0].building if rows and earlier else None,
        after=rows[-1].building if rows and later else None,
    )


def one(connection: sa.Connection, building: str, *, now: datetime) -> Listed | None:
    """The row of one building, also of one that was removed."""
    row = connection.execute(_rows(now).where(plan_list.c.building == building)).mappings().first()
    return None if row is None else _listed(row)


def counts(connection: sa.Connection, *, now: datetime) -> Mapping[Urgency, int]:
    """How many buildings are how urgent."""
    urgency = _urgency(now).label("urgency")
    query = sa.select(urgency, sa.func.count()).where(_kept()).group_by(urgency)
    return {Urgency(value): number for value, number in connection.execute(query)}


def without_order(connection: sa.Connection, *, limit: int) -> tuple[int, Sequence[tuple[str, str]]]:
    """Registered buildings for which no plan was ever ordered: how many, and id and name of the first."""
    missing = sa.and_(buildings.c.is_active, ~sa.exists().where(plan_list.c.building == buildings.c.building))
    number = connection.execute(sa.select(sa.func.count()).select_from(buildings).where(missing)).scalar_one()
    name = buildings.c.description["name"].as_string()
    query = sa.select(buildings.c.building, name).where(missing).order_by(buildings.c.building).limit(limit)
    return int(number), [(building, told) for building, told in connection.execute(query)]


def plans_of(connection: sa.Connection, listed: Listed, *, limit: int) -> list[UUID]:
    """The newest work items of a building, newest first."""
    newest = sa.select(work_items.c.workload, work_items.c.tenant).where(work_items.c.id == listed.newest_item)
    workload, tenant = connection.execute(newest).one()
    query = sa.select(work_items.c.id).where(
        work_items.c.workload == workload, work_items.c.tenant == tenant, of_building(connection, listed.building)
    )
    return list(connection.execute(query.order_by(work_items.c.seq.desc()).limit(limit)).scalars())


def _urgency(now: datetime) -> sa.ColumnElement[int]:
    over = sa.or_(plan_list.c.ends.is_(None), plan_list.c.ends <= now)
    old = sa.and_(plan_list.c.issue_time < now - OLDEST, plan_list.c.urgency > Urgency.OLD_PLAN)
    waits = plan_list.c.newest_state.in_(["queued", "running"])
    fresh = sa.and_(plan_list.c.plan_seq.is_(None), waits)  # its first plan is being made
    return sa.case(
        (fresh, sa.literal(int(Urgency.NOTICE))),
        (over, sa.literal(int(Urgency.NO_PLAN))),
        (old, sa.literal(int(Urgency.OLD_PLAN))),
        else_=plan_list.c.urgency,
    )


def _rows(now: datetime) -> sa.Select[Any]:
    names = [name for name in Listed.__dataclass_fields__ if name != "urgency"]
    return sa.select(*[plan_list.c[name] for name in names], _urgency(now).label("urgency"))


def _chosen(now: datetime, search: str, *, only_attention: bool) -> sa.Select[Any]:
    query = _rows(now).where(_kept())
    if search:
        query = query.where(plan_list.c.search.contains(search.casefold(), autoescape=True))
    return query.where(_urgency(now) < Urgency.NONE) if only_attention else query


def _kept() -> sa.ColumnElement[bool]:
    """A building that was removed is not listed; one that only ever came with an order is."""
    return ~sa.exists().where(buildings.c.building == plan_list.c.building, sa.not_(buildings.c.is_active))


def _key_of(connection: sa.Connection, building: str, now: datetime) -> sa.Tuple | None:
    """Where a building stands in the order now; None when it is none, so that a stale link begins at the top."""
    if not building:
        return None
    query = sa.select(_urgency(now), plan_list.c.search).where(plan_list.c.building == building)
    row = connection.execute(query).first()
    return None if row is None else sa.tuple_(sa.literal(row[0]), sa.literal(row[1]), sa.literal(building))


def _listed(row: sa.RowMapping) -> Listed:
    return Listed(**{**row, "urgency": Urgency(row["urgency"])})
