"""Text that may be burned into a picture: bright small things outside the breast.

It finds labels, markers and annotations, and also scratches and dust; it does not read. Text that lies on the breast is
not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.quality.tissue import TISSUE_ABOVE, Grey, Mask, largest_piece

#: Side of the squares that are looked at, mm: finer than the stroke of a letter that can be read.
SQUARE_MM = 0.4
#: Grey values 0-255 from which a square may belong to a letter.
TEXT_FROM = 90.0
#: Letters closer than this are one label, mm.
GAP_MM = 4.0
#: A label is at least so high and wide, mm; smaller things are dust.
LEAST_MM = 1.6
#: No letter is longer than this, mm; longer things are edges of the film.
LETTER_MM = 40.0
#: The rim around the breast that still counts as breast, mm: skin and its glare.
RIM_MM = 4.0


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle of a picture, in pixels; row and column of its upper left corner."""

    row: int
    column: int
    rows: int
    columns: int

    def inside(self, grey: Grey) -> Grey:
        """Its pixels, as a view of `grey`."""
        part: Grey = grey[self.row : self.row + self.rows, self.column : self.column + self.columns]
        return part


def burned_in_text(grey: Grey, pixel_mm: float) -> list[Box]:
    """Where text may be burned into a picture (0-255; rows, columns), from top to bottom.

    `pixel_mm` is the side of a pixel.
    """
    square = max(round(SQUARE_MM / pixel_mm), 1)
    brightest = _maxima(grey, square)
    mm = square * pixel_mm
    found = _labels((brightest >= TEXT_FROM) & ~_breast(brightest, mm), mm)
    return sorted(
        (_box(rows, columns, square, grey.shape) for rows, columns in found), key=lambda box: (box.row, box.column)
    )


def _labels(bright: Mask, mm: float) -> Iterator[tuple[slice, slice]]:
    """Letters that lie close together and are as large as a label, as slices of rows and columns."""
    from scipy import ndimage

    letters = _letters(bright, mm)
    pieces, _ = ndimage.label(_grown(letters, GAP_MM / 2 / mm))
    for number, place in enumerate(ndimage.find_objects(pieces), start=1):
        inside = letters[place] & (pieces[place] == number)
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if min(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 >= LEAST_MM / mm:
            yield _part(place[0], rows), _part(place[1], columns)


def _letters(bright: Mask, mm: float) -> Mask:
    """Without what is too long to be one."""
    from scipy import ndimage

    pieces, _ = ndimage.label(bright, np.ones((3, 3)))
    kept = bright.copy()
    for number, place in enumerate(ndimage.find_objects(pieces), start=1):
        if max(side.stop - side.start for side in place) > LETTER_MM / mm:
            kept[place] &= pieces[place] != number
    return kept


def _part(whole: slice, inside: NDArray[np.intp]) -> slice:
    return slice(whole.start + int(inside[0]), whole.start + int(inside[-1]) + 1)


def _breast(brightest: Grey, mm: float) -> Mask:
    from scipy import ndimage

    return _grown(ndimage.binary_fill_holes(largest_piece(brightest > TISSUE_ABOVE)), RIM_MM / mm)


def _grown(mask: Mask, reach: float) -> Mask:
    """`mask` and everything within `reach` squares of it, at least one, along rows and columns."""
    from scipy import ndimage

    grown: Mask = ndimage.maximum_filter(mask, 2 * max(round(reach), 1) + 1)
    return grown


def _maxima(grey: Grey, square: int) -> Grey:
    """The brightest value of each square; black below and to the right of the picture."""
    missing = [(0, -side % square) for side in grey.shape]
    padded = np.pad(grey, missing) if any(after for _, after in missing) else grey
    lines = padded.reshape(len(padded) // square, square, -1).max(axis=1)
    found: Grey = np.max([lines[:, first::square] for first in range(square)], axis=0)  # five times max(axis=2)'s speed
    return found


def _box(rows: slice, columns: slice, square: int, shape: tuple[int, ...]) -> Box:
    row, column = rows.start * square, columns.start * square
    return Box(
        row=row,
        column=column,
        rows=min(rows.stop * square, shape[0]) - row,
        columns=min(columns.stop * square, shape[1]) - column,
    )
