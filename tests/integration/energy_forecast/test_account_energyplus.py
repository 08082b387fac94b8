"""The savings account on a building that nobody here wrote: EnergyPlus's small office, with its true saving."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.account.days import HourlyValues, Operation, local_days
from samdrift_energy_forecast.account.savings import Design, Savings, measured_savings
from samdrift_energy_forecast.emulator import Experiment, simulate_side_by_side
from samdrift_energy_forecast.emulator.weather_file import weather_hours
from samdrift_testing.saving_buildings import alternating, office

FIRST, WEEKS = date(2025, 1, 6), 20
WEATHER = "usa_il_chicago"


def experiment(operation: dict[date, Operation]) -> Experiment:
    """Fixed setback 16/21 C from 6 to 17 o'clock; under plans half a K less, an hour later, and 15 C at night."""
    celsius: list[float] = []
    for day in (FIRST + timedelta(days=one) for one in range(7 * WEEKS)):
        plan = operation.get(day) is Operation.PLAN
        warm, night, begins = (20.5, 15.0, 7) if plan else (21.0, 16.0, 6)
        celsius += [warm if begins <= hour < 17 and day.weekday() < 5 else night for hour in range(hours.DAY)]
    return Experiment(building="small_office", weather=WEATHER, first_day=FIRST, set_points_c=tuple(celsius))


def test_the_interval_covers_what_energyplus_saved() -> None:
    operation = alternating(FIRST, WEEKS, np.random.default_rng(0))
    turns, fixed = simulate_side_by_side([experiment(operation), experiment({})])
    first = (FIRST - date(1970, 1, 1)).days * hours.DAY
    sun = weather_hours(WEATHER, FIRST, 7 * WEEKS).global_radiation_w_m2
    heat_kwh, outdoor_c, sun_w_m2 = (
        HourlyValues(first=first, values=np.array(values)) for values in (turns.heat_kwh, turns.outdoor_c, sun)
    )
    days = local_days(office("UTC", "GB"), heat_kwh, outdoor_c, sun_w_m2, operation)
    found = measured_savings(days, min(operation), max(operation))
    assert isinstance(found, Savings)
    assert found.design is Design.ALTERNATING_WEEKS
    saved = (np.array(fixed.heat_kwh) - np.array(turns.heat_kwh)).reshape(-1, hours.DAY).sum(axis=1)
    true = float(saved[days.of(Operation.PLAN)].sum())
    assert true > 500
    assert found.interval_kwh.low < true < found.interval_kwh.high
    assert found.is_shown
