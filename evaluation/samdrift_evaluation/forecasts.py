"""How good a forecast is. Hours of a day hang together, so every interval resamples whole days."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from samdrift_evaluation.arrays import Numbers, coded, finite, same_length, table
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, Figure, when_enough
from samdrift_evaluation.proportions import exact_bounds


def cvrmse(
    actual: ArrayLike, forecast: ArrayLike, days: ArrayLike, *, resampling: Resampling | None = None
) -> Estimate:
    """Root mean square error over the mean of `actual`, as a fraction (0.12 is 12 %).

    ASHRAE Guideline 14 divides by n - p for a model with p fitted parameters; a forecast of hours it has not
    seen has none, so p = 0 here. `days` is the date of each value.

    Raises:
        EvaluationError: lengths differ, a value is missing, or the mean of `actual` is not above 0.
        TooFewCasesError: there is only one day.
    """
    measured, expected = _pair(actual, forecast)
    _mean_above_zero(measured)
    return _over_days(
        days, lambda s: _ratio(np.sqrt(s[0] * s[2]), s[1]), [(measured - expected) ** 2, measured], resampling
    )


def nmbe(actual: ArrayLike, forecast: ArrayLike, days: ArrayLike, *, resampling: Resampling | None = None) -> Estimate:
    """Mean of (actual - forecast) over the mean of `actual`, as a fraction: above 0 when too little was forecast.

    The sign is ASHRAE Guideline 14's; p = 0 as in `cvrmse`. Raises as `cvrmse` does.
    """
    measured, expected = _pair(actual, forecast)
    _mean_above_zero(measured)
    return _over_days(days, lambda s: _ratio(s[0], s[1]), [measured - expected, measured], resampling)


def pinball(
    actual: ArrayLike,
    quantile: ArrayLike,
    level: float,
    days: ArrayLike,
    *,
    resampling: Resampling | None = None,
) -> Estimate:
    """Mean pinball loss of the forecast `level`-quantile, in the unit of `actual`; smaller is better.

    Koenker & Bassett, Econometrica 46 (1978) 33-50. `level` lies between 0 and 1, both excluded.
    """
    if not 0 < level < 1:
        raise EvaluationError(f"A quantile's level lies between 0 and 1, not at {level}.", field="level")
    measured, expected = _pair(actual, quantile)
    short = measured - expected
    return _over_days(days, lambda s: s[0] / s[1], [np.maximum(level * short, (level - 1) * short)], resampling)


def interval_coverage(
    actual: ArrayLike, low: ArrayLike, high: ArrayLike, days: ArrayLike, *, resampling: Resampling | None = None
) -> Estimate:
    """Share of values inside [low, high], bounds included: about 0.8 for honest 80 % intervals.

    When every value is inside, or none, resampling would claim certainty; then the interval is the exact
    binomial one over whole days, each a success or not, which is wide, and valid.
    """
    measured, lower = _pair(actual, low)
    _, upper = _pair(actual, high)
    if (lower > upper).any():
        raise EvaluationError("A forecast interval has its low bound above its high one.", field="low")
    inside = ((lower <= measured) & (measured <= upper)).astype(np.float64)
    if 0 < inside.mean() < 1:
        return _over_days(days, lambda s: s[0] / s[1], [inside], resampling)
    return _all_alike(float(inside[0]), len(inside), days, (resampling or Resampling()).confidence)


def skill(
    actual: ArrayLike,
    forecast: ArrayLike,
    naive: ArrayLike,
    days: ArrayLike,
    *,
    resampling: Resampling | None = None,
) -> Estimate:
    """1 - MAE of `forecast` / MAE of `naive`: 0 is no better than naive, 1 is perfect, below 0 is worse.

    Both are resampled together, day by day, so what makes a day hard for both does not widen the interval.

    Raises:
        EvaluationError: as in `cvrmse`, or the naive forecast makes no error at all.
    """
    measured, expected = _pair(actual, forecast)
    _, simple = _pair(actual, naive)
    errors, naive_errors = np.abs(measured - expected), np.abs(measured - simple)
    if not naive_errors.any():
        raise EvaluationError("The naive forecast makes no error; there is nothing to be better than.", field="naive")
    return _over_days(days, lambda s: 1 - _ratio(s[0], s[1]), [errors, naive_errors], resampling)


def skill_by_horizon(
    actual: ArrayLike,
    forecast: ArrayLike,
    peer: ArrayLike,
    days: ArrayLike,
    *,
    least: int = 20,
    resampling: Resampling | None = None,
) -> tuple[Figure, ...]:
    """1 - RMSE of `forecast` / RMSE of a peer's saved forecasts, for each step ahead, on the same hours.

    Args:
        actual: what was measured, shape (issue times, steps ahead); NaN where it was not.
        forecast: ours, of the same shape; NaN where there was none.
        peer: the peer's, of the same shape; NaN where there was none.
        days: the date of each issue time. Forecasts of one day err alike, so whole days are resampled.
        least: cells that all three must have, below which a step says `TooFew`.
        resampling: of the days.

    Raises:
        EvaluationError: shapes differ, or the peer makes no error at all at a step.
    """
    measured, ours = table("actual", actual, gaps=True), table("forecast", forecast, gaps=True)
    theirs, day = table("peer", peer, gaps=True), np.asarray(days)
    if not measured.shape == ours.shape == theirs.shape:
        told = f"`actual` {measured.shape}, `forecast` {ours.shape}, `peer` {theirs.shape}"
        raise EvaluationError(f"These must have the same shape: {told}.", field="peer")
    same_length(actual=measured, days=day)

    def skill_of(step: int) -> Figure:
        columns = measured[:, step], ours[:, step], theirs[:, step]
        known = np.isfinite(sum(columns))
        return when_enough(
            int(known.sum()),
            least,
            lambda: _root_skill(*(column[known] for column in columns), days=day[known], resampling=resampling),
        )

    return tuple(skill_of(step) for step in range(measured.shape[1]))


def _root_skill(
    measured: Numbers, ours: Numbers, theirs: Numbers, *, days: ArrayLike, resampling: Resampling | None
) -> Estimate:
    squares, peer_squares = (measured - ours) ** 2, (measured - theirs) ** 2
    if not peer_squares.any():
        raise EvaluationError("The peer makes no error; there is nothing to be better than.", field="peer")
    return _over_days(days, lambda s: 1 - np.sqrt(_ratio(s[0], s[1])), [squares, peer_squares], resampling)


def _pair(actual: ArrayLike, forecast: ArrayLike) -> tuple[Numbers, Numbers]:
    measured, expected = finite("actual", actual), finite("forecast", forecast)
    same_length(actual=measured, forecast=expected)
    return measured, expected


def _mean_above_zero(measured: Numbers) -> None:
    if measured.mean() <= 0:
        raise EvaluationError("The mean of `actual` is not above 0, so an error relative to it means nothing.")


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    """`part / whole`; NaN where the whole is not above 0."""
    return np.divide(part, whole, out=np.full_like(whole, math.nan), where=whole > 0)


def _over_days(
    days: ArrayLike, statistic: Callable[[Numbers], Numbers], columns: list[Numbers], resampling: Resampling | None
) -> Estimate:
    """`statistic` of the columns' sums, followed by the number of values, with an interval over whole days.

    The statistic is given sums of shape (columns, replicates) and gives one value for each replicate.
    """
    chosen = resampling or Resampling()
    day, count = coded("days", days)
    n = same_length(actual=columns[0], days=day)
    per_day = [np.bincount(day, column, minlength=count) for column in (*columns, np.ones(n))]
    sums = np.array(per_day, dtype=np.float64)
    low, high = chosen.bounds(chosen.replicated(lambda draws: statistic(sums @ draws.T.astype(np.float64)), count))
    value = float(statistic(sums.sum(axis=1, keepdims=True))[0])
    method = chosen.told(f"block bootstrap over {count} days")
    return Estimate(value=value, low=low, high=high, n=n, method=method, confidence=chosen.confidence)


def _all_alike(value: float, n: int, days: ArrayLike, confidence: float) -> Estimate:
    day, count = coded("days", days)
    same_length(actual=np.empty(n), days=day)
    low, high = exact_bounds(count if value else 0, count, confidence)
    method = f"Clopper-Pearson exact over {count} days (every value {'inside' if value else 'outside'})"
    return Estimate(value=value, low=low, high=high, n=n, method=method, confidence=confidence)
