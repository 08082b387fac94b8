"""A fleet of buildings of our own making, in the tables: all simulated at once, by other code than the package's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.building.description import BuildingDescription, Location
from samdrift_energy_forecast.sources.issued_table import issued_table
from samdrift_energy_forecast.sources.known import KnownSeries
from samdrift_energy_forecast.sources.place import Place
from samdrift_energy_forecast.tables import readings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_platform.contract import Store
    from samdrift_platform.ledger.database import Ledger

#: Midnight in Denmark on a Tuesday in January: when the plans of the night begin.
ISSUE_TIME = datetime(2026, 1, 26, 23, tzinfo=UTC)
#: When the night's run takes place: after the last readings and the last forecast.
NOW = ISSUE_TIME + timedelta(minutes=10)
HOUR = timedelta(hours=1)
#: Longer than any plan.
FORECAST_H = 96
#: Towns with a building each in turn: a place's weather serves all of them.
TOWNS = ((55.68, 12.57), (56.15, 10.20), (57.05, 9.92), (55.40, 10.39))
WORK = [(day, {"begins": "08:00", "ends": "16:00"}) for day in ("monday", "tuesday", "wednesday", "thursday", "friday")]


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Buildings and what their meters showed in the `hours` hours before `issue_time`."""

    ids: tuple[str, ...]
    issue_time: datetime = ISSUE_TIME
    #: Shape `(buildings, hours)`: kWh, and the rooms' mean and the coldest room in C.
    heat_kwh: NDArray[np.float64]
    indoor_c: NDArray[np.float64]
    #: Shape `(towns, hours + FORECAST_H)`.
    outdoor_c: NDArray[np.float64]
    radiation_w_m2: NDArray[np.float64]

    @property
    def hours(self) -> int:
        """Hours of readings."""
        return int(self.heat_kwh.shape[1])

    def stamp(self, k: int) -> datetime:
        """End of the hour `k`, counted from the first reading."""
        return self.issue_time - (self.hours - k - 1) * HOUR

    def description(self, number: int, **fields: Any) -> BuildingDescription:
        """One building as its owner describes it."""
        latitude, longitude = TOWNS[number % len(TOWNS)]
        known: dict[str, Any] = {
            "id": self.ids[number],
            "name": f"Skole {number + 1}",
            "type": "school",
            "area_m2": 1500.0,
            "location": {"latitude": latitude, "longitude": longitude},
            "calendar": {"opening": dict(WORK)},
            "setback": {"warm": {"begins": "06:00", "ends": "17:00"}},
            "tariff": {"price_per_kwh": 0.62},
            "emission": {"kg_co2_per_kwh": 0.034, "year": 2021, "method": "environmental declaration, 200 % method"},
        }
        return BuildingDescription.model_validate(known | fields)


def simulated(count: int, *, first: int = 0, days: int = 28, issue_time: datetime = ISSUE_TIME) -> Fleet:
    """`count` houses from number `first` on: capacity, loss, plant, thermostat and reading noise drawn for each."""
    hours = days * 24
    outdoor_c, radiation = _weather(np.random.default_rng(1), hours + FORECAST_H)
    random = np.random.default_rng([1, first])
    heat_kwh, indoor_c = _run(random, count, outdoor_c[:, :hours], radiation[:, :hours], issue_time)
    return Fleet(
        ids=named(first, count),
        issue_time=issue_time,
        heat_kwh=heat_kwh,
        indoor_c=indoor_c,
        outdoor_c=outdoor_c,
        radiation_w_m2=radiation,
    )


def named(first: int, count: int) -> tuple[str, ...]:
    """Ids of `count` buildings from number `first` on."""
    return tuple(f"building-{number:05d}" for number in range(first, first + count))


def enter(
    ledger: Ledger,
    store: Store,
    fleet: Fleet,
    *,
    chosen: Sequence[int] | None = None,
    until: datetime | None = None,
    **fields: Any,
) -> None:
    """Write the fleet, or the buildings with these numbers, into the tables: descriptions, readings and weather.

    Readings end with `until` where it is given; `fields` replace those of every description.
    """
    numbers = range(len(fleet.ids)) if chosen is None else chosen
    _enter_weather(ledger, store, fleet)
    with ledger.write() as connection:
        described = [fleet.description(number, **fields) for number in numbers]
        register.put(connection, described, by="olga", now=fleet.issue_time - HOUR)
    for number in numbers:
        with ledger.write() as connection:  # one after the other, so that nobody waits long for the write lock
            _insert(connection, _reading_rows(fleet, number, until or fleet.issue_time))


