"""Sensitivity, specificity, recall rate, coverage: k of n with an interval."""

from __future__ import annotations

import math
from enum import StrEnum
from statistics import NormalDist

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate


class Interval(StrEnum):
    """How the interval of a proportion is made."""

    #: Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212: close to its nominal coverage on average; the default.
    WILSON = "Wilson score"
    #: Clopper & Pearson, Biometrika 26 (1934) 404-413: never below its nominal coverage, so wider.
    EXACT = "Clopper-Pearson exact"


def proportion(k: int, n: int, *, interval: Interval = Interval.WILSON, confidence: float = 0.95) -> Estimate:
    """The share k/n of `n` independent cases, as a number from 0 to 1.

    Raises:
        EvaluationError: `n` is 0, or `k` does not lie between 0 and `n`.
    """
    if not 0 <= k <= n or n == 0:
        raise EvaluationError(f"{k} of {n} is not a proportion: 0 <= k <= n and n > 0 must hold.", field="k")
    bounds = _wilson(k, n, confidence) if interval is Interval.WILSON else exact_bounds(k, n, confidence)
    return Estimate(value=k / n, low=bounds[0], high=bounds[1], n=n, method=interval.value, confidence=confidence)


def exact_bounds(k: int, n: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's bounds for k of n."""
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high


def _wilson(k: int, n: int, confidence: float) -> tuple[float, float]:
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, scale = k / n, 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At k = 0 and k = n the bound is 0 or 1 exactly; rounding would put it a hair beside.
    return 0.0 if k == 0 else centre - half, 1.0 if k == n else centre + half
