"""A threshold and what follows from it. A case is recalled when its score is at or above the threshold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, binary, finite, fraction, same_length
from samdrift_evaluation.auc import both_classes
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.shares import resampled_share, sensitivity, share, specificity
from samdrift_evaluation.units import Units, units_of

#: Rates are quotients of counts; this forgives their rounding when they are held against a target.
ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """One point of the ROC curve."""

    threshold: float
    sensitivity: Estimate
    specificity: Estimate
    #: Share of the evaluated cases that are recalled, at their own share of abnormal ones (see `prevalence`).
    recall_rate: Estimate
    #: The threshold with its interval, where it was chosen on these cases.
    chosen: Estimate | None = None


@dataclass(frozen=True, kw_only=True)
class Roc:
    """All points of the ROC curve, threshold falling; the first is "recall nobody" (threshold infinite)."""

    thresholds: Numbers
    sensitivity: Numbers
    false_positive_rate: Numbers


def at_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    threshold: float,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> OperatingPoint:
    """A threshold fixed before these cases were seen: Wilson intervals, or with `groups` a cluster bootstrap.

    Raises:
        TooFewCasesError: a class has fewer than two cases, or those of only one group.
        EvaluationError: lengths differ, a score is missing, or a label is neither 0 nor 1.
    """
    positive, score, group = _read(labels, scores, groups)
    return OperatingPoint(
        threshold=float(threshold),
        sensitivity=sensitivity(positive, score >= threshold, group, resampling=resampling),
        specificity=specificity(positive, score >= threshold, group, resampling=resampling),
        recall_rate=share(score >= threshold, group, resampling=resampling),
    )


def at_sensitivity(
    labels: ArrayLike,
    scores: ArrayLike,
    target: float,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> OperatingPoint:
    """The highest threshold whose sensitivity on these cases is at least `target` (0 < target < 1).

    Sensitivity is that of the threshold found, with the interval of a fixed one. Specificity, recall rate and the
    threshold itself are chosen anew in every bootstrap replicate, so that not knowing the threshold widens them.
    Raises as `at_threshold` does.
    """
    return _chosen(labels, scores, groups, fraction("target", target), resampling, by_sensitivity=True)


def at_specificity(
    labels: ArrayLike,
    scores: ArrayLike,
    target: float,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> OperatingPoint:
    """The lowest threshold whose specificity on these cases is at least `target` (0 < target < 1).

    The mirror image of `at_sensitivity`: specificity is that of the threshold found, the rest is chosen anew. The
    threshold is a score of these cases; where only a threshold above all of them would do, it is the next number.
    """
    return _chosen(labels, scores, groups, fraction("target", target), resampling, by_sensitivity=False)


def roc(labels: ArrayLike, scores: ArrayLike) -> Roc:
    """The ROC curve, for drawing.

    Raises:
        TooFewCasesError: a class has fewer than two cases.
    """
    positive, score, _ = _read(labels, scores, None)
    ladder = _Ladder(positive, score)
    found, needless, _ = ladder.rates(np.ones((1, len(score))))
    return Roc(
        thresholds=np.append(np.inf, ladder.thresholds[1:]),
        sensitivity=found[0],
        false_positive_rate=needless[0],
    )


class _Ladder:
    """All thresholds that these scores allow, falling, from "above all of them" on, and the rates at each."""

    def __init__(self, positive: NDArray[np.bool_], score: Numbers) -> None:
        self.order = np.argsort(-score, kind="stable")
        falling = score[self.order]
        self.positive, self.starts = positive[self.order], np.flatnonzero(np.diff(falling, prepend=np.inf))
        self.thresholds = np.append(np.nextafter(falling[0], np.inf), falling[self.starts])

    def rates(self, weights: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Sensitivity, false positive rate and recall rate, shape (replicates, thresholds); NaN without a class."""
        ordered = weights[:, self.order]
        abnormal, normal = (self._recalled(ordered * which) for which in (self.positive, ~self.positive))
        return _over(abnormal, abnormal), _over(normal, normal), _over(abnormal + normal, abnormal + normal)

    def reached(self, weights: Numbers, *, target: float, by_sensitivity: bool) -> Numbers:
        """Threshold, sensitivity, specificity and recall rate where `target` is reached, a row for each replicate."""
        found, needless, recalled = self.rates(weights)
        if by_sensitivity:
            at = (found >= target - ROUNDING).argmax(axis=1)
        else:
            at = (1 - needless >= target - ROUNDING).sum(axis=1) - 1
        row, missing = np.arange(len(at)), np.isnan(found[:, 0]) | np.isnan(needless[:, 0])
        points = np.column_stack([self.thresholds[at], found[row, at], 1 - needless[row, at], recalled[row, at]])
        return np.where(missing[:, None], np.nan, points)

    def _recalled(self, ordered: Numbers) -> Numbers:
        steps = np.add.reduceat(ordered, self.starts, axis=1)
        return np.concatenate([np.zeros((len(ordered), 1)), np.cumsum(steps, axis=1)], axis=1)


def _over(counts: Numbers, totals: Numbers) -> Numbers:
    total = np.broadcast_to(totals[:, -1:], counts.shape)
    return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)


def _chosen(
    labels: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike | None,
    target: float,
    resampling: Resampling | None,
    *,
    by_sensitivity: bool,
) -> OperatingPoint:
    positive, score, group = _read(labels, scores, groups)
    chosen, units, ladder = resampling or Resampling(), units_of(len(score), group), _Ladder(positive, score)
    reached = partial(ladder.reached, target=target, by_sensitivity=by_sensitivity)
    value = reached(np.ones((1, len(score))))[0]
    replicates = units.replicated(reached, chosen)
    fixed = at_threshold(labels, scores, float(value[0]), groups, resampling=chosen)
    other = 2 if by_sensitivity else 1
    moved = _moved(float(value[other]), replicates[:, other], ~positive if by_sensitivity else positive, units, chosen)
    return OperatingPoint(
        threshold=fixed.threshold,
        sensitivity=fixed.sensitivity if by_sensitivity else moved,
        specificity=moved if by_sensitivity else fixed.specificity,
        recall_rate=resampled_share(float(value[3]), replicates[:, 3], len(score), units, chosen),
        chosen=_threshold(fixed.threshold, replicates[:, 0], units, chosen),
    )


def _moved(
    value: float, replicates: Numbers, which: NDArray[np.bool_], units: Units, resampling: Resampling
) -> Estimate:
    """The rate among the cases of `which`, from replicates in which the threshold was chosen anew."""
    within = units_of(int(which.sum()), units.of_case[which])
    if value in (0.0, 1.0):
        return resampled_share(value, replicates, int(which.sum()), within, resampling)
    return resampled_share(value, replicates, int(which.sum()), units, resampling)


def _threshold(value: float, replicates: Numbers, units: Units, resampling: Resampling) -> Estimate:
    low, high = resampling.bounds(replicates)
    return Estimate(
        value=value,
        low=low,
        high=high,
        n=len(units.of_case),
        method=units.told(resampling),
        confidence=resampling.confidence,
    )


def _read(
    labels: ArrayLike, scores: ArrayLike, groups: ArrayLike | None
) -> tuple[NDArray[np.bool_], Numbers, ArrayLike | None]:
    positive, score = binary("labels", labels), finite("scores", scores)
    same_length(labels=positive, scores=score)
    both_classes(positive)
    if groups is None:
        return positive, score, None
    group = np.asarray(groups)
    same_length(labels=positive, groups=group)
    return positive, score, group
