"""Where there is tissue in a picture, coarsely: what the checks of side and burned-in text look at.

A picture is grey values 0-255 (rows, columns), dense tissue bright; a mask has one value a square of it.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]

#: Grey values above this are taken to be tissue, as when a film is scored (`film.TISSUE_ABOVE`).
TISSUE_ABOVE = 20.0


def means(grey: Grey, square: int) -> Grey:
    """Means over squares of `square` pixels; what is left over at the lower and right edge is left out."""
    rows, columns = (side // square for side in grey.shape)
    lines = grey[: rows * square, : columns * square].reshape(rows, square, -1).mean(axis=1)
    found: Grey = lines.reshape(rows, columns, square).mean(axis=2)
    return found


def largest_piece(tissue: Mask) -> Mask:
    """The largest connected piece; empty when there is none."""
    from scipy import ndimage

    pieces, number = ndimage.label(ndimage.binary_opening(tissue))
    if not number:
        return np.zeros_like(tissue)
    areas = np.bincount(pieces.ravel())[1:]
    piece: Mask = pieces == 1 + int(areas.argmax())
    return piece
