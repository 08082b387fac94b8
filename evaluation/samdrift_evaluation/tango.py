"""Tango's score interval for the difference of two paired proportions.

T. Tango, Equivalence test and confidence interval for the difference in proportions for the paired-sample design,
Statistics in Medicine 17 (1998) 891-908. It keeps its level with few discordant cases, where Wald's does not.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from samdrift_evaluation.arrays import Numbers

#: Halvings of [-1, 1]: the bounds are good to 2**-50.
HALVINGS = 51


def tango_bounds(
    new_only: ArrayLike, old_only: ArrayLike, cases: ArrayLike, confidence: float = 0.95
) -> tuple[Numbers, Numbers]:
    """Bounds of (share of new - share of old) for any number of studies at once, arrays of one shape.

    Args:
        new_only: cases in which only the new one says yes.
        old_only: cases in which only the old one says yes.
        cases: all cases, the concordant ones among them.
        confidence: of the two-sided interval.
    """
    b, c, n = (np.asarray(each, dtype=np.float64) for each in (new_only, old_only, cases))
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return _root(b, c, n, z), _root(b, c, n, -z)


def _root(b: Numbers, c: Numbers, n: Numbers, z: float) -> Numbers:
    """The difference at which the score is `z`; the score falls as the difference grows."""
    low, high = np.full(b.shape, -1.0), np.full(b.shape, 1.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = _score(b, c, n, middle) > z
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    middles: Numbers = (low + high) / 2
    return middles


def _score(b: Numbers, c: Numbers, n: Numbers, difference: Numbers) -> Numbers:
    """(b - c - n d) over its standard error under d, the share of old-only fitted by maximum likelihood under d."""
    linear = (2 * n - b + c) * difference - b - c
    constant = -c * difference * (1 - difference)
    old_only = (np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0)) - linear) / (4 * n)
    variance = np.maximum(n * (2 * old_only + difference * (1 - difference)), np.finfo(np.float64).tiny)
    score: Numbers = (b - c - n * difference) / np.sqrt(variance)
    return score
