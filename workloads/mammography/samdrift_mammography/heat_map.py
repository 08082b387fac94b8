"""The scores of all cells of a view as a small grey picture that lies over the view."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.film import CELL, COARSE, Film


def heat_map(grid: NDArray[np.float32], film: Film, *, full: float) -> NDArray[np.float32]:
    """`grid` (rows, columns of cells; NaN where nothing is scored) in the frame of the picture, grey values 0-255.

    One pixel is a square of 1.6 mm, and the whole covers the whole picture, mirrored back. 0 is a cell at the film's
    median or below, or one that is not scored; 255 one that reaches `full` or more; between them it is linear.
    """
    values = np.clip(np.nan_to_num(grid, nan=0.0) / full, 0, 1) * 255
    squares = np.kron(values, np.ones((CELL // COARSE, CELL // COARSE))).astype(np.float32)
    rows, columns = (-(-side // COARSE) for side in film.picture)
    top, left = (side // COARSE for side in film.origin)
    whole = np.zeros((max(rows, top + squares.shape[0]), max(columns, left + squares.shape[1])), dtype=np.float32)
    whole[top : top + squares.shape[0], left : left + squares.shape[1]] = squares
    whole = whole[:rows, :columns]
    return np.ascontiguousarray(whole[:, ::-1] if film.mirrored else whole)
