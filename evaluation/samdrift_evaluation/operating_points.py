"""A threshold and what follows from it. A case is recalled when its score is at or above the threshold."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """One point of the ROC curve."""

    threshold: float
    sensitivity: Estimate
    specificity: Estimate
    #: Share of the evaluated cases that are recalled, at their own share of abnormal ones (see `prevalence`).
    recall_rate: Estimate


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
    """A threshold fixed before these cases were seen: Wilson intervals, or with `groups` a cluster bootstrap."""
    raise NotImplementedError


def at_sensitivity(
    labels: ArrayLike,
    scores: ArrayLike,
    target: float,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> OperatingPoint:
    """The highest threshold that reaches `target` on these cases; chosen anew in every bootstrap replicate."""
    raise NotImplementedError


def at_specificity(
    labels: ArrayLike,
    scores: ArrayLike,
    target: float,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> OperatingPoint:
    """The lowest threshold that reaches `target` on these cases; chosen anew in every bootstrap replicate."""
    raise NotImplementedError


def roc(labels: ArrayLike, scores: ArrayLike) -> Roc:
    """The ROC curve, for drawing."""
    raise NotImplementedError
