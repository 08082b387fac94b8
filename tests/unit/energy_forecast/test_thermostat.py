from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samdrift_energy_forecast.metering.readings import Readings
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.thermal.droop import FEWEST_HOURS, USUAL_LAG_K, Droop
from samdrift_energy_forecast.thermal.model import ThermalState
from samdrift_energy_forecast.thermal.thermostat import planned_heat_kwh, thermostat_heat_kwh
from samdrift_testing.grey_box import HEAVY

MODEL = replace(
    HEAVY, mass_kw_per_k=0.0, intake_kw_per_k=0.0, supply_kw_per_k=0.0, base_gain_kw=0.0, people_gain_kw=0.0
)
START = ThermalState(room_c=20.0, mass_c=20.0)
SETTLED = Droop(lag_k=0.5, k_per_kwh=0.0)


def still(count: int) -> Operation:
    """Hours at 0 C outdoors in which nothing else happens."""
    never = np.zeros(count, dtype=np.bool_)
    return Operation(
        first=0,
        temperature_c=np.zeros(count),
        global_radiation_w_m2=np.zeros(count),
        is_open=never,
        is_ventilated=never,
        is_warm=~never,
        setback_c=np.full(count, 21.0),
    )


def test_a_held_room_needs_its_losses() -> None:
    heat = thermostat_heat_kwh(MODEL, np.full(5, 20.5), still(5), START, SETTLED)
    assert heat == pytest.approx(np.full(5, 0.5 * 20.0))


def test_above_its_set_point_a_room_gets_no_heat_and_cools() -> None:
    heat = thermostat_heat_kwh(MODEL, np.full(3, 10.0), still(3), START, SETTLED)
    assert heat.tolist() == [0.0, 0.0, 0.0]


def test_the_plant_delivers_no_more_than_it_ever_has() -> None:
    assert thermostat_heat_kwh(MODEL, np.full(3, 35.0), still(3), START, SETTLED).max() == 30.0


def test_what_is_wrong_about_both_plans_cancels() -> None:
    forecast, fixed = np.array([100.0, 5.0]), np.array([80.0, 20.0])
    assert planned_heat_kwh(forecast, fixed, fixed).tolist() == forecast.tolist()


def test_no_hour_is_negative_and_the_sum_changes_by_the_difference() -> None:
    forecast, fixed = np.array([100.0, 5.0]), np.array([80.0, 20.0])
    assert planned_heat_kwh(forecast, fixed, fixed - 10.0).tolist() == [85.0, 0.0]
    assert planned_heat_kwh(forecast, fixed, fixed - 60.0).tolist() == [0.0, 0.0]


def test_with_a_droop_a_room_stays_further_below_the_more_heat_it_gets() -> None:
    droop = Droop(lag_k=0.5, k_per_kwh=0.1)
    heat = thermostat_heat_kwh(MODEL, np.full(200, 21.5), still(200), START, droop)
    settled_c = heat[-1] / 0.5
    assert 21.5 - settled_c == pytest.approx(0.5 + 0.1 * heat[-1], abs=1e-3)
    assert droop.set_point_c(np.array([settled_c]), heat[-1:])[0] == pytest.approx(21.5, abs=1e-3)


def readings(heat_kwh: np.ndarray, indoor_c: np.ndarray) -> Readings:
    return Readings(first=0, heat_kwh=heat_kwh, indoor_c=indoor_c, coldest_room_c=indoor_c)


def test_the_droop_is_learnt_where_the_plant_had_heat_to_spare() -> None:
    heat = np.tile(np.linspace(2.0, 30.0, 30), 2)
    rooms = 21.0 - 0.4 - 0.05 * heat
    rooms[heat >= 29.0] = 12.0  # full heat: the plant decides, not the thermostat
    rooms[7] = np.nan
    learnt = Droop.learnt(readings(heat, rooms), still(60))
    assert learnt.lag_k == pytest.approx(0.4)
    assert learnt.k_per_kwh == pytest.approx(0.05)


@pytest.mark.parametrize("rooms_c", [25.0, np.nan])
def test_where_nothing_was_seen_the_usual_lag_is_taken(rooms_c: float) -> None:
    count = 2 * FEWEST_HOURS
    learnt = Droop.learnt(readings(np.linspace(1.0, 9.0, count), np.full(count, rooms_c)), still(count))
    assert learnt == Droop(lag_k=USUAL_LAG_K, k_per_kwh=0.0)
