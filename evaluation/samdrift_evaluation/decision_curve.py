"""Net benefit: whether recalling by the model helps more than recalling everybody or nobody.

Vickers & Elkin, Medical Decision Making 26 (2006) 565-574. A threshold probability t says how a missed case weighs
against a needless recall: at t = 0.02 one cancer found is worth 49 needless recalls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, binary, fraction, probabilities, same_length
from samdrift_evaluation.auc import both_classes
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.units import units_of


@dataclass(frozen=True, kw_only=True)
class NetBenefit:
    """At one threshold probability. Recalling nobody has net benefit 0. Unit: true positives per case."""

    threshold: float
    model: Estimate
    recall_all: Estimate
    #: Model minus the better of recalling everybody and nobody.
    gain: Estimate


def decision_curve(
    labels: ArrayLike,
    stated: ArrayLike,
    thresholds: Sequence[float],
    groups: ArrayLike | None = None,
    *,
    prevalence: float | None = None,
    resampling: Resampling | None = None,
) -> tuple[NetBenefit, ...]:
    """Net benefit of recalling where the probability `stated` is at or above each of `thresholds`.

    The prevalence is that of the cases, or `prevalence` where the cases were enriched; then what recalling everybody
    brings is known exactly. Bootstrap over cases, or over `groups`.

    Raises:
        TooFewCasesError: a class has fewer than two cases, or there is only one group.
        EvaluationError: a threshold, the prevalence or a probability is not one, or lengths differ.
    """
    positive, probability = binary("labels", labels), probabilities("stated", stated)
    n = same_length(labels=positive, stated=probability)
    both_classes(positive)
    cuts = np.array([fraction("thresholds", each) for each in thresholds])
    chosen, units = resampling or Resampling(), units_of(n, groups)
    benefit = _benefit(positive, probability, cuts, None if prevalence is None else fraction("prevalence", prevalence))
    value, replicates = benefit(np.ones((1, n)))[0], units.replicated(benefit, chosen)
    method = units.told(chosen) + ("" if prevalence is None else f", at prevalence {prevalence:g}")

    def estimate(which: int, at: int) -> Estimate:
        low, high = chosen.bounds(replicates[:, which, at])
        found = float(value[which, at])
        return Estimate(value=found, low=low, high=high, n=n, method=method, confidence=chosen.confidence)

    return tuple(
        NetBenefit(threshold=float(cut), model=estimate(0, at), recall_all=estimate(1, at), gain=estimate(2, at))
        for at, cut in enumerate(cuts)
    )


def _benefit(
    positive: NDArray[np.bool_], probability: Numbers, cuts: Numbers, prevalence: float | None
) -> Callable[[Numbers], Numbers]:
    """Of weights, shape (replicates, cases): model, recall all, gain; shape (replicates, 3, thresholds)."""
    recalled, harm = (probability[:, None] >= cuts).astype(np.float64), cuts / (1 - cuts)

    def benefit(weights: Numbers) -> Numbers:
        abnormal, normal = weights * positive, weights * ~positive
        found, needless = (_rates(each @ recalled, each.sum(axis=1)) for each in (abnormal, normal))
        share = abnormal.sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
        ill = share if prevalence is None else np.where(np.isnan(found), np.nan, prevalence)
        model, everybody = found * ill - needless * (1 - ill) * harm, ill - (1 - ill) * harm
        return np.stack([model, everybody, model - np.maximum(everybody, 0)], axis=1)

    return benefit


def _rates(counts: Numbers, totals: Numbers) -> Numbers:
    total = np.broadcast_to(totals[:, None], counts.shape)
    return np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
