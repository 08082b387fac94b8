"""Figures and the calibration curve of any model that forecasts a number."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import finite
from samdrift_evaluation.estimate import Estimate, Figure, TooFew
from samdrift_evaluation.predictions import Predictions, lines, mean
from samdrift_evaluation.report import Curve, Line
from samdrift_evaluation.units import Units

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
    units = cases.units
    if units.count < 2:
        few = TooFew(n=len(cases), reason="an interval needs at least two independent groups or days")
        return dict.fromkeys(statistics, few)
    sums = _sums(cases, units)
    replicates = cases.resampling.replicated(lambda draws: draws @ sums.T, units.count).T
    return {name: _figure(cases, of, sums.sum(axis=1), replicates, units) for name, of in statistics.items()}


def _figure(
    cases: Predictions, statistic: Callable[[Sums], Sums], sums: Sums, replicates: Sums, units: Units
) -> Figure:
    value, values = float(statistic(sums)), np.asarray(statistic(replicates))
    if not math.isfinite(value) or np.isnan(values).all():
        return TooFew(n=len(cases), reason="the statistic does not exist for these cases")
    chosen = cases.resampling
    low, high = chosen.bounds(values)
    return Estimate(
        value=value, low=low, high=high, n=len(cases), method=units.told(chosen), confidence=chosen.confidence
    )


def _sums(cases: Predictions, units: Units) -> Sums:
    predicted, actual = _numbers(cases)
    error = predicted - actual
    columns = (np.ones(len(cases)), error**2, np.abs(error), error, actual, actual**2)
    return np.array([np.bincount(units.of_case, column, minlength=units.count) for column in columns])


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
