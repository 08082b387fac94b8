"""Weather and signals as an order for a plan wants them, from what was known at an instant. Nothing is fetched here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.sources.dmi_forecast import COLUMNS as WEATHER
from samdrift_energy_forecast.sources.energi_data_service import CO2, PRICE
from samdrift_energy_forecast.sources.issued_table import (
    IssuedTable,
    end_of_the_hour,
    issued_table,
    without_issued,
)
from samdrift_energy_forecast.sources.place import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from samdrift_energy_forecast.building.description import Location
    from samdrift_energy_forecast.sources.known import KnownSeries
    from samdrift_platform.contract import Store

#: Names of an order's columns of signals.
SIGNALS = ("price_per_kwh", "kg_co2_per_kwh")
#: An older forecast than this is told as stale: DMI makes one every three hours.
STALE_AFTER_H = 12.0
#: Places and areas whose tables are kept at hand while many buildings are ordered for.
KEPT_AT_HAND = 4096


class NoteCode(StrEnum):
    """What a person should know about the series that a plan is made from."""

    #: There is no weather forecast at all.
    FORECAST_MISSING = "weather_forecast_missing"
    #: The forecast is old; `age_h` says how old.
    FORECAST_STALE = "weather_forecast_stale"
    #: `hours` hours were not observed: the forecasts that were made last for them stand in.
    OBSERVED_STAND_IN = "weather_observed_stand_in"
    #: `hours` hours were neither observed nor foreseen.
    OBSERVED_MISSING = "weather_observed_missing"
    #: `hours` hours of the horizon have no price yet.
    PRICE_MISSING = "price_missing"
    #: `hours` hours of the horizon have no CO2 forecast.
    CO2_MISSING = "co2_missing"


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing to know, and the number that belongs to it."""

    code: NoteCode
    number: float = 0.0


@dataclass(frozen=True, kw_only=True)
class OrderTable:
    """One table of an order in the object store; None where nothing was known."""

    reference: str | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OrderTables:
    """What an order for a plan at one place and instant refers to."""

    weather_observed: str | None
    weather_forecast: str | None
    #: Spot price in DKK/kWh without taxes and tariffs, and the electricity's CO2 in kg/kWh. They are the electricity's:
    #: only a heat pump's or an electric boiler's heat costs and emits by them, district heating and gas do not.
    signals: str | None
    notes: tuple[Note, ...]


class OrderTableMaker:
    """Makes tables as known at `at`; buildings at one place, or in one price area, share theirs."""

    def __init__(self, known: KnownSeries, store: Store, at: datetime, *, history_h: int, horizon_h: int) -> None:
        """For plans that begin at `at` (aware, on the full hour), with `history_h` hours of observed weather."""
        self._known, self._store, self._at = known, store, at
        self._issue = hours.beginning_at(at)
        self._history_h, self._horizon_h = history_h, horizon_h
        self._observed: Callable[[Place], OrderTable] = lru_cache(KEPT_AT_HAND)(self._make_observed)
        self._forecast: Callable[[Place], OrderTable] = lru_cache(KEPT_AT_HAND)(self._make_forecast)
        self._signals: Callable[[str], OrderTable] = lru_cache(KEPT_AT_HAND)(self._make_signals)

    def tables(self, location: Location, area: str | None) -> OrderTables:
        """References for a building at `location`; with a price area, also what its electricity costs and emits."""
        place = Place.near(location)
        observed, forecast = self._observed(place), self._forecast(place)
        signals = self._signals(area) if area else OrderTable(reference=None)
        return OrderTables(
            weather_observed=observed.reference,
            weather_forecast=forecast.reference,
            signals=signals.reference,
            notes=(*observed.notes, *forecast.notes, *signals.notes),
        )

    def _make_forecast(self, place: Place) -> OrderTable:
        end = self._issue + self._horizon_h
        known = self._known.as_known(place.forecast_series, self._at, first=self._issue, end=end)
        if known is None:
            return OrderTable(reference=None, notes=(Note(code=NoteCode.FORECAST_MISSING),))
        age_h = (self._at - max(known.issued)).total_seconds() / hours.SECONDS
        notes = (Note(code=NoteCode.FORECAST_STALE, number=round(age_h, 1)),) if age_h > STALE_AFTER_H else ()
        return OrderTable(reference=self._store.put(_on_full_hours(known).to_csv()), notes=notes)

    def _make_observed(self, place: Place) -> OrderTable:
        first = self._issue - self._history_h
        measured = self._known.as_known(place.observed_series, self._at, first=first, end=self._issue)
        foreseen = self._known.as_known(place.forecast_series, self._at, first=first, end=self._issue)
        observed = {} if measured is None else measured.by_hour()
        stand_in = {} if foreseen is None else foreseen.by_hour()
        both = {**stand_in, **observed}
        notes = (
            *_counted(NoteCode.OBSERVED_STAND_IN, len(stand_in.keys() - observed.keys())),
            *_counted(NoteCode.OBSERVED_MISSING, self._history_h - len(both)),
        )
        if not both:
            return OrderTable(reference=None, notes=notes)
        rows = ((hours.end_of(hour), hour, [both[hour][name] for name in WEATHER]) for hour in sorted(both))
        table = issued_table(WEATHER, rows)
        return OrderTable(reference=self._store.put(without_issued(table)), notes=notes)

    def _make_signals(self, area: str) -> OrderTable:
        end = self._issue + self._horizon_h
        price, co2 = (
            self._known.as_known(series, self._at, first=self._issue, end=end)
            for series in (f"dayahead:{area}", f"co2-foreseen:{area}")
        )
        table = _joined_signals(price, co2)
        there = [0 if known is None else len(known) for known in (price, co2)]
        notes = (
            *_counted(NoteCode.PRICE_MISSING, self._horizon_h - there[0]),
            *_counted(NoteCode.CO2_MISSING, self._horizon_h - there[1]),
        )
        if not len(table):
            return OrderTable(reference=None, notes=notes)
        return OrderTable(reference=self._store.put(_on_full_hours(table).to_csv()), notes=notes)


def _counted(code: NoteCode, count: int) -> tuple[Note, ...]:
    return (Note(code=code, number=count),) if count > 0 else ()


def _joined_signals(price: IssuedTable | None, co2: IssuedTable | None) -> IssuedTable:
    """Price and CO2 side by side, NaN where one is missing; a row is known when the later of its two values is."""
    parts = [(price, PRICE), (co2, CO2)]
    values = [
        {} if table is None else dict(zip(table.hours, table.columns[name], strict=True)) for table, name in parts
    ]
    issued = [{} if table is None else dict(zip(table.hours, table.issued, strict=True)) for table, _ in parts]
    rows = (
        (
            max(times[hour] for times in issued if hour in times),
            hour,
            [known.get(hour, float("nan")) for known in values],
        )
        for hour in sorted(values[0].keys() | values[1].keys())
    )
    return issued_table(SIGNALS, rows)


def _on_full_hours(table: IssuedTable) -> IssuedTable:
    """Issue times as orders write them: the end of their hour, never earlier than they were."""
    return IssuedTable(issued=tuple(map(end_of_the_hour, table.issued)), hours=table.hours, columns=table.columns)
