"""`python -m samdrift_peers PEER SERIES.npz ANSWER.npz`: day-ahead forecasts by one library, and what they cost.

SERIES holds `loads` (buildings, days, 24; NaN where not read), `known_ahead` (days, 24, columns), `first` (the day of
the first forecast). ANSWER gets `expected` (buildings, days - first, 24) and `seconds` of processor time, imports left
out. Needs the peer, numpy and pandas alone.
"""

from __future__ import annotations

import sys
import time
import warnings
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

DAY_H = 24
#: Of gradient boosting in both libraries that use it; the recipe that is common for hourly loads.
BOOSTING = {"n_estimators": 200, "learning_rate": 0.06, "num_leaves": 31, "n_jobs": 1, "verbosity": -1}
LAGS = [24, 48, 168]
#: What MSTL is fitted on each day: it takes no weather, and more history makes it slower.
MSTL_DAYS = 28


def main(peer: str, series: str, answer: str) -> None:
    """Run the peer named."""
    warnings.simplefilter("ignore")
    given = np.load(series)
    made, seconds = PEERS[peer](given["loads"], given["known_ahead"], int(given["first"]))
    np.savez(answer, expected=made, seconds=seconds)


def mlforecast(loads: np.ndarray, known: np.ndarray, first: int) -> tuple[np.ndarray, float]:
    """One LightGBM over all buildings, each scaled by itself, fitted once."""
    library, transforms = import_module("mlforecast"), import_module("mlforecast.lag_transforms")
    scaler = import_module("mlforecast.target_transforms").LocalStandardScaler()
    model = import_module("lightgbm").LGBMRegressor(**BOOSTING)
    table = _long(loads, known)
    began = time.process_time()
    forecaster = library.MLForecast(
        models={"lgbm": model},
        freq="h",
        lags=LAGS,
        lag_transforms={DAY_H: [transforms.RollingMean(window_size=168)]},
        target_transforms=[scaler],
    )
    days = loads.shape[1] - first
    told = forecaster.cross_validation(table, n_windows=days, h=DAY_H, step_size=DAY_H, refit=False, static_features=[])
    return _wide(told, "lgbm", loads.shape[0]), time.process_time() - began


def skforecast(loads: np.ndarray, known: np.ndarray, first: int) -> tuple[np.ndarray, float]:
    """A recursive LightGBM for each building, fitted once."""
    recursive, selection = import_module("skforecast.recursive"), import_module("skforecast.model_selection")
    regressor = import_module("lightgbm").LGBMRegressor
    made = np.full((loads.shape[0], loads.shape[1] - first, DAY_H), np.nan)
    index = pd.date_range("2000-01-01", periods=loads[0].size, freq="h")
    ahead = pd.DataFrame(known.reshape(loads[0].size, -1), index).add_prefix("x")
    began = time.process_time()
    for place, load in enumerate(loads.reshape(len(loads), -1)):
        begins = int(np.isfinite(load).argmax())
        forecaster = recursive.ForecasterRecursive(regressor(**BOOSTING), lags=LAGS)
        folds = selection.TimeSeriesFold(
            steps=DAY_H, initial_train_size=first * DAY_H - begins, refit=False, verbose=False
        )
        _, told = selection.backtesting_forecaster(
            forecaster,
            pd.Series(load, index).iloc[begins:].interpolate(),
            folds,
            metric="mean_squared_error",
            exog=ahead.iloc[begins:],
            n_jobs=1,
            show_progress=False,
        )
        made[place] = told["pred"].to_numpy().reshape(-1, DAY_H)
    return made, time.process_time() - began


def statsforecast(loads: np.ndarray, known: np.ndarray, first: int) -> tuple[np.ndarray, float]:
    """MSTL with a day and a week, fitted anew each day on the last weeks; weather is not taken."""
    library, models = import_module("statsforecast"), import_module("statsforecast.models")
    days = loads.shape[1] - first
    recent = loads[:, first - MSTL_DAYS :]
    table = _long(recent, known[first - MSTL_DAYS :]).loc[:, ["unique_id", "ds", "y"]]
    began = time.process_time()
    forecaster = library.StatsForecast(models=[models.MSTL(season_length=[24, 168])], freq="h", n_jobs=1)
    told = forecaster.cross_validation(
        df=table, h=DAY_H, n_windows=days, step_size=DAY_H, input_size=MSTL_DAYS * DAY_H, refit=True
    )
    return _wide(told, "MSTL", loads.shape[0]), time.process_time() - began


def _long(loads: np.ndarray, known: np.ndarray) -> pd.DataFrame:
    """A row a building and hour from the first reading on, short holes bridged."""
    stamps = pd.date_range("2000-01-01", periods=loads[0].size, freq="h")
    ahead = pd.DataFrame(known.reshape(loads[0].size, -1)).add_prefix("x")
    parts = []
    for place, load in enumerate(loads.reshape(len(loads), -1)):
        part = ahead.assign(unique_id=f"{place:05d}", ds=stamps, y=pd.Series(load).interpolate(limit_area="inside"))
        parts.append(part.dropna())
    return pd.concat(parts, ignore_index=True)


def _wide(told: Any, model: str, buildings: int) -> np.ndarray:
    ordered = told.reset_index().sort_values(["unique_id", "ds"])
    return np.asarray(ordered[model].to_numpy().reshape(buildings, -1, DAY_H))


PEERS = {"mlforecast": mlforecast, "skforecast": skforecast, "statsforecast": statsforecast}

if __name__ == "__main__":
    main(*sys.argv[1:])
