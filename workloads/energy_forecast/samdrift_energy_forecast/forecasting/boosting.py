"""Gradient boosting (LightGBM) that sees the ridges' forecasts and how they erred lately.

One model over the panel learns rare things (a boiler that stays on at night, a week of closure) from every building and
costs a fleet little: the rows it is fitted on are bounded. A small one per building learns what only that one does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.forecasting.designs import EVENING_FROM, OWN, days_before, smoothed
from samdrift_energy_forecast.forecasting.panel import HOURS

if TYPE_CHECKING:
    import lightgbm
    from numpy.typing import NDArray

    from samdrift_energy_forecast.forecasting.panel import Panel

#: Days around the season of the forecasts that are learnt from, and the half-life of their weight.
SEASON_DAYS, HALF_LIFE_DAYS = 130, 500.0
PARAMETERS = {
    "objective": "l2",
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 127,
    "num_threads": 1,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How trees are grown."""

    rounds: int
    leaves: int
    learning_rate: float
    #: Rows that a leaf needs.
    least_rows: int
    #: Rows that a fit takes at most; more are thinned evenly, which bounds what a fleet costs.
    most_rows: int = 150_000


#: Over all buildings, and for one building alone. Chosen on quarters of 2020 and 2021 of 15 buildings; flat around.
POOLED = Growth(rounds=150, leaves=63, learning_rate=0.08, least_rows=60)
OWN_TREES = Growth(rounds=60, leaves=15, learning_rate=0.08, least_rows=30)
SURROUNDINGS = (
    "hour",
    "weekday",
    "temperature",
    *(f"temperature_{life:g}h" for life in (3, 12, 36, 72)),
    "temperature_day",
    "warmer_than_last_day",
    "warmer_than_week_before",
    "radiation",
    "radiation_6h",
    "day_of_year",
)
ERRORS = ("last_day", "last_day_mean", "last_evening", "last_three_days", "week_before")
TERMS = (
    *SURROUNDINGS,
    *OWN[:-1],
    "three_days_before",
    "fast_ridge",
    "slow_ridge",
    *(f"error_{name}" for name in ERRORS),
    "building",
)


def surroundings(panel: Panel, lead: int) -> NDArray[np.float32]:
    """Terms in the order of `SURROUNDINGS`, shape `(days, 24, len(SURROUNDINGS))`."""
    lives = {life: smoothed(panel.temperature_c, life).astype(np.float32) for life in (3.0, 12.0, 36.0, 72.0)}
    day = np.repeat(panel.temperature_c.mean(axis=1)[:, None], HOURS, axis=1)
    columns = (
        panel.clock.hour,
        panel.clock.weekday,
        panel.temperature_c,
        *lives.values(),
        day,
        lives[3.0] - days_before(lives[3.0][None], 1 + lead)[0],
        lives[12.0] - days_before(lives[12.0][None], max(7, 1 + lead))[0],
        panel.radiation_w_m2 / 100.0,
        smoothed(panel.radiation_w_m2 / 100.0, 6.0),
        np.repeat(panel.clock.day_of_year[:, None], HOURS, axis=1),
    )
    return np.stack(columns, axis=-1).astype(np.float32)


def errors(loads: NDArray[np.float64], ridge: NDArray[np.float64], lead: int) -> NDArray[np.float32]:
    """How the fast ridge erred on the last days known, in the order of `ERRORS`; NaN where that is not known.

    `loads` and `ridge` have shape `(buildings, days, 24)`.
    """
    error = (loads - ridge).astype(np.float32)
    last = days_before(error, 1 + lead)
    answer = np.empty((*error.shape, len(ERRORS)), dtype=np.float32)
    answer[..., 0] = last
    answer[..., 1] = last.mean(axis=2, keepdims=True)
    answer[..., 2] = last[:, :, EVENING_FROM:].mean(axis=2, keepdims=True)
    answer[..., 3] = np.mean([days_before(error, k + lead) for k in (1, 2, 3)], axis=0)
    answer[..., 4] = days_before(error, max(7, 1 + lead))
    return answer


@dataclass(frozen=True, kw_only=True)
class Boosting:
    """A fitted model, over all buildings or of one."""

    booster: lightgbm.Booster

    @classmethod
    def fit(
        cls, terms: NDArray[np.float32], target: NDArray[np.float64], weights: NDArray[np.float64], growth: Growth
    ) -> Boosting:
        """Fit on rows whose target is known.

        Args:
            terms: shape `(buildings, days, 24, len(TERMS))`.
            target: the building's load over its scale, shape `(buildings, days, 24)`; NaN rows are left out.
            weights: shape `(buildings, days)`.
            growth: how trees are grown.
        """
        import lightgbm

        places = np.flatnonzero(np.isfinite(target).ravel())
        places = places[:: max(1, -(-len(places) // growth.most_rows))]
        rows = terms.reshape(-1, terms.shape[-1])[places]
        weight = np.repeat(weights.ravel(), HOURS)[places]
        known = lightgbm.Dataset(
            rows, target.ravel()[places], weight=weight, categorical_feature=[TERMS.index("building")]
        )
        return cls(booster=lightgbm.train(PARAMETERS | _told(growth), known, growth.rounds))

    def forecasts(self, terms: NDArray[np.float32]) -> NDArray[np.float64]:
        """Load over the building's scale, shape `terms.shape[:-1]`."""
        rows = terms.reshape(-1, terms.shape[-1])
        return np.asarray(self.booster.predict(rows, num_threads=1), dtype=np.float64).reshape(terms.shape[:-1])


def _told(growth: Growth) -> dict[str, float]:
    return {
        "num_leaves": growth.leaves,
        "learning_rate": growth.learning_rate,
        "min_child_samples": growth.least_rows,
    }


def season_weights(day_of_year: NDArray[np.int64], until: int, around: int) -> NDArray[np.float64]:
    """Weight of each of the days before `until`; 0 outside the season of the day of the year `around`. `(until,)`."""
    distance = np.abs((day_of_year[:until] - around + 183) % 366 - 183)
    age = until - np.arange(until)
    return np.where(distance <= SEASON_DAYS, 0.5 ** (age / HALF_LIFE_DAYS), 0.0)
