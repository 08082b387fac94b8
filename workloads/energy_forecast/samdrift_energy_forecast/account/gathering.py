"""Gathers what an account is made from out of the tables: readings, weather, and how days were heated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.account.days import Operation
from samdrift_energy_forecast.account.inputs import HeatedDay, write_heated_days
from samdrift_energy_forecast.metering import reading_store
from samdrift_energy_forecast.ordering.orders import Run
from samdrift_energy_forecast.sources.issued_table import without_issued
from samdrift_energy_forecast.sources.place import Place
from samdrift_energy_forecast.tables import orders, overrides
from samdrift_platform.ledger.tables import work_items

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.sources.known import KnownSeries
    from samdrift_platform.contract import Store
    from samdrift_platform.ledger.database import Ledger

#: Days before the period that days under fixed setback are looked for in: two winters.
REFERENCE_DAYS = 730
#: A safe state in which a plan goes on all the same: the one before.
GOES_ON = "previous_plan"


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The three tables of an account, see `inputs`."""

    readings: bytes
    weather_observed: bytes
    heated_days: bytes


class Gathering:
    """Reads for accounts; changes nothing."""

    def __init__(self, ledger: Ledger, store: Store, known: KnownSeries) -> None:
        """Read from `ledger`, archived readings from `store` and weather from `known`."""
        self._ledger, self._store, self._known = ledger, store, known

    def gather(self, building: BuildingDescription, first: date, last: date, until: datetime) -> Gathered | None:
        """The tables for the days `first` to `last` and the reference days before; None without readings or weather.

        Nothing that is known later than `until` is looked at.
        """
        begins = first - timedelta(days=REFERENCE_DAYS)
        span = _span(begins, last, building.zone)
        readings = self._readings(building, *span, until)
        weather = self._weather(building, *span, until)
        if not readings or weather is None:
            return None
        heated = self.heated_days(building, begins, last)
        return Gathered(readings=readings, weather_observed=weather, heated_days=write_heated_days(heated))

    def heated_days(self, building: BuildingDescription, first: date, last: date) -> dict[date, HeatedDay]:
        """How each local day from `first` to `last` was heated, as far as the platform knows it.

        Before the first plan was ordered the fixed setback plan applied. Afterwards a day has what the plan of its
        night said; days without one, and days on which a person chose another set-point, are `Operation.OTHER`. That
        plans were carried out is taken on trust: where they are not, the saving measured is that of the days as they
        were.
        """
        planned = dict(self._planned(building, first, last))
        by_hand = set(self._by_hand(building, first, last))
        start = self._first_order(building)
        everything = (first + timedelta(days=day) for day in range((last - first).days + 1))
        return {day: _heated(day, planned.get(day), day in by_hand, start) for day in everything}

    def _readings(self, building: BuildingDescription, first: datetime, end: datetime, until: datetime) -> bytes:
        with self._ledger.read() as connection:
            return reading_store.order_table(
                connection, building.id, first=first, end=end, known_at=until, store=self._store
            )

    def _weather(self, building: BuildingDescription, first: datetime, end: datetime, until: datetime) -> bytes | None:
        if building.location is None:
            return None
        place = Place.near(building.location)
        span = (hours.beginning_at(first), hours.beginning_at(end))
        found = self._known.as_known(place.observed_series, until, first=span[0], end=span[1])
        return None if found is None else without_issued(found)

    def _planned(self, building: BuildingDescription, first: date, last: date) -> Iterator[tuple[date, HeatedDay]]:
        begins, ends = _span(first, last, building.zone)
        query = (
            sa.select(orders.c.issue_time, work_items.c.result)
            .join(work_items, work_items.c.id == orders.c.item_id)
            .where(orders.c.building == building.id, orders.c.run == Run.NIGHTLY)
            .where(orders.c.issue_time >= begins, orders.c.issue_time < ends)
            .order_by(orders.c.issue_time)
        )
        with self._ledger.read() as connection:
            rows = connection.execute(query).all()
        for issue_time, result in rows:
            day = issue_time.astimezone(building.zone).date()
            yield day, _of_plan(result or {})

    def _by_hand(self, building: BuildingDescription, first: date, last: date) -> Iterator[date]:
        begins, ends = _span(first, last, building.zone)
        until = sa.func.coalesce(overrides.c.ended_at, overrides.c.expires, type_=overrides.c.expires.type)
        query = sa.select(overrides.c.begins, until).where(
            overrides.c.building == building.id, overrides.c.begins < ends, overrides.c.expires > begins
        )
        with self._ledger.read() as connection:
            rows = connection.execute(query).all()
        for begin, end in rows:
            day, over = (moment.astimezone(building.zone).date() for moment in (begin, max(begin, end)))
            while day <= over:
                yield day
                day += timedelta(days=1)

    def _first_order(self, building: BuildingDescription) -> date | None:
        query = sa.select(sa.func.min(orders.c.issue_time, type_=orders.c.issue_time.type)).where(
            orders.c.building == building.id
        )
        with self._ledger.read() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
        return None if found is None else found.astimezone(building.zone).date()


def _of_plan(result: Mapping[str, Any]) -> HeatedDay:
    if "plan" not in result:
        return HeatedDay(operation=Operation.OTHER)
    safe = result.get("safe_state")
    is_plan = safe is None or safe.get("code") == GOES_ON
    operation = Operation.PLAN if is_plan else Operation.SETBACK
    return HeatedDay(operation=operation, setback_forecast_kwh=result.get("day_setback_kwh"))


def _heated(day: date, planned: HeatedDay | None, by_hand: bool, start: date | None) -> HeatedDay:
    if by_hand:
        return HeatedDay(operation=Operation.OTHER)
    if planned is not None:
        return planned
    is_before = start is None or day < start
    return HeatedDay(operation=Operation.SETBACK if is_before else Operation.OTHER)


def _span(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the beginning of `first` to the end of `last` on the building's clock, in UTC."""
    begins, ends = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return begins.astimezone(UTC), ends.astimezone(UTC)
