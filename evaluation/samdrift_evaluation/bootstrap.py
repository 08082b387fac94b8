"""Intervals by resampling the independent units (women, days), never the cases inside them.

Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 (structure in the data) and 13 (percentiles).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError

#: How often each unit was drawn; shape (units,) for one replicate or (replicates, units), each row's sum = units.
Draws = NDArray[np.int64]

#: Numbers in one block of draws: 8 MB, so that a block and what is made of it stay in the processor's cache or near.
BLOCK = 2**20


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How to resample: as many units as there are, with replacement, the same draws for the same seed."""

    replicates: int = 2000
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what makes no interval.

        Raises:
            EvaluationError: there are no replicates, or the confidence is not between 0 and 1.
        """
        if self.replicates < 1:
            raise EvaluationError(f"{self.replicates} replicates make no interval.", field="replicates")
        if not 0 < self.confidence < 1:
            raise EvaluationError(f"Confidence lies between 0 and 1, not at {self.confidence}.", field="confidence")

    def interval(self, statistic: Callable[[Draws], float], units: int) -> tuple[float, float]:
        """The percentile interval of `statistic`, which is given one draw of `units` units at a time.

        A replicate in which the statistic does not exist (NaN: one class was not drawn) is left out.

        Raises:
            TooFewCasesError: fewer than two units, or no replicate in which the statistic exists.
        """
        return self.bounds(self.replicated(lambda block: np.array([statistic(draw) for draw in block]), units))

    def replicated(
        self, statistic: Callable[[Draws], Numbers], units: int, strata: NDArray[np.intp] | None = None
    ) -> Numbers:
        """`statistic` of every replicate; it is given many draws at once, shape (some replicates, units).

        Args:
            statistic: gives one row for each draw: shape (replicates,) or (replicates, figures).
            units: how many independent units there are.
            strata: the stratum of each unit, from 0: each stratum then keeps its number of units in every draw.

        Raises:
            TooFewCasesError: fewer than two units.
        """
        if units < 2:
            raise TooFewCasesError("an interval needs at least two independent groups or days")
        return np.concatenate([statistic(block) for block in self._blocks(units, strata)])

    def bounds(self, values: Numbers) -> tuple[float, float]:
        """The percentile interval of the replicates `values`, NaN left out.

        Raises:
            TooFewCasesError: no replicate is left.
        """
        values = values[~np.isnan(values)]
        if values.size == 0:
            raise TooFewCasesError("the statistic exists in no bootstrap replicate; use more groups or days")
        outside = (1 - self.confidence) / 2
        low, high = np.quantile(values, (outside, 1 - outside))
        return float(low), float(high)

    def told(self, what: str) -> str:
        """`what`, then the numbers that reproduce the interval."""
        return f"{what}, {self.replicates} replicates, seed {self.seed}"

    def _blocks(self, units: int, strata: NDArray[np.intp] | None) -> Iterator[Draws]:
        rng, rows = np.random.default_rng(self.seed), max(1, BLOCK // units)
        for start in range(0, self.replicates, rows):
            yield _drawn(rng, min(rows, self.replicates - start), units, strata)


def _drawn(rng: np.random.Generator, rows: int, units: int, strata: NDArray[np.intp] | None) -> Draws:
    if strata is None:
        return rng.multinomial(units, np.full(units, 1 / units), size=rows)
    draws: NDArray[Any] = np.empty((rows, units), dtype=np.int64)
    for stratum in range(int(strata.max()) + 1):
        members = np.flatnonzero(strata == stratum)
        draws[:, members] = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), size=rows)
    return draws
