from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.planning.hedge import WINDOW_H, margin_k, outdoor_error_k, with_reserve
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.thermal.model import ThermalModel

MODEL = ThermalModel(
    capacity_kwh_per_k=20.0,
    loss_kw_per_k=2.0,
    mass_kw_per_k=0.0,
    intake_kw_per_k=0.0,
    supply_kw_per_k=0.0,
    base_gain_kw=0.0,
    people_gain_kw=0.0,
    solar_gain_kw_per_w_m2=0.0,
    time_constant_h=12.0,
    largest_heat_kwh=30.0,
    largest_rise_k=5.0,
    simulation_rmse_k=0.0,
)


def test_the_margin_is_the_quantile_of_what_colder_weather_does_in_six_hours() -> None:
    """One room without a mass: after six implicit steps it has 1 - (20 / 22) ** 6 of a lasting change outdoors."""
    expected = 0.8416 * (1 - (20 / 22) ** 6) * outdoor_error_k(24)
    np.testing.assert_allclose(margin_k(MODEL, 24), expected, rtol=1e-3)
    assert WINDOW_H == 6


def test_it_grows_with_lead_time_age_and_the_models_error() -> None:
    margin = margin_k(MODEL, 48)
    assert (np.diff(margin) > 0).all()
    assert (margin_k(MODEL, 48, forecast_age_h=24.0) > margin).all()
    assert (margin_k(replace(MODEL, simulation_rmse_k=0.5), 48) > margin).all()


def test_a_plan_on_the_median_keeps_nothing_in_reserve_and_none_keeps_a_kelvin_more() -> None:
    assert margin_k(MODEL, 5, level=0.5).tolist() == [0.0] * 5
    assert margin_k(replace(MODEL, simulation_rmse_k=9.0), 5).max() == 1.0


def test_the_reserve_never_asks_for_more_than_fixed_setback_gives(surroundings: Operation, issue: int) -> None:
    future = surroundings.window(issue, HORIZON_H)
    lowest, setback_room = np.full(HORIZON_H, 18.0), np.full(HORIZON_H, 18.3)
    raised = with_reserve(lowest, np.full(HORIZON_H, 0.5), setback_room, future)
    needed = future.is_open | np.append(future.is_open[1:], False)
    assert raised[needed].tolist() == pytest.approx([18.3] * int(needed.sum()))
    assert raised[~needed].tolist() == pytest.approx([18.0] * int((~needed).sum()))
