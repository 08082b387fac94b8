"""Exponential smoothing along the last axis, in a few array operations.

`scipy.signal.lfilter` would do it, but importing `scipy.signal` takes a second, longer than the forecasts of many
buildings do.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Exponent up to which powers are taken in one go: far from overflow (709), and blocks stay long.
LARGEST_EXPONENT = 300.0


def first_order(values: NDArray[np.float64], keep: float, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """`y_k = keep y_(k-1) + (1 - keep) values_k` along the last axis.

    Args:
        values: shape `(..., n)`.
        keep: between 0 and 1, both excluded.
        start: `y` before the first value, shape `(..., 1)`.
    """
    answer = np.empty(values.shape)
    block = max(1, int(LARGEST_EXPONENT / -math.log(keep)))
    last = np.broadcast_to(start, (*values.shape[:-1], 1))
    for first in range(0, values.shape[-1], block):
        part = values[..., first : first + block]
        powers = keep ** np.arange(1, part.shape[-1] + 1)
        answer[..., first : first + block] = powers * (last + np.cumsum((1 - keep) * part / powers, axis=-1))
        last = answer[..., first + part.shape[-1] - 1, None]
    return answer


def smoothed(values: NDArray[np.float64], half_life_h: float) -> NDArray[np.float64]:
    """Exponentially smoothed `values`, shape `(..., n)`; each hour sees itself and hours before it."""
    return first_order(values, 0.5 ** (1.0 / half_life_h), values[..., :1])
