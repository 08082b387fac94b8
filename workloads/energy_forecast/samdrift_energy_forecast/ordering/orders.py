"""Which plans were ordered from the tables, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_energy_forecast.tables import orders
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.tables import work_items

#: A plan that is older than this when the next one is ordered has run out.
OLDEST_PREVIOUS = timedelta(days=4)
#: Rows that are read together.
_AT_ONCE = 500


class Run(StrEnum):
    """Why a plan was ordered."""

    #: The night's run over all buildings.
    NIGHTLY = "nightly"
    #: A person or a program asked for this building.
    NOW = "now"


class Lack(StrEnum):
    """What was not known of a building when its plan was ordered: a person should look."""

    #: Not one reading in the window: the meter is dead, or nobody sends its readings.
    READINGS = "no_readings"
    #: Its place is not known, so no weather can be chosen for it.
    LOCATION = "no_location"
    #: No weather forecast.
    FORECAST = "no_weather_forecast"
    #: It follows a municipality's school holidays, and none that ends after the plan begins is imported.
    SCHOOL_HOLIDAYS = "no_school_holidays"
    #: A weather forecast that is too old.
    STALE_FORECAST = "stale_weather_forecast"
    #: A day or more of the weather before was neither observed nor foreseen.
    WEATHER = "no_observed_weather"
    #: Hardly any price of the hours to come, although the building's heat is bought by the hour.
    PRICES = "no_prices"
    #: Hardly any CO2 of the hours to come, although the building's heat emits by the hour.
    CO2 = "no_co2"


@dataclass(frozen=True, kw_only=True)
class Order:
    """One plan that was ordered."""

    building: str
    issue_time: datetime
    run: Run
    #: Of the work item.
    reference: str
    item_id: UUID
    lacks: tuple[Lack, ...]
    ordered_by: str
    ordered_at: datetime


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """An order with what became of it."""

    order: Order
    state: ItemState
    #: Of the work item; empty until it is made.
    result: Mapping[str, Any]
    reason: str | None


def record(connection: sa.Connection, made: Sequence[Order]) -> None:
    """Write orders, in the transaction that submits their items."""
    rows = [
        {
            "building": order.building,
            "issue_time": order.issue_time,
            "run": str(order.run),
            "reference": order.reference,
            "item_id": order.item_id,
            "lacks": [str(lack) for lack in order.lacks],
            "ordered_by": order.ordered_by,
            "ordered_at": order.ordered_at,
        }
        for order in made
    ]
    if rows:
        connection.execute(sa.insert(orders), rows)


def nightly(connection: sa.Connection, issue_time: datetime, buildings: Sequence[str]) -> set[str]:
    """Those of `buildings` whose plan of this night is ordered already."""
    query = sa.select(orders.c.building).where(
        orders.c.building.in_(buildings), orders.c.issue_time == issue_time, orders.c.run == Run.NIGHTLY
    )
    return set(connection.execute(query).scalars())


def count(connection: sa.Connection, building: str, issue_time: datetime, *, run: Run) -> int:
    """How many plans of one building were ordered for one issue time, for one reason."""
    chosen = (orders.c.building == building, orders.c.issue_time == issue_time, orders.c.run == run)
    return int(connection.execute(sa.select(sa.func.count()).where(*chosen)).scalar_one())


def previous_plans(connection: sa.Connection, buildings: Sequence[str], issue_time: datetime) -> dict[str, str]:
    """Building -> the object of the newest plan that was made for it and still holds at `issue_time`."""
    query = (
        sa.select(orders.c.building, work_items.c.result)
        .join(work_items, work_items.c.id == orders.c.item_id)
        .where(
            orders.c.building.in_(buildings),
            orders.c.issue_time <= issue_time,
            orders.c.issue_time > issue_time - OLDEST_PREVIOUS,
            work_items.c.verdict == "done",
        )
        .order_by(orders.c.issue_time, orders.c.seq)
    )
    found = ((building, (result or {}).get("plan")) for building, result in connection.execute(query))
    return {building: plan for building, plan in found if isinstance(plan, str)}


def of_night(connection: sa.Connection, issue_time: datetime) -> Iterator[Ordered]:
    """Every plan of one night in the order of the buildings' ids; read as it is asked for."""
    items = (work_items.c.state, work_items.c.result, work_items.c.reason)
    query = (
        sa.select(orders, *items)
        .join(work_items, work_items.c.id == orders.c.item_id)
        .where(orders.c.issue_time == issue_time, orders.c.run == Run.NIGHTLY)
        .order_by(orders.c.building)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in connection.execute(query).mappings():
        yield Ordered(
            order=_order(row), state=ItemState(row["state"]), result=row["result"] or {}, reason=row["reason"]
        )


def waiting(connection: sa.Connection, issue_time: datetime) -> int:
    """How many plans of one night are not made yet; cheaper than reading all that are."""
    query = (
        sa.select(sa.func.count())
        .select_from(orders.join(work_items, work_items.c.id == orders.c.item_id))
        .where(orders.c.issue_time == issue_time, orders.c.run == Run.NIGHTLY)
        .where(work_items.c.verdict.is_(None), work_items.c.state.in_([ItemState.QUEUED, ItemState.RUNNING]))
    )
    return int(connection.execute(query).scalar_one())


def newest_night(connection: sa.Connection) -> datetime | None:
    """The issue time of the newest nightly run; None before the first."""
    newest = sa.func.max(orders.c.issue_time, type_=orders.c.issue_time.type)
    found: datetime | None = connection.execute(sa.select(newest).where(orders.c.run == Run.NIGHTLY)).scalar_one()
    return found


def _order(row: sa.RowMapping) -> Order:
    return Order(
        building=row["building"],
        issue_time=row["issue_time"],
        run=Run(row["run"]),
        reference=row["reference"],
        item_id=row["item_id"],
        lacks=tuple(Lack(code) for code in row["lacks"]),
        ordered_by=row["ordered_by"],
        ordered_at=row["ordered_at"],
    )
