"""Two models, or a model and today's practice, on the same cases: what one does better, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, binary, finite, same_length
from samdrift_evaluation.auc import both_classes, disjoint_pairs, placements, weighted_auc
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import TooFewCasesError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.proportions import exact_bounds
from samdrift_evaluation.tango import tango_bounds
from samdrift_evaluation.units import Units, units_of


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A paired comparison. `str()` gives "0.031 [-0.012, 0.074], n = 480, p = 0.16 (DeLong, two-sided)"."""

    #: New minus old: above 0 when the new one has more of it.
    difference: Estimate
    #: Two-sided, of the hypothesis that there is no difference.
    p_value: float
    #: "DeLong", "McNemar exact", "cluster bootstrap over 120 groups, 2000 replicates, seed 0"
    test: str

    def __str__(self) -> str:
        return f"{self.difference}, p = {self.p_value:.2g} ({self.test}, two-sided)"


def compare_auc(
    labels: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    strata: ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Comparison:
    """AUC of the scores `new` minus AUC of the scores `old`, both against `labels` (1 abnormal, 0 normal).

    Without `groups` and `strata`: DeLong's interval and test (Biometrics 44 (1988) 837-845). With them: percentile
    bootstrap, stratified where `strata` are given, and the test that the interval makes. When both separate the
    classes completely, the difference is bounded by what the separation shows, not by a width of 0.

    Raises:
        TooFewCasesError: a class has fewer than two cases, or nothing varies from which to tell how sure it is.
        EvaluationError: lengths differ, a score is missing, or a label is neither 0 nor 1.
    """
    positive, new_score, old_score = binary("labels", labels), finite("new", new), finite("old", old)
    n = same_length(labels=positive, new=new_score, old=old_score)
    both_classes(positive)
    chosen, units = resampling or Resampling(), units_of(n, groups, strata)
    new_auc, old_auc = weighted_auc(positive, new_score), weighted_auc(positive, old_score)
    aucs = float(new_auc(np.ones(n))), float(old_auc(np.ones(n)))
    if _same_ranks(new_score, old_score):
        return _comparison(0.0, 0.0, 0.0, 1.0, n, "the two rank all cases alike", chosen)
    if set(aucs) <= {0.0, 1.0}:
        return _separated(aucs, positive, units, chosen)
    if groups is None and strata is None:
        return _delong(positive, new_score, old_score, chosen)
    replicates = units.replicated(lambda weights: new_auc(weights) - old_auc(weights), chosen)
    return _resampled(aucs[0] - aucs[1], replicates, n, units, chosen)


def compare_sensitivity(
    labels: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> Comparison:
    """Share of abnormal cases that `new` recalls minus the share that `old` recalls (each 0 or 1 for each case).

    Intervals, tests and errors are those of `compare_proportion`; n counts the abnormal cases.
    """
    chosen, new_recalls, old_recalls, group = _of_class(True, labels, new, old, groups)
    return compare_proportion(new_recalls[chosen], old_recalls[chosen], group, resampling=resampling)


def compare_specificity(
    labels: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> Comparison:
    """Share of normal cases that `new` does not recall minus the share that `old` does not recall.

    Intervals, tests and errors are those of `compare_proportion`; n counts the normal cases.
    """
    chosen, new_recalls, old_recalls, group = _of_class(False, labels, new, old, groups)
    return compare_proportion(~new_recalls[chosen], ~old_recalls[chosen], group, resampling=resampling)


def compare_proportion(
    new: ArrayLike, old: ArrayLike, groups: ArrayLike | None = None, *, resampling: Resampling | None = None
) -> Comparison:
    """Share of cases with 1 in `new` minus share with 1 in `old`.

    Without `groups`: Tango's interval and McNemar's exact test (Psychometrika 12 (1947) 153-157). The exact test is
    the more careful of the two, so its p may lie above 0.05 while the interval leaves 0 out. With `groups`: cluster
    bootstrap, or Tango's interval over groups when no case is discordant.

    Raises:
        TooFewCasesError: there is only one group.
        EvaluationError: lengths differ, or a value is neither 0 nor 1.
    """
    new_hits, old_hits = binary("new", new), binary("old", old)
    n = same_length(new=new_hits, old=old_hits)
    chosen, units = resampling or Resampling(), units_of(n, groups)
    difference = new_hits.astype(np.float64) - old_hits
    if groups is None or not difference.any():
        return _tango(difference, units, chosen)
    replicates = units.replicated(lambda weights: weights @ difference / weights.sum(axis=1), chosen)
    return _resampled(float(difference.mean()), replicates, n, units, chosen)


def _of_class(
    abnormal: bool, labels: ArrayLike, new: ArrayLike, old: ArrayLike, groups: ArrayLike | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_], ArrayLike | None]:
    """The mask of that class, both recalls of all cases, and the groups of that class."""
    positive, new_recalls, old_recalls = binary("labels", labels), binary("new", new), binary("old", old)
    same_length(labels=positive, new=new_recalls, old=old_recalls)
    which = positive == abnormal
    if not which.any():
        raise TooFewCasesError(f"there are no {'abnormal' if abnormal else 'normal'} cases", field="labels")
    if groups is None:
        return which, new_recalls, old_recalls, None
    group = np.asarray(groups)
    same_length(labels=positive, groups=group)
    return which, new_recalls, old_recalls, group[which]


def _same_ranks(new: Numbers, old: Numbers) -> bool:
    return bool((np.unique(new, return_inverse=True)[1] == np.unique(old, return_inverse=True)[1]).all())


def _delong(positive: NDArray[np.bool_], new: Numbers, old: Numbers, resampling: Resampling) -> Comparison:
    above = placements(new[positive], new[~positive]) - placements(old[positive], old[~positive])
    below = placements(old[~positive], old[positive]) - placements(new[~positive], new[positive])
    error = math.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    if error == 0:
        raise TooFewCasesError("both scores miss by the same in every case, so nothing says how sure that is")
    value, half = float(above.mean()), NormalDist().inv_cdf((1 + resampling.confidence) / 2) * error
    p_value = math.erfc(abs(value) / error / math.sqrt(2))
    return _comparison(value, value - half, value + half, p_value, len(positive), "DeLong", resampling)


def _separated(
    aucs: tuple[float, float], positive: NDArray[np.bool_], units: Units, resampling: Resampling
) -> Comparison:
    """Each AUC is 0 or 1: bounded by the exact binomial over disjoint pairs, the difference by both together."""
    pairs = disjoint_pairs(positive, units)
    (new_low, new_high), (old_low, old_high) = (
        exact_bounds(pairs if auc else 0, pairs, resampling.confidence) for auc in aucs
    )
    method = f"Clopper-Pearson exact over {pairs} disjoint pairs (both separate the classes completely)"
    p_value = 1.0 if aucs[0] == aucs[1] else min(1.0, 2 * 0.5**pairs)
    bounds = new_low - old_high, new_high - old_low
    return _comparison(aucs[0] - aucs[1], *bounds, p_value, len(positive), method, resampling)


def _tango(difference: Numbers, units: Units, resampling: Resampling) -> Comparison:
    from scipy.stats import binomtest

    new_only, old_only = int((difference > 0).sum()), int((difference < 0).sum())
    low, high = tango_bounds(new_only, old_only, units.count, resampling.confidence)
    discordant = new_only + old_only
    p_value = float(binomtest(new_only, discordant).pvalue) if discordant else 1.0
    noun = "groups" if units.clustered else "cases"
    estimate = Estimate(
        value=(new_only - old_only) / len(difference),
        low=float(low),
        high=float(high),
        n=len(difference),
        method=f"Tango score over {units.count} {noun}, {discordant} discordant",
        confidence=resampling.confidence,
    )
    return Comparison(difference=estimate, p_value=p_value, test="McNemar exact")


def _resampled(value: float, replicates: Numbers, n: int, units: Units, resampling: Resampling) -> Comparison:
    """Interval by percentiles, and the p-value at which that interval would just touch 0."""
    low, high = resampling.bounds(replicates)
    known = replicates[~np.isnan(replicates)]
    rarer = min(int((known <= 0).sum()), int((known >= 0).sum()))
    p_value = min(1.0, 2 * (1 + rarer) / (1 + len(known)))
    return _comparison(value, low, high, p_value, n, units.told(resampling), resampling)


def _comparison(
    value: float, low: float, high: float, p_value: float, n: int, method: str, resampling: Resampling
) -> Comparison:
    bounds = max(-1.0, low), min(1.0, high)
    estimate = Estimate(
        value=value, low=bounds[0], high=bounds[1], n=n, method=method, confidence=resampling.confidence
    )
    return Comparison(difference=estimate, p_value=p_value, test=method)
