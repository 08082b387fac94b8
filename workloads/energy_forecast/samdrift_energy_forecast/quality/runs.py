"""Stretches of equal things in a row of hours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def runs(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Begin and end (one past the last) of each stretch where `mask`, shape `(n,)`, is true."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    yield from zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)


def longer_than(mask: NDArray[np.bool_], fewest: float) -> NDArray[np.bool_]:
    """`mask` without its stretches of fewer than `fewest` places."""
    kept = np.zeros_like(mask)
    for begin, end in runs(mask):
        if end - begin >= fewest:
            kept[begin:end] = True
    return kept
