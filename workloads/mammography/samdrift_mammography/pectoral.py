"""Where the pectoral muscle lies in an oblique view: the triangle above the best straight edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Width of the strips on both sides of the edge that are compared, in squares (1.6 mm each).
STRIP = 4.0
#: A smaller step in grey values (0-255) across the edge is not taken for a muscle.
SMALLEST_STEP = 8.0


def pectoral_muscle(grey: NDArray[np.float32], breast: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The muscle in `grey` (rows, columns; chest wall left), inside `breast`; all False where none stands out.

    The muscle's edge runs from (x0, 0) on the upper border to (0, y0) on the chest wall. Of a fixed set of such lines
    that one is taken across which the mean grey value falls most, weighted by the square root of the line's length.
    """
    lines = _lines(*grey.shape)
    distances = _distances(lines, *grey.shape)
    inside = breast & (distances > 0) & (distances <= STRIP)
    outside = breast & (distances < 0) & (distances >= -STRIP)
    step = _mean(grey, inside) - _mean(grey, outside)
    best = int(np.argmax(step * np.sqrt(np.hypot(*lines.T))))
    if step[best] < SMALLEST_STEP:
        return np.zeros_like(breast)
    muscle: NDArray[np.bool_] = breast & (distances[best] > 0)
    return muscle


def _lines(rows: int, columns: int) -> NDArray[np.float32]:
    """Candidates (x0, y0), shape (n, 2)."""
    x0 = np.linspace(0.12, 0.8, 18) * columns
    y0 = np.linspace(0.25, 1.0, 16) * rows
    return np.stack(np.meshgrid(x0, y0), axis=-1).reshape(-1, 2).astype(np.float32)


def _distances(lines: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Signed distance of every square's centre from every line, shape (n, rows, columns); positive on the muscle."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) + np.float32(0.5)
    x0, y0 = (lines[:, axis, None, None] for axis in (0, 1))
    distances: NDArray[np.float32] = (1 - x / x0 - y / y0) * x0 * y0 / np.hypot(x0, y0)
    return distances


def _mean(grey: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    sums = (grey * masks).sum(axis=(1, 2), dtype=np.float64)
    means: NDArray[np.float64] = sums / np.maximum(masks.sum(axis=(1, 2)), 1)
    return means