def _reading_rows(fleet: Fleet, number: int, until: datetime) -> list[tuple[str, str, datetime, float, datetime, str]]:
    """Readings up to `until`, received together then."""
    stamps = [fleet.stamp(k) for k in range(fleet.hours)]
    series = {"heat": fleet.heat_kwh, "indoor": fleet.indoor_c, "coldest_room": fleet.indoor_c - 0.5}
    return [
        (fleet.ids[number], name, stamp, value, until, "file:test")
        for name, values in series.items()
        for stamp, value in zip(stamps, values[number].round(3).tolist(), strict=True)
        if stamp <= until
    ]


def _insert(connection: sa.Connection, rows: list[tuple[str, str, datetime, float, datetime, str]]) -> None:
    """Past SQLAlchemy's own types where it is SQLite: a fleet has millions of readings."""
    names = ("building", "series", "stamp", "value", "received_at", "source")
    if connection.dialect.name != "sqlite":
        connection.execute(sa.insert(readings), [dict(zip(names, row, strict=True)) for row in rows])
        return
    marks = ", ".join("?" * len(names))
    told = [(b, n, f"{t:%Y-%m-%d %H:%M:%S}.000000", v, f"{r:%Y-%m-%d %H:%M:%S}.000000", s) for b, n, t, v, r, s in rows]
    connection.exec_driver_sql(f"INSERT INTO {readings.name} ({', '.join(names)}) VALUES ({marks})", told)


def _enter_weather(ledger: Ledger, store: Store, fleet: Fleet) -> None:
    """Observations are known at the end of their hour; one forecast was made an hour before the plans begin."""
    known = KnownSeries(ledger, store)
    names, first = ("temperature_c", "global_radiation_w_m2"), int(fleet.stamp(0).timestamp()) // 3600 - 1
    issued = fleet.issue_time - HOUR
    for town, (latitude, longitude) in enumerate(TOWNS):
        place = Place.near(Location(latitude=latitude, longitude=longitude))
        values = np.column_stack([fleet.outdoor_c[town], fleet.radiation_w_m2[town]]).tolist()
        past = [(fleet.stamp(k), first + k, values[k]) for k in range(fleet.hours)]
        future = [(issued, first + k, values[k]) for k in range(fleet.hours, len(values))]
        known.keep(place.observed_series, issued_table(names, past), issued)
        known.keep(place.forecast_series, issued_table(names, future), issued)


def _weather(random: np.random.Generator, hours: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A January: a daily wave, slow weather that wanders, a low sun."""
    k = np.arange(hours)
    outdoor = []
    for town in range(len(TOWNS)):
        slow = np.convolve(random.normal(0.0, 1.0, hours + 72), np.ones(72) / math.sqrt(72), mode="valid")[:hours]
        outdoor.append(1.0 - town / 2 + 2.0 * np.sin(2 * math.pi * (k - 9) / 24) + 2.5 * slow)
    sun = np.maximum(0.0, np.sin(2 * math.pi * (k % 24 - 8) / 18)) * ((k % 24 >= 8) & (k % 24 < 17))
    return np.array(outdoor), np.tile(150.0 * sun, (len(TOWNS), 1))


def _run(
    random: np.random.Generator,
    count: int,
    outdoor_c: NDArray[np.float64],
    radiation: NDArray[np.float64],
    issue_time: datetime,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Heat and rooms of all houses, hour by hour: implicit Euler, thermostat, gains of people and sun."""
    hours = outdoor_c.shape[1]
    town = np.arange(count) % len(TOWNS)
    loss = random.uniform(0.4, 3.0, count)
    capacity, plant = loss * random.uniform(30.0, 60.0, count), loss * random.uniform(45.0, 60.0, count)
    people, sun = loss * random.uniform(0.5, 2.0, count), loss * random.uniform(0.002, 0.01, count)
    room = np.full(count, 19.0)
    heat, rooms = np.empty((count, hours)), np.empty((count, hours))
    for k in range(hours):
        local = issue_time - (hours - k) * HOUR + HOUR  # Danish winter time
        work = local.weekday() < 5
        wanted_c = 21.0 if work and 6 <= local.hour < 17 else 16.0
        gain = people * (work and 8 <= local.hour < 16) + sun * radiation[town, k]
        outdoor = outdoor_c[town, k]
        needed = capacity * (wanted_c - room) + loss * (wanted_c - outdoor) - gain
        heat[:, k] = np.clip(needed, 0.0, plant)
        room = (capacity * room + loss * outdoor + gain + heat[:, k]) / (capacity + loss)
        rooms[:, k] = room
    heat *= random.normal(1.0, 0.03, heat.shape)
    return np.maximum(0.0, heat), rooms + random.normal(0.0, 0.05, rooms.shape)
