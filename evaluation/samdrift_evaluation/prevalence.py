"""What enriched test data say about everyday screening: predictive values at a stated prevalence."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class AtPrevalence:
    """Figures as they would be if `prevalence` of the cases were abnormal."""

    #: 0.006 is 6 of 1,000.
    prevalence: float
    #: Positive predictive value: share of the recalled that are abnormal.
    ppv: Estimate
    #: Negative predictive value: share of the others that are normal.
    npv: Estimate
    recall_rate: Estimate


def at_prevalence(
    labels: ArrayLike,
    recalled: ArrayLike,
    prevalence: float,
    groups: ArrayLike | None = None,
    *,
    resampling: Resampling | None = None,
) -> AtPrevalence:
    """Re-weight the decisions `recalled` (0 or 1) to `prevalence`; sensitivity and specificity carry over."""
    raise NotImplementedError
