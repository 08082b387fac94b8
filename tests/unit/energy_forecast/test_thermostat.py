from __future__ import annotations

import numpy as np
import pytest

from samdrift_energy_forecast.meters import Readings
from samdrift_energy_forecast.operation import Operation
from samdrift_energy_forecast.thermal import ThermalModel, ThermalState
from samdrift_energy_forecast.thermostat import USUAL_LAG_K, lag_k, planned_heat_kwh, thermostat_heat_kwh

MODEL = ThermalModel(
    capacity_kwh_per_k=20.0,
    loss_kw_per_k=0.5,
    mass_kw_per_k=0.0,
    intake_kw_per_k=0.0,
    supply_kw_per_k=0.0,
    base_gain_kw=0.0,
    people_gain_kw=0.0,
    solar_gain_kw_per_w_m2=0.0,
    time_constant_h=12.0,
    largest_heat_kwh=30.0,
    largest_rise_k=50.0,
)
START = ThermalState(room_c=20.0, mass_c=20.0)


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
    heat = thermostat_heat_kwh(MODEL, np.full(5, 20.5), still(5), START, lag=0.5)
    assert heat == pytest.approx(np.full(5, 0.5 * 20.0))


def test_above_its_set_point_a_room_gets_no_heat_and_cools() -> None:
    heat = thermostat_heat_kwh(MODEL, np.full(3, 10.0), still(3), START, lag=0.5)
    assert heat.tolist() == [0.0, 0.0, 0.0]


def test_the_plant_delivers_no_more_than_it_ever_has() -> None:
    assert thermostat_heat_kwh(MODEL, np.full(3, 35.0), still(3), START, lag=0.5).max() == 30.0


def test_what_is_wrong_about_both_plans_cancels() -> None:
    forecast, fixed = np.array([100.0, 5.0]), np.array([80.0, 20.0])
    assert planned_heat_kwh(forecast, fixed, fixed).tolist() == forecast.tolist()


def test_no_hour_is_negative_and_the_sum_changes_by_the_difference() -> None:
    forecast, fixed = np.array([100.0, 5.0]), np.array([80.0, 20.0])
    assert planned_heat_kwh(forecast, fixed, fixed - 10.0).tolist() == [85.0, 0.0]
    assert planned_heat_kwh(forecast, fixed, fixed - 60.0).tolist() == [0.0, 0.0]


def test_the_lag_is_the_median_of_hours_below_the_set_point() -> None:
    rooms = np.array([20.8, 20.2, 20.0, 22.0, np.nan])
    seen = Readings(first=0, heat_kwh=np.zeros(5), indoor_c=rooms, coldest_room_c=rooms)
    assert lag_k(seen, still(5)) == pytest.approx(0.8)
    warming = np.array([20.2, 17.0, 18.0, 19.0, 20.0])
    seen = Readings(first=0, heat_kwh=np.zeros(5), indoor_c=warming, coldest_room_c=warming)
    assert lag_k(seen, still(5)) == pytest.approx((0.8 + 4.0) / 2)
    warm = Readings(first=0, heat_kwh=np.zeros(5), indoor_c=rooms + 5.0, coldest_room_c=rooms)
    assert lag_k(warm, still(5)) == USUAL_LAG_K
