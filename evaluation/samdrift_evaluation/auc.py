"""The area under the ROC curve: how often an abnormal case scores above a normal one, ties counted half."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, binary, finite, same_length
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import TooFewCasesError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.proportions import exact_bounds
from samdrift_evaluation.units import Units, units_of


def auc_with_interval(
    labels: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    strata: ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Estimate:
    """AUC from 0 to 1 of `scores` (higher is more suspicious) against `labels` (1 abnormal, 0 normal).

    Without `groups` the cases are taken as independent, and the interval is DeLong's (Biometrics 44 (1988)
    837-845). With `groups` (the woman of each view) whole groups are resampled; with `strata` (the label itself,
    or the site) cases or groups are resampled within their stratum. When the classes separate completely, all
    would give an interval of width 0; then it is the exact binomial interval over as many disjoint
    abnormal-normal pairs as the cases or groups allow, which is wide, and valid.

    Raises:
        TooFewCasesError: a class has fewer than two cases, or there is only one group.
        EvaluationError: lengths differ, a score is missing, a label is neither 0 nor 1, or the cases of one group
            lie in two strata.
    """
    positive, score = binary("labels", labels), finite("scores", scores)
    same_length(labels=positive, scores=score)
    both_classes(positive)
    chosen, units = resampling or Resampling(), units_of(len(score), groups, strata)
    if units.count < 2:
        raise TooFewCasesError("an interval needs at least two independent groups", field="groups")
    auc = weighted_auc(positive, score)
    value = float(auc(np.ones(len(score))))
    if value in (0.0, 1.0):
        low, high, method = _separated(value, positive, units, chosen.confidence)
    elif groups is None and strata is None:
        low, high, method = _delong(positive, score, chosen.confidence)
    else:
        low, high = chosen.bounds(units.replicated(auc, chosen))
        method = units.told(chosen)
    return Estimate(value=value, low=low, high=high, n=len(score), method=method, confidence=chosen.confidence)


def both_classes(positive: NDArray[np.bool_]) -> None:
    """Raise TooFewCasesError when there are fewer than two abnormal or two normal cases."""
    ones = int(positive.sum())
    if min(ones, len(positive) - ones) < 2:
        there_are = f"{ones} abnormal and {len(positive) - ones} normal"
        raise TooFewCasesError(f"an AUC needs two cases of each class, there are {there_are}", field="labels")


def _delong(positive: NDArray[np.bool_], score: Numbers, confidence: float) -> tuple[float, float, str]:
    abnormal, normal = score[positive], score[~positive]
    above, below = placements(abnormal, normal), 1 - placements(normal, abnormal)
    error = math.sqrt(above.var(ddof=1) / len(abnormal) + below.var(ddof=1) / len(normal))
    half = NormalDist().inv_cdf((1 + confidence) / 2) * error
    value = float(above.mean())
    return max(0.0, value - half), min(1.0, value + half), "DeLong"


def placements(values: Numbers, among: Numbers) -> Numbers:
    """For each value the share of `among` that it exceeds, ties counted half (DeLong's structural components)."""
    ordered = np.sort(among)
    left, right = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (left + right) / (2 * len(ordered))


def weighted_auc(positive: NDArray[np.bool_], score: Numbers) -> Callable[[Numbers], Numbers]:
    """The AUC as a function of how often each case counts, shape (…, cases); NaN where a class has no weight."""
    order = np.argsort(score, kind="stable")
    is_abnormal, starts = positive[order], np.flatnonzero(np.diff(score[order], prepend=-np.inf))

    def auc(weights: Numbers) -> Numbers:
        ordered = weights[..., order]
        abnormal = np.add.reduceat(ordered * is_abnormal, starts, axis=-1)
        normal = np.add.reduceat(ordered * ~is_abnormal, starts, axis=-1)
        pairs = abnormal.sum(axis=-1) * normal.sum(axis=-1)
        above = (abnormal * (np.cumsum(normal, axis=-1) - normal / 2)).sum(axis=-1)
        shares: Numbers = np.divide(above, pairs, out=np.full_like(pairs, math.nan), where=pairs > 0)
        return shares

    return auc


def _separated(value: float, positive: NDArray[np.bool_], units: Units, confidence: float) -> tuple[float, float, str]:
    """All of m independent pairs are in the same order: a binomial experiment that came out m of m, or 0 of m."""
    pairs = disjoint_pairs(positive, units)
    low, high = exact_bounds(pairs if value == 1.0 else 0, pairs, confidence)
    return low, high, f"Clopper-Pearson exact over {pairs} disjoint pairs (the classes separate completely)"


def disjoint_pairs(positive: NDArray[np.bool_], units: Units) -> int:
    """How many pairs of an abnormal and a normal case can be made so that no two share a unit."""
    with_abnormal, with_normal = (len(np.unique(units.of_case[which])) for which in (positive, ~positive))
    return min(with_abnormal, with_normal, units.count // 2)
