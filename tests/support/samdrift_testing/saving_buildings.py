"""Buildings whose saving is known: hourly heat balances that share nothing with the baseline's model of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.account.days import Days, HourlyValues, Operation, local_days
from samdrift_energy_forecast.building.description import BuildingDescription

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def office(time_zone: str = "Europe/Copenhagen", country: str = "DK") -> BuildingDescription:
    """Open on weekdays from 8 to 16 o'clock."""
    return BuildingDescription.model_validate(
        {
            "id": "office-1",
            "name": "Kontoret",
            "time_zone": time_zone,
            "type": "office",
            "area_m2": 1_000.0,
            "location": {"latitude": 55.676, "longitude": 12.568},
            "calendar": {
                "country": country,
                "opening": {day: {"begins": "08:00", "ends": "16:00"} for day in WEEKDAYS},
            },
            "setback": {"warm": {"begins": "06:00", "ends": "17:00"}},
            "tariff": {"price_per_kwh": 0.8},
            "emission": {"kg_co2_per_kwh": 0.05, "year": 2023, "method": "a test's"},
        }
    )


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Hours from `first`; `heat_kwh` as metered, `without_kwh` what the same hours use without any plan."""

    first: int
    outdoor_c: NDArray[np.float64]
    radiation_w_m2: NDArray[np.float64]
    heat_kwh: NDArray[np.float64]
    without_kwh: NDArray[np.float64]

    def days(self, building: BuildingDescription, operation: dict[date, Operation]) -> Days:
        """As an account sees them."""
        series = (self.heat_kwh, self.outdoor_c, self.radiation_w_m2)
        heat, outdoor, sun = (HourlyValues(first=self.first, values=values) for values in series)
        return local_days(building, heat, outdoor, sun, operation)

    def true_saving_kwh(self, days: Days, chosen: NDArray[np.bool_]) -> float:
        """Over the days `chosen` of `days`, which begins with `first`."""
        saved = (self.without_kwh - self.heat_kwh).reshape(-1, hours.DAY).sum(axis=1)
        return float(saved[chosen].sum())


def alternating(first: date, weeks: int, rng: np.random.Generator) -> dict[date, Operation]:
    """Two weeks at a time, by lot which of them is under plans."""
    kinds: list[Operation] = []
    for _ in range(weeks // 2):
        pair = [Operation.SETBACK, Operation.PLAN]
        kinds += pair if rng.integers(2) else pair[::-1]
    return {first + timedelta(days=day): kinds[day // 7] for day in range(7 * len(kinds))}


def before_after(first: date, reference: int, reporting: int) -> dict[date, Operation]:
    """So many days under fixed setback, then so many under plans."""
    kinds = [Operation.SETBACK] * reference + [Operation.PLAN] * reporting
    return {first + timedelta(days=day): kind for day, kind in enumerate(kinds)}


def simulated(
    operation: dict[date, Operation], saving_k: float, rng: np.random.Generator, *, noise: float = 0.08
) -> Simulated:
    """UTC days of one building: plans hold rooms `saving_k` cooler, which is what they save.

    Weather and use follow AR(1) processes; `noise` is the use's spread as a share of a day's mean heat.
    """
    days = sorted(operation)
    count = len(days)
    season = 6.0 - 7.0 * np.cos(2 * np.pi * (np.array([day.timetuple().tm_yday for day in days]) - 20) / 365)
    mean_c = season + _ar(count, 0.8, 3.0, rng)
    clock = np.arange(hours.DAY)
    outdoor = (mean_c[:, None] + 2.5 * np.sin((clock - 9) / 24 * 2 * np.pi)[None, :]).ravel()
    sun = (np.maximum(0.0, np.sin((clock - 6) / 12 * np.pi))[None, :] * rng.uniform(20, 300, count)[:, None]).ravel()
    is_open = np.repeat([day.weekday() < 5 for day in days], hours.DAY)
    warm = is_open & (np.tile(clock, count) >= 6) & (np.tile(clock, count) < 17)
    set_point = np.where(warm, 21.0, 17.0)
    plan = np.repeat([operation[day] is Operation.PLAN for day in days], hours.DAY)
    use = np.repeat(1.0 + _ar(count, 0.5, noise, rng), hours.DAY)
    without = _heat(set_point, outdoor, sun) * use
    return Simulated(
        first=(days[0] - date(1970, 1, 1)).days * hours.DAY,
        outdoor_c=outdoor,
        radiation_w_m2=sun,
        heat_kwh=np.where(plan, _heat(set_point - saving_k, outdoor, sun) * use, without),
        without_kwh=without,
    )


def _heat(
    set_point_c: NDArray[np.float64], outdoor_c: NDArray[np.float64], sun: NDArray[np.float64]
) -> NDArray[np.float64]:
    """2 kWh/K of losses an hour, sun and gains, and hot water that always runs."""
    return np.maximum(0.0, 2.0 * (set_point_c - outdoor_c) - 0.02 * sun - 6.0) + 1.5


def _ar(count: int, keep: float, spread: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """An AR(1) process with standard deviation `spread`."""
    values = np.empty(count)
    values[0] = rng.normal(0, spread)
    for place in range(1, count):
        values[place] = keep * values[place - 1] + rng.normal(0, spread * np.sqrt(1 - keep**2))
    return values
