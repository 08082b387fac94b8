"""A fortnight in the emulator under a plan each midnight, made from what was known then; beside any fixed schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.building.description import (
    Calendar,
    ClockHours,
    Comfort,
    Emission,
    Setback,
    Tariff,
    Weekday,
)
from samdrift_energy_forecast.emulator import Experiment, Simulated, simulate, simulate_controlled
from samdrift_energy_forecast.emulator.weather_file import weather_hours
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.forecasting.ridge import FamilyModel
from samdrift_energy_forecast.metering.readings import Readings
from samdrift_energy_forecast.planning.planner import PlannedBuilding, plan
from samdrift_energy_forecast.submission import Building
from samdrift_energy_forecast.surroundings.operation import Operation, operation
from samdrift_energy_forecast.surroundings.weather import Weather
from samdrift_energy_forecast.thermal.response import DAY_Q, QUARTERS

Array: TypeAlias = NDArray[np.float64]

#: Weeks under fixed setback that a building is known by; of the run that is judged a week is run-in.
HISTORY_DAYS, RUN_IN_DAYS, DAYS = 28, 7, 14
#: The emulator's clock knows no summer time: nor does this zone, an hour before UTC all year.
ZONE = "Etc/GMT-1"
NO_OBJECT = "sha256:" + "0" * 64
#: Error of the outdoor forecast, made up because a typical year has none: a random walk pulled to zero, whose standard
#: deviation is 1.0 K after 6 h and 1.4 K after 24 h. DMI's had 0.99 and 1.17 K (see `hedge`): this is no kinder.
ERROR_STEP_K, ERROR_MEMORY = 0.45, 0.95
#: The forecast's sun is the real one times a factor whose logarithm has this standard deviation, another each night.
SUN_ERROR = 0.25


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A fixed schedule: warm between two times of open days, in quarter-hours from midnight; temperatures in C."""

    begins_q: int = 24
    ends_q: int = 68
    warm_c: float = 21.0
    night_c: float = 16.0
    weekend_c: float = 16.0
    #: On the first day after a closed one heating begins so much earlier (quarter-hours).
    earlier_after_closed_q: int = 0


SETBACK = Schedule()


