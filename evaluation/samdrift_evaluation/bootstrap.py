"""Intervals by resampling the independent units (women, days), never the cases inside them.

Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 (structure in the data) and 13 (percentiles).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.errors import TooFewCasesError

#: How often each unit was drawn in one replicate; shape (units,), sum = units.
Draws = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How to resample: as many units as there are, with replacement, the same draws for the same seed."""

    replicates: int = 2000
    seed: int = 0
    confidence: float = 0.95

    def interval(self, statistic: Callable[[Draws], float], units: int) -> tuple[float, float]:
        """The percentile interval of `statistic` over draws of `units` units.

        A replicate in which the statistic does not exist (NaN: one class was not drawn) is left out.

        Raises:
            TooFewCasesError: fewer than two units, or no replicate in which the statistic exists.
        """
        if units < 2:
            raise TooFewCasesError("an interval needs at least two independent groups or days")
        rng, shares = np.random.default_rng(self.seed), np.full(units, 1 / units)
        values = np.array([statistic(rng.multinomial(units, shares)) for _ in range(self.replicates)])
        values = values[~np.isnan(values)]
        if values.size == 0:
            raise TooFewCasesError("the statistic exists in no bootstrap replicate; use more groups or days")
        outside = (1 - self.confidence) / 2
        low, high = np.quantile(values, (outside, 1 - outside))
        return float(low), float(high)

    def told(self, what: str) -> str:
        """`what`, then the numbers that reproduce the interval."""
        return f"{what}, {self.replicates} replicates, seed {self.seed}"
