"""A building in the emulator, planned every midnight by the programme: by price, peak, return temperature, CO2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.emulator import Experiment, Simulated
from samdrift_energy_forecast.emulator.weather_file import weather_hours
from samdrift_energy_forecast.metering.readings import Readings
from samdrift_energy_forecast.planning.costs import Costs
from samdrift_energy_forecast.planning.hedge import margin_k, with_reserve
from samdrift_energy_forecast.planning.programme import PlanningProblem, solve
from samdrift_energy_forecast.planning.set_points import set_points
from samdrift_energy_forecast.planning.tracking import highest_set_point_c, tracked
from samdrift_energy_forecast.submission import Building
from samdrift_energy_forecast.surroundings.operation import Operation, operation
from samdrift_energy_forecast.surroundings.weather import Weather
from samdrift_energy_forecast.thermal.comfort import RoomExperience, lowest_room_c
from samdrift_energy_forecast.thermal.droop import Droop
from samdrift_energy_forecast.thermal.model import ThermalState, identify, present_state
from samdrift_energy_forecast.thermal.thermostat import thermostat_heat_kwh

#: A Monday; four weeks under fixed setback, then a fortnight under plans.
FIRST_DAY, HISTORY_DAYS, PLANNED_DAYS = date(2026, 1, 5), 28, 14
#: A plan looks this far ahead; prices of its later hours are known in this test, weather is not.
HORIZON_H = 72
#: Error of the outdoor temperature forecast: a walk pulled to zero, about 1.2 K after a day (DMI's on Dbuilding).
ERROR_STEP_K, ERROR_MEMORY = 0.38, 0.95


@dataclass(frozen=True, kw_only=True)
class SignalControl:
    """Asked by the emulator at every midnight; plans with what the meters have shown until then."""

    #: Short names of `pyenergyplus.dataset`.
    building: str
    weather: str
    #: What is weighed, of each hour from the first planned one on, at least as long as the fortnight and a horizon.
    per_kwh: tuple[float, ...]
    reference_per_kwh: float
    peak_per_kw: float = 0.0
    boost_per_kwh: float = 0.0
    boost_from_share: float = 1.0
    #: Whether set-points follow the programme's trajectory, as they do where it matters when heat is bought.
    follows: bool = True

    def day_set_points_c(self, day: int, so_far: Simulated) -> Sequence[float] | None:
        if day < HISTORY_DAYS:
            return None
        count = day * hours.DAY
        readings = Readings(
            first=self.first,
            heat_kwh=np.array(so_far.heat_kwh[:count]),
            indoor_c=np.array(so_far.indoor_c[:count]),
            coldest_room_c=np.array(so_far.coldest_room_c[:count]),
        )
        past = self.surroundings.window(self.first, count)
        future = _as_forecast(self.surroundings.window(self.first + count, HORIZON_H), day)
        return self._planned(readings, past, future)[: hours.DAY]

    def _planned(self, readings: Readings, past: Operation, future: Operation) -> list[float]:
        building = self.document
        model = identify(readings, past)
        start, droop = present_state(model, readings), Droop.learnt(readings, past)
        setback = model.temperatures(thermostat_heat_kwh(model, future.setback_c, future, start, droop), future, start)
        experience = RoomExperience.of(readings, past, building.setback)
        lowest_c = lowest_room_c(future, experience, building.comfort, setback[:, 0])
        lowest_c = with_reserve(lowest_c, margin_k(model, len(future)), setback[:, 0], future)
        lowest_c = np.maximum(lowest_c, np.minimum(building.setback.setback_c - droop.lag_k, setback[:, 0]))
        highest_c = max(highest_set_point_c(building.comfort, building.setback), float(lowest_c.max()))
        problem = PlanningProblem(
            model=model,
            start=start,
            operation=future,
            lowest_c=lowest_c,
            fastest_rise_k=np.maximum(model.largest_rise_k, np.diff(setback[:, 0], prepend=start.room_c)),
            reference_end=ThermalState(room_c=float(setback[-1, 0]), mass_c=float(setback[-1, 1])),
            costs=self._costs(future),
            highest_c=highest_c,
        )
        trajectory = solve(problem)
        chosen = set_points(problem, trajectory, experience, building.comfort, building.setback)
        if self.follows:
            chosen = tracked(chosen, problem, trajectory, building.comfort, building.setback, droop)
        celsius: list[float] = chosen.celsius.tolist()
        return celsius

    def _costs(self, future: Operation) -> Costs:
        begins = future.first - self.first - HISTORY_DAYS * hours.DAY
        per_kwh = np.array(self.per_kwh[begins : begins + len(future)])
        is_flat = float(np.ptp(per_kwh)) == 0.0
        return Costs(
            per_kwh=per_kwh,
            reference_per_kwh=self.reference_per_kwh,
            surplus_per_kwh=self.reference_per_kwh if is_flat else 0.0,
            comfort_per_kwh=max(self.reference_per_kwh, float(per_kwh.max())),
            peak_per_kw=self.peak_per_kw,
            boost_per_kwh=self.boost_per_kwh,
            boost_from_share=self.boost_from_share,
        )

    @cached_property
    def document(self) -> Building:
        return described(self.building)

    @property
    def first(self) -> int:
        """The experiment's first hour."""
        return hours.beginning_at(datetime.combine(FIRST_DAY, time(), self.document.zone))

    @cached_property
    def surroundings(self) -> Operation:
        """Weather as it came, and the calendar, of all hours of the experiment and a horizon behind it."""
        days = HISTORY_DAYS + PLANNED_DAYS + HORIZON_H // hours.DAY
        known = weather_hours(self.weather, FIRST_DAY, days)
        weather = Weather(
            first=self.first,
            temperature_c=np.array(known.temperature_c),
            global_radiation_w_m2=np.array(known.global_radiation_w_m2),
        )
        return operation(weather, BuildingCalendar(self.document))

    def experiment(self) -> Experiment:
        """Fixed setback throughout: what applies where this is not asked."""
        days = HISTORY_DAYS + PLANNED_DAYS
        fixed = BuildingCalendar(self.document).setback_c(self.first, days * hours.DAY)
        return Experiment(
            building=self.building, weather=self.weather, first_day=FIRST_DAY, set_points_c=tuple(fixed.tolist())
        )


def described(building: str) -> Building:
    """One of the emulator's buildings as an order describes it."""
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday")
    return Building.model_validate(
        {
            "id": building,
            "name": building,
            **dict.fromkeys(("readings", "weather_observed", "weather_forecast"), "sha256:" + "0" * 64),
            "calendar": {
                "opening": {day: {"begins": "08:00", "ends": "16:00"} for day in weekdays},
                "ventilation": {"begins": "06:00", "ends": "21:00"},
            },
            "setback": {"warm": {"begins": "06:00", "ends": "17:00"}},
            "tariff": {"price_per_kwh": 0.62},
            "emission": {"kg_co2_per_kwh": 0.034, "year": 2021, "method": "not used"},
        }
    )


def _as_forecast(future: Operation, seed: int) -> Operation:
    """Its outdoor temperature as a forecast would have it; the error of a day is the same in every variant."""
    error, errors = 0.0, []
    for step in np.random.default_rng(seed).normal(0.0, ERROR_STEP_K, len(future)):
        error = ERROR_MEMORY * error + float(step)
        errors.append(error)
    return replace(future, temperature_c=future.temperature_c + np.array(errors))
