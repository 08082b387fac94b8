from __future__ import annotations

from datetime import date

import numpy as np

from samdrift_energy_forecast.emulator import Simulated
from samdrift_energy_forecast.training.fortnight import DAYS, SETBACK, Fortnight, Schedule, judged

FORTNIGHT = Fortnight(building="small_office", weather="usa_il_chicago", first_day=date(2026, 1, 5))


def simulated(heat_kwh: float, cold_kh: float) -> Simulated:
    """A fortnight and a day before it, every hour alike."""
    count = 24 * (DAYS + 1)
    return Simulated(
        heat_kwh=(heat_kwh,) * count,
        indoor_c=(20.0,) * count,
        coldest_room_c=(19.0,) * count,
        outdoor_c=(0.0,) * count,
        cold_kelvin_hours={"A": (cold_kh,) * count, "B": (0.0,) * count},
        room_quarters_c={},
        severe_errors=0,
    )


def test_fixed_setback_is_the_buildings_own_plan() -> None:
    first, hours = FORTNIGHT.truth.first, 28 * 24
    expected = np.repeat(FORTNIGHT.truth.window(first, hours).setback_c, 4)
    assert (np.array(FORTNIGHT.set_points_c(SETBACK, -28, 0)) == expected).all()


def test_a_fixed_schedule_is_colder_over_weekends_and_earlier_after_them() -> None:
    schedule = Schedule(begins_q=28, ends_q=64, warm_c=20.5, night_c=15.0, weekend_c=12.0, earlier_after_closed_q=4)
    friday, monday = (np.array(FORTNIGHT.set_points_c(schedule, day, day + 1)) for day in (4, 7))
    assert friday[[0, 27, 28, 63, 64, 95]].tolist() == [15.0, 15.0, 20.5, 20.5, 12.0, 12.0]
    assert monday[[0, 23, 24, 95]].tolist() == [12.0, 12.0, 20.5, 15.0]
    assert set(FORTNIGHT.set_points_c(schedule, 5, 7)) == {12.0}


def test_holidays_are_told_to_the_emulator() -> None:
    christmas = Fortnight(building="small_office", weather="usa_il_chicago", first_day=date(2026, 1, 5))
    days = christmas.experiment(SETBACK, -28, 0).holidays
    assert date(2025, 12, 25) in days
    assert date(2026, 1, 1) in days


def test_a_fortnight_is_judged_in_its_open_hours_alone() -> None:
    result = judged(FORTNIGHT, simulated(2.0, 1.0))
    assert result.heat_kwh == 2.0 * 24 * DAYS
    assert result.zone_cold_kh.tolist() == [80.0, 0.0]
    warmer = judged(FORTNIGHT, simulated(1.0, 0.5))
    assert warmer.saved(result) == 0.5
    assert warmer.colder_kh(result) == (-20.0, 0.0)
