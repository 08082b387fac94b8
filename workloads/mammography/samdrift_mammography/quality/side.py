"""On which side of a picture the breast is, and whether that fits the side which the header tells."""

from __future__ import annotations

import numpy as np

from samdrift_mammography.quality.tissue import TISSUE_ABOVE, Grey, largest_piece, means
from samdrift_mammography.views import Laterality

#: Side of the squares that are looked at, mm.
SQUARE_MM = 3.2
#: The breast is cut off by the chest wall, so it is higher there than at the nipple: by this factor at least, or the
#: side is not told.
LEAST_RATIO = 1.25
#: A smaller piece of tissue is no breast, mm2.
SMALLEST_MM2 = 1_000.0
# Share of the breast's width that is compared at each end.
_END = 1 / 6


def shown_side(grey: Grey, pixel_mm: float) -> Laterality | None:
    """Which breast it is, by where its chest wall is: on the right of the picture for a right breast.

    `grey` is 0-255 (rows, columns), dense tissue bright, as it is displayed. None when neither side is clearly the
    chest wall's.
    """
    square = max(round(SQUARE_MM / pixel_mm), 1)
    breast = largest_piece(means(grey, square) > TISSUE_ABOVE)
    if breast.sum() * (square * pixel_mm) ** 2 < SMALLEST_MM2:
        return None
    columns = np.flatnonzero(breast.any(axis=0))
    heights = breast[:, columns[0] : columns[-1] + 1].sum(axis=0)
    end = max(round(len(heights) * _END), 1)
    left, right = int(heights[:end].sum()), int(heights[-end:].sum())
    if max(left, right) < LEAST_RATIO * min(left, right):
        return None
    return Laterality.RIGHT if right > left else Laterality.LEFT
