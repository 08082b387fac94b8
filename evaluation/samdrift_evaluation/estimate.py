"""A figure that never stands alone: value, interval and n, or the statement that there are too few cases."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from samdrift_evaluation.errors import TooFewCasesError


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A statistic with its confidence interval. `str()` gives "0.74 [0.66, 0.81], n = 107"."""

    value: float
    #: Bounds of the two-sided interval, in the unit of `value`.
    low: float
    high: float
    #: Cases the figure rests on; how they cluster (women, days) is said in `method`.
    n: int
    #: "DeLong", "Wilson score", "block bootstrap over 30 days, 2000 replicates, seed 0"
    method: str
    confidence: float = 0.95

    def __str__(self) -> str:
        digits = self.decimals
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}], n = {self.n}"

    @property
    def decimals(self) -> int:
        """Two significant digits of the interval's width: more would claim what the data do not hold."""
        width = self.high - self.low
        if not math.isfinite(width) or width <= 0:
            return 2
        return min(6, max(0, 1 - math.floor(math.log10(width))))


@dataclass(frozen=True, kw_only=True)
class TooFew:
    """Stands where a number would mislead. `str()` gives "too few: n = 7, at least 20 are needed"."""

    n: int
    reason: str

    def __str__(self) -> str:
        return f"too few: n = {self.n}, {self.reason}"


#: One cell of a report.
Figure: TypeAlias = Estimate | TooFew


def when_enough(n: int, least: int, estimate: Callable[[], Estimate]) -> Figure:
    """`estimate()` when `n` reaches `least` and the estimate itself finds enough; otherwise `TooFew`."""
    if n < least:
        return TooFew(n=n, reason=f"at least {least} are needed")
    try:
        return estimate()
    except TooFewCasesError as error:
        return TooFew(n=n, reason=error.message)
