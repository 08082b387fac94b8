"""Scores made into probabilities, by numbers that can be written into a model card: Platt's, and isotonic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from samdrift_evaluation.arrays import Numbers, binary, finite, same_length
from samdrift_evaluation.auc import both_classes
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.logistic import expit, logistic_fit


@dataclass(frozen=True, kw_only=True)
class Platt:
    """Probability = 1 / (1 + exp(-(intercept + slope * score)))."""

    intercept: float
    slope: float

    def __call__(self, scores: ArrayLike) -> Numbers:
        """Probabilities of `scores`."""
        return expit(self.intercept + self.slope * finite("scores", scores))


@dataclass(frozen=True, kw_only=True)
class Isotonic:
    """Probability by linear interpolation between points that never fall; constant outside them."""

    #: Rising.
    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __call__(self, scores: ArrayLike) -> Numbers:
        """Probabilities of `scores`."""
        return np.interp(finite("scores", scores), self.scores, self.probabilities)


def platt(labels: ArrayLike, scores: ArrayLike) -> Platt:
    """Platt's sigmoid with his smoothed targets (Advances in Large Margin Classifiers, 2000, 61-74).

    Fit it on cases that trained neither the model nor anything else that is judged.

    Raises:
        TooFewCasesError: a class has fewer than two cases.
        EvaluationError: all scores are the same.
    """
    positive, score = binary("labels", labels), finite("scores", scores)
    same_length(labels=positive, scores=score)
    both_classes(positive)
    if not np.ptp(score) > 0:
        raise EvaluationError("All scores are the same, so there is nothing to recalibrate.", field="scores")
    abnormal, normal = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (abnormal + 1) / (abnormal + 2), 1 / (normal + 2))
    centre, spread = float(score.mean()), float(score.std())
    design = np.column_stack([np.ones(len(score)), (score - centre) / spread])
    first, second = logistic_fit(design, target, np.zeros(len(score))).coefficients
    return Platt(intercept=float(first - second * centre / spread), slope=float(second / spread))


def isotonic(labels: ArrayLike, scores: ArrayLike) -> Isotonic:
    """The rising step function nearest to the outcomes (Zadrozny & Elkan, KDD 2002, 694-699).

    It bends to the data more than Platt's: fit it on several hundred cases that trained nothing that is judged.

    Raises:
        TooFewCasesError: a class has fewer than two cases.
    """
    from scipy.optimize import isotonic_regression

    positive, score = binary("labels", labels), finite("scores", scores)
    same_length(labels=positive, scores=score)
    both_classes(positive)
    distinct, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    share = np.bincount(place, positive) / counts
    risen = isotonic_regression(share, weights=counts.astype(np.float64)).x
    corner = np.ones(len(risen), dtype=np.bool_)
    corner[1:-1] = (risen[1:-1] != risen[:-2]) | (risen[1:-1] != risen[2:])
    return Isotonic(scores=tuple(map(float, distinct[corner])), probabilities=tuple(map(float, risen[corner])))
