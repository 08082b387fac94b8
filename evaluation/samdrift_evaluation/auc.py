"""The area under the ROC curve: how often an abnormal case scores above a normal one, ties counted half."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, binary, coded, finite, same_length
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import TooFewCasesError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.proportions import exact_bounds


def auc_with_interval(
    labels: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> Estimate:
    """AUC from 0 to 1 of `scores` (higher is more suspicious) against `labels` (1 abnormal, 0 normal).

    Without `groups` the cases are taken as independent, and the interval is DeLong's (Biometrics 44 (1988)
    837-845). With `groups` (the woman of each view) whole groups are resampled. When the classes separate
    completely, both would give an interval of width 0; then it is the exact binomial interval over as many
    disjoint abnormal-normal pairs as the cases or groups allow, which is wide, and valid.

    Raises:
        TooFewCasesError: a class has fewer than two cases, or there is only one group.
        EvaluationError: lengths differ, a score is missing, or a label is neither 0 nor 1.
    """
    positive, score = binary("labels", labels), finite("scores", scores)
    same_length(labels=positive, scores=score)
    _both_classes(positive)
    chosen = resampling or Resampling()
    group, count = (np.arange(len(score)), len(score)) if groups is None else coded("groups", groups)
    same_length(labels=positive, groups=group)
    if count < 2:
        raise TooFewCasesError("an interval needs at least two independent groups", field="groups")
    value = _weighted_auc(positive, score)(np.ones(len(score)))
    if value in (0.0, 1.0):
        low, high, method = _separated(value, positive, group, count, chosen.confidence)
    elif groups is None:
        low, high, method = _delong(positive, score, chosen.confidence)
    else:
        low, high, method = _by_group(positive, score, group, count, chosen)
    return Estimate(value=value, low=low, high=high, n=len(score), method=method, confidence=chosen.confidence)


def _both_classes(positive: NDArray[np.bool_]) -> None:
    ones = int(positive.sum())
    if min(ones, len(positive) - ones) < 2:
        there_are = f"{ones} abnormal and {len(positive) - ones} normal"
        raise TooFewCasesError(f"an AUC needs two cases of each class, there are {there_are}", field="labels")


def _delong(positive: NDArray[np.bool_], score: Numbers, confidence: float) -> tuple[float, float, str]:
    abnormal, normal = score[positive], score[~positive]
    above, below = _placements(abnormal, normal), 1 - _placements(normal, abnormal)
    error = math.sqrt(above.var(ddof=1) / len(abnormal) + below.var(ddof=1) / len(normal))
    half = NormalDist().inv_cdf((1 + confidence) / 2) * error
    value = float(above.mean())
    return max(0.0, value - half), min(1.0, value + half), "DeLong"


def _placements(values: Numbers, among: Numbers) -> Numbers:
    """For each value the share of `among` that it exceeds, ties counted half (DeLong's structural components)."""
    ordered = np.sort(among)
    left, right = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (left + right) / (2 * len(ordered))


def _by_group(
    positive: NDArray[np.bool_], score: Numbers, group: NDArray[np.intp], count: int, resampling: Resampling
) -> tuple[float, float, str]:
    auc = _weighted_auc(positive, score)
    low, high = resampling.interval(lambda draws: auc(draws[group]), count)
    return low, high, resampling.told(f"cluster bootstrap over {count} groups")


def _weighted_auc(positive: NDArray[np.bool_], score: Numbers) -> Callable[[NDArray[np.number]], float]:
    """The AUC as a function of how often each case counts; NaN when a class is left without weight."""
    distinct, place = np.unique(score, return_inverse=True)

    def auc(weights: NDArray[np.number]) -> float:
        abnormal = np.bincount(place, weights * positive, minlength=len(distinct))
        normal = np.bincount(place, weights * ~positive, minlength=len(distinct))
        pairs = abnormal.sum() * normal.sum()
        exceeded = np.cumsum(normal) - normal / 2
        return float((abnormal * exceeded).sum() / pairs) if pairs else math.nan

    return auc


def _separated(
    value: float, positive: NDArray[np.bool_], group: NDArray[np.intp], count: int, confidence: float
) -> tuple[float, float, str]:
    """All of m independent pairs are in the same order: a binomial experiment that came out m of m, or 0 of m."""
    with_abnormal, with_normal = len(np.unique(group[positive])), len(np.unique(group[~positive]))
    pairs = min(with_abnormal, with_normal, count // 2)
    low, high = exact_bounds(pairs if value == 1.0 else 0, pairs, confidence)
    return low, high, f"Clopper-Pearson exact over {pairs} disjoint pairs (the classes separate completely)"
