"""Forecasts of measured buildings hold what the benchmarks say of them."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import pytest

from samdrift_energy_forecast.forecasting.backtest import Period, backtest
from samdrift_energy_forecast.forecasting.day_ahead import Recipe
from samdrift_energy_forecast.forecasting.hourly import IssuedSeries, hourly_forecasts
from samdrift_energy_forecast.forecasting.panel_files import read_panel

pytestmark = pytest.mark.data
STEPS = [f"{step:02d}" for step in range(1, 37)]


def needed(name: str) -> Path:
    file = Path(os.environ.get("SAMDRIFT_DATA", "")) / "energy" / name
    if not file.exists():
        pytest.skip(f"{name} is not below SAMDRIFT_DATA/energy")
    return file


def test_day_ahead_heat_of_fifteen_buildings_in_a_quarter_that_was_used_for_choices() -> None:
    meters, weather = (
        needed("uk_cambridge_gas_heat_kwh_2018_2022.parquet"),
        needed("uk_cambridge_weather_2018_2022.parquet"),
    )
    train_end, test_start = date(2020, 12, 31), date(2021, 1, 1)
    panel = read_panel(meters, weather, until=date(2021, 3, 31), fitted_until=train_end)
    period = Period.of(panel.clock.first_day, train_end=train_end, test_start=test_start)
    scores = backtest(panel, period, recipe=Recipe.POOLED)
    assert len(scores) == 15
    assert panel.clock.zone == "Europe/London"
    assert median(one.cvrmse or np.inf for one in scores.values()) < 0.22
    assert all(0.75 <= (one.coverage80 or 0.0) <= 0.85 for one in scores.values())
    assert {one.n for one in scores.values()} == {90 * 24}


def test_a_danish_house_is_forecast_no_worse_than_by_onlineforecast() -> None:
    table = pd.read_parquet(needed("dk_dbuilding.parquet"))
    saved = pd.read_parquet(needed("dk_dbuilding_onlineforecast_rls_yhat.parquet")).to_numpy()
    load, end = table["heatload_kw"].to_numpy(dtype=np.float64), table["time_end_utc"]
    ours = hourly_forecasts(
        IssuedSeries(
            load=load,
            temperature_c=table["ta_obs_c"].to_numpy(dtype=np.float64),
            radiation_w_m2=table["ghi_obs_w_m2"].to_numpy(dtype=np.float64),
            temperature_forecast_c=table[[f"ta_fc_c_k{step}" for step in STEPS]].to_numpy(dtype=np.float64),
            radiation_forecast_w_m2=table[[f"ghi_fc_w_m2_k{step}" for step in STEPS]].to_numpy(dtype=np.float64),
            hour=end.dt.hour.to_numpy(),
        )
    )
    judged = np.flatnonzero((end >= "2010-12-22T00:00Z") & (end <= "2011-02-01T00:00Z") & np.isfinite(load))
    for step in (1, 6, 24, 36):
        error, peer = (
            np.sqrt(np.nanmean((made[judged - step, step - 1] - load[judged]) ** 2)) for made in (ours, saved)
        )
        assert error <= peer, f"{step} h ahead"
