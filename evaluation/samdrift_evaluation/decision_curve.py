"""Net benefit: whether recalling by the model helps more than recalling everybody or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate


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
    probabilities: ArrayLike,
    thresholds: Sequence[float],
    groups: ArrayLike | None = None,
    *,
    prevalence: float | None = None,
    resampling: Resampling | None = None,
) -> tuple[NetBenefit, ...]:
    """Net benefit at each of `thresholds` (between 0 and 1); `prevalence` replaces that of the cases."""
    raise NotImplementedError