@dataclass(frozen=True, kw_only=True)
class Fortnight:
    """One building, one weather file, two weeks from a Monday."""

    building: str
    weather: str
    first_day: date
    #: Lowest set-point while closed and highest of all: what the building's owner allows.
    lowest_night_c: float = 12.0
    highest_c: float = 24.0

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.building} {self.weather} {self.first_day.isoformat()}"

    @cached_property
    def document(self) -> Building:
        """The building as an order describes it: open on weekdays from 8 to 16, fixed setback 16/21 C, warm 6 to 17."""
        opening = {day: (ClockHours(begins=time(8), ends=time(16)),) for day in list(Weekday)[:5]}
        return Building(
            id=self.building,
            name=self.name,
            time_zone=ZONE,
            readings=NO_OBJECT,
            weather_observed=NO_OBJECT,
            weather_forecast=NO_OBJECT,
            calendar=Calendar(opening=opening, ventilation=ClockHours(begins=time(6), ends=time(21))),
            setback=Setback(warm_c=21.0, setback_c=16.0, warm=ClockHours(begins=time(6), ends=time(17))),
            comfort=Comfort(closed_c=self.lowest_night_c, highest_set_point_c=self.highest_c),
            tariff=Tariff(price_per_kwh=0.0),
            emission=Emission(kg_co2_per_kwh=0.0, year=2026, method="not used"),
        )

    def day(self, number: int) -> date:
        """Day `number` of the fortnight; negative ones came before."""
        return self.first_day + timedelta(days=number)

    def is_open(self, number: int) -> bool:
        """Whether people come on that day."""
        return BuildingCalendar(self.document).opening_of(self.day(number)) is not None

    def hour(self, number: int) -> int:
        """The hour in which that day begins."""
        return hours.beginning_at(datetime.combine(self.day(number), time(), self.document.zone))

    @cached_property
    def truth(self) -> Operation:
        """Weather as it came, and calendar, from the history's beginning to a horizon after the fortnight."""
        days = HISTORY_DAYS + DAYS + HORIZON_H // hours.DAY
        known = weather_hours(self.weather, self.day(-HISTORY_DAYS), days)
        weather = Weather(
            first=self.hour(-HISTORY_DAYS),
            temperature_c=np.array(known.temperature_c),
            global_radiation_w_m2=np.array(known.global_radiation_w_m2),
        )
        return operation(weather, BuildingCalendar(self.document))

    def set_points_c(self, schedule: Schedule, first: int, last: int) -> tuple[float, ...]:
        """Set-points of days `first` to `last - 1` by the quarter-hour."""
        chosen: list[float] = []
        for number in range(first, last):
            chosen += self._day_c(schedule, number)
        return tuple(chosen)

    def _day_c(self, schedule: Schedule, number: int) -> list[float]:
        before, today, after = (self.is_open(number + k) for k in (-1, 0, 1))
        morning_c = schedule.night_c if before and today else schedule.weekend_c
        evening_c = schedule.night_c if today and after else schedule.weekend_c
        if not today:
            return [schedule.weekend_c] * DAY_Q
        begins = schedule.begins_q - (0 if before else schedule.earlier_after_closed_q)
        warm = [schedule.warm_c] * (schedule.ends_q - begins)
        return [morning_c] * begins + warm + [evening_c] * (DAY_Q - schedule.ends_q)

    def experiment(self, schedule: Schedule, first: int, last: int = DAYS) -> Experiment:
        """Days `first` to `last - 1` under `schedule`; before the fortnight fixed setback is in force."""
        before = self.set_points_c(SETBACK, first, 0)
        return Experiment(
            building=self.building,
            weather=self.weather,
            first_day=self.day(first),
            set_points_c=(*before, *self.set_points_c(schedule, 0, last)),
            changes_per_hour=QUARTERS,
            holidays=tuple(
                self.day(n) for n in range(first, last) if self.day(n).weekday() < 5 and not self.is_open(n)
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Result:
    """A fortnight under some set-points."""

    heat_kwh: float
    #: Highest hour (kWh).
    peak_kw: float
    #: K h below 20 C operative temperature while open, by controlled zone.
    zone_cold_kh: Array
    #: Heat of each hour, kWh.
    by_hour_kwh: Array

    def saved(self, other: Result) -> float:
        """Share of `other`'s heat."""
        return 1 - self.heat_kwh / other.heat_kwh

    def colder_kh(self, other: Result) -> tuple[float, float]:
        """How much colder than `other`: the mean over zones, and the zone that lost most."""
        apart = self.zone_cold_kh - other.zone_cold_kh
        return float(apart.mean()), float(apart.max())


def judged(fortnight: Fortnight, simulated: Simulated) -> Result:
    """The fortnight's days, which are the last of `simulated`."""
    count = DAYS * hours.DAY
    first = fortnight.hour(0)
    is_open = BuildingCalendar(fortnight.document).is_open(first, count)
    cold = np.array([zone[-count:] for zone in simulated.cold_kelvin_hours.values()])
    heat = np.array(simulated.heat_kwh[-count:])
    return Result(
        heat_kwh=float(heat.sum()),
        peak_kw=float(heat.max()),
        zone_cold_kh=(cold * is_open).sum(axis=1),
        by_hour_kwh=heat,
    )


@dataclass(kw_only=True)
class NightlyPlans:
    """The controller that plans each midnight with what was known then: readings so far and a forecast with errors."""

    fortnight: Fortnight
    history: Simulated
    family: FamilyModel
    seed: int = 0
    #: Told of every plan; for tables and tests.
    watch: Callable[[int, PlannedBuilding], None] | None = None
    _in_force_c: list[float] = field(default_factory=list)

    def day_set_points_c(self, day: int, so_far: Simulated) -> Sequence[float] | None:
        """The first day of the plan made at midnight; None before the fortnight."""
        number = day - RUN_IN_DAYS
        if number < 0:
            return None
        if not self._in_force_c:
            self._in_force_c = list(self.fortnight.set_points_c(SETBACK, -HISTORY_DAYS, 0))
        made = plan(
            self.fortnight.document,
            self._readings(number, so_far),
            self._surroundings(number),
            self.family,
            followed_c=np.array(self._in_force_c),
        )
        if self.watch is not None:
            self.watch(number, made)
        chosen = self._chosen(made)[:DAY_Q]
        self._in_force_c += chosen
        return chosen

    def _chosen(self, made: PlannedBuilding) -> list[float]:
        if made.responsive is None:
            return [float(celsius) for celsius in made.set_points.celsius for _ in range(QUARTERS)]
        return [float(celsius) for celsius in made.responsive.best.set_points_c]

    def _readings(self, number: int, so_far: Simulated) -> Readings:
        """Hourly heat, mean, coldest and each room, rounded as meters and sensors do."""
        run_in, now = RUN_IN_DAYS * hours.DAY, (RUN_IN_DAYS + number) * hours.DAY
        history = HISTORY_DAYS * hours.DAY

        def joined(name: str, decimals: int) -> Array:
            before, since = getattr(self.history, name)[:history], getattr(so_far, name)[run_in:now]
            return np.array([*before, *since]).round(decimals)

        def hourly(zone: str) -> Array:
            before, since = self.history.room_quarters_c[zone], so_far.room_quarters_c[zone]
            quarters = np.array([*before[: QUARTERS * history], *since[QUARTERS * run_in : QUARTERS * now]])
            return np.asarray(quarters.reshape(-1, QUARTERS).mean(axis=1).round(1))

        return Readings(
            first=self.fortnight.hour(-HISTORY_DAYS),
            rooms_c={zone: hourly(zone) for zone in so_far.room_quarters_c},
            heat_kwh=joined("heat_kwh", 3),
            indoor_c=joined("indoor_c", 1),
            coldest_room_c=joined("coldest_room_c", 1),
        )

    def _surroundings(self, number: int) -> Operation:
        """Observed weather up to midnight, and a forecast with errors."""
        past = (HISTORY_DAYS + number) * hours.DAY
        whole = self.fortnight.truth.window(self.fortnight.truth.first, past + HORIZON_H)
        random = np.random.default_rng((self.seed, number))
        error_k, errors = 0.0, []
        for step in random.normal(0.0, ERROR_STEP_K, HORIZON_H):
            error_k = ERROR_MEMORY * error_k + float(step)
            errors.append(error_k)
        outdoor_c, sun = whole.temperature_c.copy(), whole.global_radiation_w_m2.copy()
        outdoor_c[past:] += errors
        sun[past:] *= np.exp(random.normal(0.0, SUN_ERROR))
        return replace(whole, temperature_c=outdoor_c, global_radiation_w_m2=sun)


class Emulations:
    """Simulations that are kept in a folder, so that none is made twice."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def of(self, experiment: Experiment) -> Simulated:
        """What the emulator answers to `experiment`."""
        return self._kept(experiment.to_json(), lambda: simulate(experiment))

    def fixed(self, fortnight: Fortnight, schedule: Schedule) -> Result:
        """The fortnight under a fixed schedule, after a week's run-in under fixed setback."""
        return judged(fortnight, self.of(fortnight.experiment(schedule, -RUN_IN_DAYS)))

    def planned(self, fortnight: Fortnight, family: FamilyModel, *, seed: int = 0) -> Result:
        """The fortnight under a plan each midnight. Never kept: the planner may have changed."""
        history = self.of(fortnight.experiment(SETBACK, -HISTORY_DAYS, 0))
        nightly = NightlyPlans(fortnight=fortnight, history=history, family=family, seed=seed)
        return judged(fortnight, simulate_controlled(fortnight.experiment(SETBACK, -RUN_IN_DAYS), nightly))

    def _kept(self, question: str, answer: Callable[[], Simulated]) -> Simulated:
        file = self._folder / f"{sha256(question.encode()).hexdigest()[:20]}.json"
        if not file.exists():
            file.write_text(answer().to_json(), encoding="utf-8")
        return Simulated.from_json(file.read_text(encoding="utf-8"))
