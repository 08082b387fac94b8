"""Figures and the calibration curve of any model that forecasts a number."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import finite
from samdrift_evaluation.errors import TooFewCasesError
from samdrift_evaluation.estimate import Estimate, Figure, TooFew
from samdrift_evaluation.predictions import Predictions, lines, mean
from samdrift_evaluation.report import Curve, Line

#: Sums over cases of 1, error², |error|, error, actual and actual²; shape (6,), (6, groups) or (6, replicates).
Sums = NDArray[np.float64]


def regression_lines(cases: Predictions, unit: str = "") -> tuple[Line, ...]:
    """Root mean square error, mean absolute error and bias (forecast minus actual) in `unit`; CV(RMSE) and R²."""
    finite("actual", cases.actual)
    finite("predicted", cases.predicted)
    figures = _STATISTICS if cases.actual.mean() > 0 else {n: s for n, s in _STATISTICS.items() if n != "cvrmse"}
    return lines(cases, partial(_measured, statistics=figures), dict.fromkeys(("rmse", "mae", "bias"), unit))


def regression_curves(cases: Predictions, bins: int = 10) -> tuple[Curve, ...]:
    """Mean of what happened over mean of what was forecast, in bins of equal size by the forecast."""
    predicted, actual = _numbers(cases)
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, bins + 1)[1:-1]))
    bin_of = np.searchsorted(edges, predicted, side="right")
    points = []
    for each in np.unique(bin_of):
        inside = bin_of == each
        observed = mean(cases.only(inside), actual[inside])
        if isinstance(observed, Estimate):
            points.append((float(predicted[inside].mean()), observed.value, observed.low, observed.high))
    ends = (float(predicted.min()), float(predicted.max()))
    perfect = tuple((end, end) for end in ends)
    return (Curve(name="calibration", x="predicted", y="actual", points=tuple(points), reference=perfect),)


def _measured(cases: Predictions, statistics: Mapping[str, Callable[[Sums], Sums]]) -> Mapping[str, Figure]:
    """All figures from one resampling: the replicates' sums are made once."""
    group, count = cases.units()
    if count < 2:
        few = TooFewCasesError("an interval needs at least two independent groups or days")
        return dict.fromkeys(statistics, TooFew(n=len(cases), reason=few.message))
    sums = _sums(cases, group, count)
    rng, shares = np.random.default_rng(cases.resampling.seed), np.full(count, 1 / count)
    drawn = (rng.multinomial(count, shares).astype(np.float64) for _ in range(cases.resampling.replicates))
    replicates = np.stack([sums @ draws for draws in drawn], axis=1)
    return {name: _figure(cases, of, sums.sum(axis=1), replicates, count) for name, of in statistics.items()}


def _figure(cases: Predictions, statistic: Callable[[Sums], Sums], sums: Sums, replicates: Sums, count: int) -> Figure:
    value, values = float(statistic(sums)), np.asarray(statistic(replicates))
    values = values[np.isfinite(values)]
    if not math.isfinite(value) or values.size == 0:
        return TooFew(n=len(cases), reason="the statistic does not exist for these cases")
    outside = (1 - cases.resampling.confidence) / 2
    low, high = (float(bound) for bound in np.quantile(values, (outside, 1 - outside)))
    method, confidence = cases.told(count), cases.resampling.confidence
    return Estimate(value=value, low=low, high=high, n=len(cases), method=method, confidence=confidence)


def _sums(cases: Predictions, group: NDArray[np.intp], count: int) -> Sums:
    predicted, actual = _numbers(cases)
    error = predicted - actual
    columns = (np.ones(len(cases)), error**2, np.abs(error), error, actual, actual**2)
    return np.array([np.bincount(group, column, minlength=count) for column in columns])


def _numbers(cases: Predictions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return cases.predicted.astype(np.float64), cases.actual.astype(np.float64)


def _r2(sums: Sums) -> Sums:
    spread = sums[5] - sums[4] ** 2 / sums[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - sums[1] / np.where(spread > 1e-12 * np.maximum(sums[5], 1e-300), spread, np.nan))


def _cvrmse(sums: Sums) -> Sums:
    return np.asarray(np.sqrt(sums[1] * sums[0]) / np.where(sums[4] > 0, sums[4], np.nan))


_STATISTICS: Mapping[str, Callable[[Sums], Sums]] = {
    "rmse": lambda sums: np.asarray(np.sqrt(sums[1] / sums[0])),
    "mae": lambda sums: np.asarray(sums[2] / sums[0]),
    "bias": lambda sums: np.asarray(sums[3] / sums[0]),
    "cvrmse": _cvrmse,
    "r2": _r2,
}
