"""Keeps the list's table in step with the ledger: what of a building's row is written anew when an item changed.

A row holds the newest order and the newest plan, so that looking at an item twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from samdrift_energy_forecast.plan_list.entry import order_values, plan_values, urgency
from samdrift_energy_forecast.tables import orders, plan_list, plan_list_head
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.following import Follower
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.tables import work_items

WORKLOAD = "energy_forecast"


def catch_up(ledger: Ledger) -> int:
    """Bring the table up to the newest event; the number of events looked at. Cheap when there is nothing new."""
    return _FOLLOWER.catch_up(ledger)


def _refresh(connection: sa.Connection, item_ids: Sequence[UUID]) -> None:
    """Write the rows of these items' buildings anew."""
    found = _items(connection, work_items.c.id.in_(item_ids))
    if not found:
        return
    held = _held(connection, {row["building"] for row in found})
    lacks = _lacks(connection, [row["id"] for row in found])
    for row in found:
        building = row["building"]
        held[building] = _with(connection, held.get(building, _EMPTY), row, lacks.get(row["id"], []))
    _write(connection, [{"building": building, **values} for building, values in held.items()])


def _items(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[Mapping[str, Any]]:
    """This workload's of these items, in the order in which they were submitted."""
    described = work_items.c.payload["building"]
    columns = (work_items.c.id, work_items.c.seq, work_items.c.state, work_items.c.result)
    query = (
        sa.select(*columns, described["id"].as_string().label("building"), described["name"].as_string().label("name"))
        .where(which, work_items.c.workload == WORKLOAD)
        .where(described["id"].as_string().is_not(None))  # an account of savings is an item too, and no plan
        .order_by(work_items.c.seq)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


#: What is not known of a building before its first plan, and its row before anything is.
_NO_PLAN: Mapping[str, Any] = {
    **dict.fromkeys(("plan_seq", "plan_item", "plan", "version", "issue_time", "ends", "saved_kwh")),
    "notices": [],
}
_EMPTY: Mapping[str, Any] = {"newest_seq": 0, "lacks": [], **_NO_PLAN}


def _with(
    connection: sa.Connection, before: Mapping[str, Any], row: Mapping[str, Any], lacks: list[str]
) -> dict[str, Any]:
    """The row of a building after one more look at one of its items."""
    values = dict(before)
    if row["seq"] >= values["newest_seq"]:
        values |= order_values(row, lacks)
    if _has_plan(row) and row["seq"] >= (values["plan_seq"] or 0):
        values |= plan_values(row)
    elif row["id"] == values["plan_item"]:  # it was withdrawn before anybody saw it: the plan before it holds
        values |= _plan_before(connection, row)
    return values | {"urgency": urgency(values)}


def _plan_before(connection: sa.Connection, row: Mapping[str, Any]) -> Mapping[str, Any]:
    earlier = sa.and_(work_items.c.seq < row["seq"], of_building(connection, row["building"]))
    made = [each for each in _items(connection, earlier) if _has_plan(each)]
    return plan_values(made[-1]) if made else _NO_PLAN


def of_building(connection: sa.Connection, building: str) -> sa.ColumnElement[bool]:
    """That a work item is of this building: `split` begins its reference with the building's id."""
    if connection.dialect.name == "sqlite":  # it compares bytes, and uses the index for a range but not for LIKE
        end = f"{building}{chr(ord('/') + 1)}"
        return sa.and_(work_items.c.reference > f"{building}/", work_items.c.reference < end)
    return work_items.c.reference.startswith(f"{building}/", autoescape=True)


def _has_plan(row: Mapping[str, Any]) -> bool:
    return row["state"] != ItemState.CANCELLED and {"plan", "ends", "version"} <= set(row["result"] or ())


def _held(connection: sa.Connection, buildings: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    query = sa.select(plan_list).where(plan_list.c.building.in_(sorted(buildings)))
    rows = connection.execute(query).mappings()
    return {row["building"]: {name: value for name, value in row.items() if name != "building"} for row in rows}


def _lacks(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    query = sa.select(orders.c.item_id, orders.c.lacks).where(orders.c.item_id.in_(item_ids))
    return {item_id: list(codes) for item_id, codes in connection.execute(query)}


def _write(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    names = [column.name for column in plan_list.columns if column.name != "building"]
    whole = [{"building": row["building"], **{name: row.get(name) for name in names}} for row in rows]
    new = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(plan_list)
    replaced = {name: new.excluded[name] for name in names}
    connection.execute(new.on_conflict_do_update(index_elements=["building"], set_=replaced), whole)


_FOLLOWER = Follower(name="energy_forecast plan list", head=plan_list_head, refresh=_refresh, events=2_000, items=500)
