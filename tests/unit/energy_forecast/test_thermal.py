from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.metering.readings import Readings
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.thermal.model import (
    ThermalModel,
    ThermalState,
    identify,
    mass_temperatures,
    present_state,
)

MODEL = ThermalModel(
    capacity_kwh_per_k=80.0,
    loss_kw_per_k=4.0,
    mass_kw_per_k=10.0,
    intake_kw_per_k=6.0,
    supply_kw_per_k=3.0,
    base_gain_kw=20.0,
    people_gain_kw=25.0,
    solar_gain_kw_per_w_m2=0.1,
    time_constant_h=24.0,
    largest_heat_kwh=500.0,
    largest_rise_k=50.0,
)


def surroundings(count: int, seed: int = 1) -> Operation:
    """Hours with every term of the balance at work."""
    rng = np.random.default_rng(seed)
    of_day = np.arange(count) % 24
    return Operation(
        first=0,
        temperature_c=5.0 * np.sin(np.arange(count) / 30) + rng.normal(0, 2, count),
        global_radiation_w_m2=np.maximum(0, 400 * np.sin((of_day - 6) / 12 * np.pi)) * rng.uniform(0, 1, count),
        is_open=(of_day >= 8) & (of_day < 16),
        is_ventilated=(of_day >= 6) & (of_day < 21),
        is_warm=(of_day >= 6) & (of_day < 17),
        setback_c=np.where((of_day >= 6) & (of_day < 17), 21.0, 16.0),
    )


def balance_kwh(model: ThermalModel, hour: Operation, k: int, room: float, before: float, mass: float) -> float:
    """The balance of the module's docstring, written out for one hour."""
    heat = model.capacity_kwh_per_k * (room - before)
    heat += model.loss_kw_per_k * (room - hour.temperature_c[k]) + model.mass_kw_per_k * (room - mass)
    if hour.is_ventilated[k]:
        heat += model.intake_kw_per_k * max(0.0, 13.0 - hour.temperature_c[k]) + model.supply_kw_per_k * (room - 13.0)
    heat -= model.base_gain_kw + model.people_gain_kw * hour.is_open[k]
    return float(heat - model.solar_gain_kw_per_w_m2 * hour.global_radiation_w_m2[k])


def test_temperatures_fulfil_the_balance_of_every_hour() -> None:
    operation = surroundings(72)
    heat = np.random.default_rng(2).uniform(200, 400, 72)
    run = MODEL.temperatures(heat, operation, ThermalState(room_c=18.0, mass_c=19.0))
    before = 18.0
    for k, (room, mass) in enumerate(run):
        assert balance_kwh(MODEL, operation, k, room, before, mass) == pytest.approx(heat[k])
        before = room


def test_a_building_of_known_parameters_is_found_again() -> None:
    operation = surroundings(35 * 24)
    heat = np.random.default_rng(3).uniform(100, 500, len(operation))
    start = ThermalState(room_c=20.0, mass_c=20.0)
    room = MODEL.temperatures(heat, operation, start)[:, 0]
    found = identify(Readings(first=0, heat_kwh=heat, indoor_c=room, coldest_room_c=room), operation)
    assert found.time_constant_h == MODEL.time_constant_h
    assert found.capacity_kwh_per_k == pytest.approx(MODEL.capacity_kwh_per_k, rel=0.05)
    # Loss and base gain stand for each other while the rooms' temperature changes little, so less is asked of them.
    assert found.loss_kw_per_k == pytest.approx(MODEL.loss_kw_per_k, rel=0.1)
    assert found.people_gain_kw == pytest.approx(MODEL.people_gain_kw, rel=0.05)
    assert found.simulation_rmse_k < 0.1


def test_the_synthetic_house_is_described(readings: Readings, surroundings: Operation) -> None:
    found = identify(readings, surroundings.window(readings.first, len(readings.heat_kwh)))
    assert found.simulation_rmse_k < 0.2
    assert found.largest_heat_kwh == pytest.approx(30.0)
    assert present_state(found, readings).room_c == pytest.approx(readings.indoor_c[-1])


@settings(max_examples=30, deadline=None)
@given(constant=st.floats(2.0, 200.0))
def test_the_mass_follows_the_room_and_never_overshoots(constant: float) -> None:
    room = np.concatenate([np.full(24, 20.0), np.full(24, 10.0)])
    mass = mass_temperatures(room, constant)
    assert mass[23] == pytest.approx(20.0)
    assert (np.diff(mass[23:]) < 0).all()
    assert mass.min() >= 10.0
    # After one time constant 63 % of the way is done.
    if constant <= 24:
        assert np.interp(constant, np.arange(25), mass[23:]) == pytest.approx(10 + 10 * np.exp(-1), abs=0.35)


def test_a_model_is_judged_by_runs_of_two_days_from_measured_states() -> None:
    operation = surroundings(14 * 24)
    heat = np.random.default_rng(5).uniform(100, 500, len(operation))
    room = MODEL.temperatures(heat, operation, ThermalState(room_c=20.0, mass_c=20.0))[:, 0]
    room += np.random.default_rng(6).normal(0, 0.3, len(room))
    found = identify(Readings(first=0, heat_kwh=heat, indoor_c=room, coldest_room_c=room), operation)
    mass = [float(room[:24].mean())]
    for measured in room:
        mass.append(mass[-1] + found.mass_share * (measured - mass[-1]))
    assert mass_temperatures(room, found.time_constant_h) == pytest.approx(mass[1:])
    errors = []
    for begin in range(48, len(room) - 47, 48):
        start = ThermalState(room_c=room[begin - 1], mass_c=mass[begin])
        run = found.temperatures(heat[begin : begin + 48], operation.window(begin, 48), start)
        errors.append(run[:, 0] - room[begin : begin + 48])
    assert len(errors) == 6
    assert found.simulation_rmse_k == pytest.approx(np.sqrt(np.mean(np.square(errors))))
