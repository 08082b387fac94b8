"""Where in a view the score comes from: the highest cells, each at a distance from the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.film import CELL, PIXEL_MM, Film

#: At most so many marks in a view.
MOST = 3
#: Radius of a mark, and the least distance between two, in mm.
RADIUS_MM, APART_MM = 12.0, 24.0


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A circle in a picture; positions and radius as fractions of the picture's width (x, radius) and height (y)."""

    x: float
    y: float
    radius: float
    #: Cell score at the centre: the film's median is 0.
    score: float


def marks(grid: NDArray[np.float32], film: Film, *, at_least: float) -> list[Mark]:
    """The peaks of `grid` (rows, columns of cells; NaN outside) that reach `at_least`, highest first."""
    return [_mark(film, row, column, score) for row, column, score in _peaks(grid, at_least)]


def _peaks(grid: NDArray[np.float32], at_least: float) -> Iterator[tuple[int, int, float]]:
    left = np.nan_to_num(grid, nan=-np.inf)
    rows, columns = np.indices(grid.shape)
    for _ in range(MOST):
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        score = float(left[row, column])
        if score < at_least:
            return
        yield int(row), int(column), score
        near = np.hypot(rows - row, columns - column) * CELL * PIXEL_MM < APART_MM
        left[near] = -np.inf


def _mark(film: Film, row: int, column: int, score: float) -> Mark:
    x, y = film.to_picture((column + 0.5) * CELL, (row + 0.5) * CELL)
    width_mm = film.picture[1] * PIXEL_MM
    return Mark(x=round(x, 4), y=round(y, 4), radius=round(RADIUS_MM / width_mm, 4), score=round(score, 4))
