from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samdrift_energy_forecast.forecasting.hourly import (
    LEVEL_PENALTY,
    PENALTY,
    RUN_IN_H,
    IssuedSeries,
    continued,
    hourly_forecasts,
    ridge_forecasts,
)


def made_series(count: int = 200, steps: int = 4) -> IssuedSeries:
    rng = np.random.default_rng(5)
    k = np.arange(count + steps)
    temperature = 3 + 5 * np.sin(k / 30) + rng.normal(size=count + steps)
    radiation = np.maximum(0, 200 * np.sin((k % 24 - 6) / 12 * np.pi))
    windows = np.arange(count)[:, None] + np.arange(1, steps + 1)
    load = 5 - 0.2 * temperature[:count] + 0.5 * np.sin(k[:count] / 24 * 2 * np.pi) + 0.1 * rng.normal(size=count)
    return IssuedSeries(
        load=load,
        temperature_c=temperature[:count],
        radiation_w_m2=radiation[:count],
        temperature_forecast_c=temperature[windows] + 0.3 * rng.normal(size=windows.shape),
        radiation_forecast_w_m2=radiation[windows],
        hour=k[:count] % 24,
    )


def test_nothing_later_than_the_issue_changes_a_forecast() -> None:
    series, issue = made_series(), 120
    rng = np.random.default_rng(1)
    changed = {
        name: np.where(
            np.arange(200).reshape(-1, *[1] * (values.ndim - 1)) > issue, rng.normal(size=values.shape), values
        )
        for name in ("load", "temperature_c", "radiation_w_m2", "temperature_forecast_c", "radiation_forecast_w_m2")
        if (values := getattr(series, name)) is not None
    }
    honest, told = hourly_forecasts(series), hourly_forecasts(replace(series, **changed))
    np.testing.assert_array_equal(told[: issue + 1], honest[: issue + 1])
    assert (told[issue + 1 :] != honest[issue + 1 :]).any()


def test_weights_are_those_of_weighted_least_squares() -> None:
    rng = np.random.default_rng(2)
    count, steps, forget, hour, step = 90, 3, 0.97, 80, 2
    design = np.concatenate([np.ones((count, steps, 1)), rng.normal(size=(count, steps, 2))], axis=-1)
    load = rng.normal(size=count)
    load[70] = np.nan
    made = ridge_forecasts(design, load, forget)
    seen = [j for j in range(step + 1, hour + 1) if np.isfinite(load[j])]
    roots = np.array([forget ** ((hour - j) / 2) for j in seen])
    rows = np.array([design[j - step - 1, step] for j in seen]) * roots[:, None]
    stacked = np.vstack([rows, np.sqrt(np.diag([LEVEL_PENALTY, PENALTY, PENALTY]))])
    wanted = np.linalg.lstsq(stacked, np.concatenate([load[seen] * roots, np.zeros(3)]))[0]
    assert made[hour, step] == pytest.approx(design[hour, step] @ wanted)
    assert np.isnan(made[:RUN_IN_H]).all()


def test_weather_goes_on_from_what_was_observed_with_what_was_forecast() -> None:
    observed, forecast = np.array([0.0, np.nan, 8.0]), np.array([[4.0, 9.0], [6.0, 7.0], [1.0, 2.0]])
    smooth = continued(observed, forecast, 1.0)
    # Half-life of an hour: each hour is the mean of itself and the state before; the hole is filled with 4.
    states = [0.0, 2.0, 5.0]
    assert smooth[:, 0].tolist() == [(s + f) / 2 for s, f in zip(states, forecast[:, 0], strict=True)]
    assert smooth[2].tolist() == [3.0, 2.5]


def test_it_beats_the_same_hour_of_the_day_before() -> None:
    series = made_series()
    made = hourly_forecasts(series)
    for step in range(4):
        issue = np.arange(100, 190)
        target = issue + step + 1
        ours = series.load[target] - made[issue, step]
        theirs = series.load[target] - series.load[target - 24]
        assert np.square(ours).mean() < np.square(theirs).mean()


def test_holes_in_the_load_do_not_reach_the_forecasts() -> None:
    series = made_series()
    load = series.load.copy()
    load[[0, 60, 61, 150]] = np.nan
    assert np.isfinite(hourly_forecasts(replace(series, load=load))[RUN_IN_H:]).all()
