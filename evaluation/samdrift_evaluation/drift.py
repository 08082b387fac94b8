"""Whether what comes in, or what goes out, still looks like what the model was evaluated on.

Each measure says what its threshold is and where that comes from. An alarm says that something moved, not that the
model got worse: only truth that arrives later (`calibration_cusum`) says that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from numpy.typing import ArrayLike

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.estimate import Estimate, TooFew


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One measure of drift."""

    #: "population stability index", "Kolmogorov-Smirnov distance", "maximum mean discrepancy", "calibration CUSUM"
    measure: str
    #: What is compared with the threshold.
    statistic: float
    threshold: float
    #: Where the threshold comes from.
    source: str
    #: How large the drift is: the statistic itself, or for a CUSUM the mean residual.
    size: Estimate
    #: Probability of a statistic as large without drift, where it is known.
    p_value: float | None = None
    #: For a CUSUM: index of the case from which the sum has grown to its largest value.
    since: int | None = None

    @property
    def alarm(self) -> bool:
        """Whether the statistic is above its threshold."""
        return self.statistic > self.threshold


#: What every measure gives.
Drifted: TypeAlias = Drift | TooFew


def population_stability(
    reference: ArrayLike, current: ArrayLike, *, bins: int = 10, alpha: float = 0.01, resampling: Resampling | None = None
) -> Drifted:
    """PSI of one number per case (a score, an input) over deciles of `reference`."""
    raise NotImplementedError


def kolmogorov_smirnov(
    reference: ArrayLike, current: ArrayLike, *, alpha: float = 0.01, resampling: Resampling | None = None
) -> Drifted:
    """Largest distance of the two distribution functions of one number per case."""
    raise NotImplementedError


def maximum_mean_discrepancy(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    alpha: float = 0.01,
    permutations: int = 500,
    resampling: Resampling | None = None,
) -> Drifted:
    """Squared MMD of embeddings, arrays of shape (cases, dimensions)."""
    raise NotImplementedError


def calibration_cusum(
    labels: ArrayLike, probabilities: ArrayLike, *, alpha: float = 0.01, simulations: int = 2000, seed: int = 0
) -> Drifted:
    """CUSUM of outcome minus probability, in the order in which truth arrived."""
    raise NotImplementedError


def residual_cusum(
    reference: ArrayLike,
    current: ArrayLike,
    days: ArrayLike | None = None,
    *,
    alpha: float = 0.01,
    simulations: int = 2000,
    seed: int = 0,
) -> Drifted:
    """CUSUM of residuals (measured minus expected) against those of the evaluation, `days` the day of each reference."""
    raise NotImplementedError
