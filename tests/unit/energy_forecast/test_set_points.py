from __future__ import annotations

from dataclasses import replace
from datetime import time

import numpy as np
import pytest

from samdrift_energy_forecast.building.description import ClockHours, Comfort, Setback
from samdrift_energy_forecast.planning.programme import PlanningProblem, solve
from samdrift_energy_forecast.planning.set_points import SetPoints, set_points
from samdrift_energy_forecast.plans.reasons import TEXTS, Reason
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.thermal.comfort import ColdDayLine, RoomExperience, lowest_room_c
from samdrift_energy_forecast.thermal.model import ThermalState
from samdrift_testing.grey_box import HEAVY

SETBACK = Setback(warm_c=21.0, setback_c=16.0, warm=ClockHours(begins=time(6), ends=time(17)))
COMFORT = Comfort(open_c=20.0, closed_c=15.0)
MODEL = replace(HEAVY, largest_heat_kwh=40.0)


def days(count: int, *, closed: bool = False) -> Operation:
    """Days from midnight, open 08-16 unless `closed`, ventilated 06-21."""
    of_day = np.arange(24 * count) % 24
    open_hours = (of_day >= 8) & (of_day < 16) & (not closed)
    warm = (of_day >= 6) & (of_day < 17) & (not closed)
    return Operation(
        first=0,
        temperature_c=np.full(24 * count, 0.0),
        global_radiation_w_m2=np.zeros(24 * count),
        is_open=open_hours,
        is_ventilated=(of_day >= 6) & (of_day < 21) & (not closed),
        is_warm=warm,
        setback_c=np.where(warm, 21.0, 16.0),
    )


def experience(set_point_above_coldest_k: float = np.nan) -> RoomExperience:
    return RoomExperience(
        mean_above_coldest=ColdDayLine(level_k=np.zeros(24), slope=np.zeros(24)),
        set_point_above_coldest=ColdDayLine(level_k=np.full(24, set_point_above_coldest_k), slope=np.zeros(24)),
    )


def planned(operation: Operation, *, start_c: float = 18.0, above: float = np.nan) -> SetPoints:
    setback_room_c = np.where(operation.is_warm, 21.0, 17.0)
    problem = PlanningProblem(
        model=MODEL,
        start=ThermalState(room_c=start_c, mass_c=start_c),
        operation=operation,
        lowest_c=lowest_room_c(operation, experience(above), COMFORT, setback_room_c),
        fastest_rise_k=np.full(len(operation), 50.0),
        reference_end=ThermalState(room_c=16.0, mass_c=17.0),
    )
    return set_points(problem, solve(problem), experience(above), COMFORT, SETBACK)


def test_a_day_is_preheated_kept_and_let_go() -> None:
    made = planned(days(1))
    preheated = [k for k, reason in enumerate(made.reasons) if reason in (Reason.PREHEAT, Reason.PREHEAT_FULL)]
    assert preheated
    assert preheated[-1] == 7
    assert (made.celsius[preheated] == 21.0).all()
    assert (made.celsius[16:] == 16.0).all()
    assert made.reasons[17] is Reason.VENTILATION
    assert made.reasons[23] is Reason.SET_BACK


def test_the_limit_that_binds_is_named() -> None:
    reasons = planned(days(1)).reasons
    assert Reason.COMFORT_LIMIT in reasons[8:16]
    assert Reason.COMFORT_LIMIT not in reasons[16:]


def test_where_cold_walls_are_known_the_set_point_follows_them() -> None:
    assert planned(days(1), above=0.4).celsius[8:16] == pytest.approx(np.full(8, 20.4))
    assert planned(days(1), above=np.nan).celsius[8:16] == pytest.approx(np.full(8, 21.0))


@pytest.mark.parametrize("above", [-3.0, 5.0])
def test_set_points_while_open_stay_between_limit_and_todays(above: float) -> None:
    celsius = planned(days(1), above=above).celsius[8:16]
    assert celsius.min() >= COMFORT.open_c
    assert celsius.max() <= SETBACK.warm_c


def test_a_holiday_leaves_setback_on() -> None:
    made = planned(days(2, closed=True))
    assert (made.celsius == 16.0).all()


def test_from_12_degrees_full_heat_is_the_reason() -> None:
    assert planned(days(1), start_c=12.0).reasons[0] is Reason.FULL_HEAT


def test_rooms_are_to_be_warm_before_opening_but_never_warmer_than_today() -> None:
    operation = days(1)
    lowest = lowest_room_c(operation, experience(), COMFORT, np.full(24, 19.0))
    assert lowest[6:9].tolist() == [15.0, 19.0, 19.0]
    assert lowest_room_c(operation, experience(), COMFORT, np.full(24, 23.0))[7] == 20.0


def test_what_the_coldest_room_taught_grows_on_colder_days() -> None:
    operation = days(10)
    outdoor_c = np.repeat(np.linspace(-9.0, 9.0, 10), 24)
    operation = replace(operation, temperature_c=outdoor_c)
    line = ColdDayLine.fitted(1.0 - 0.1 * outdoor_c, operation.is_open, operation)
    assert line.slope[10] == pytest.approx(-0.1)
    assert line.at(replace(operation, temperature_c=np.full(240, -20.0)))[10] == pytest.approx(3.0)
    assert np.isnan(line.level_k[3])
    rising = ColdDayLine.fitted(1.0 + 0.1 * outdoor_c, operation.is_open, operation)
    assert rising.slope[10] == 0.0


def test_every_reason_is_told_in_both_languages() -> None:
    assert set(TEXTS) == set(Reason)
    assert all(texts["da"] and texts["en"] and texts["da"] != texts["en"] for texts in TEXTS.values())
