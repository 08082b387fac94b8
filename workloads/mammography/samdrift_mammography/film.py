"""One view in canonical form: 0.2 mm pixels, chest wall to the left, and where in it there is breast to score.

All arrays are (rows, columns) with the origin at the top left. Masks have one value per square of `COARSE` pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn import functional

from samdrift_mammography.errors import NoBreastError
from samdrift_mammography.pectoral import pectoral_muscle

Pixels: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]

#: Pixel side of a canonical film in mm: that of the films the head was trained on.
PIXEL_MM = 0.2
#: Side of a mask's square in pixels (1.6 mm).
COARSE = 8
#: Side of a cell, the unit that is scored, in pixels (3.2 mm).
CELL = 16
#: Grey values 0-255 above this are taken to be tissue.
TISSUE_ABOVE = 20.0
#: A smaller largest piece of tissue than this is no breast, in mm2.
SMALLEST_BREAST_MM2 = 1_000.0
#: Width of the rim behind the skin that is not scored, in squares (4.8 mm).
SKIN = 3


@dataclass(frozen=True, kw_only=True)
class Film:
    """A canonical film and the way back to the picture it was made from."""

    #: Grey values 0-255, dense tissue bright; both sides are multiples of `CELL`.
    pixels: Pixels
    #: Breast with the pectoral muscle.
    breast: Mask
    #: Breast without the muscle and without the rim behind the skin.
    scored: Mask
    #: Whether the picture was mirrored left to right first, because its chest wall was on the right.
    mirrored: bool
    #: Row and column of this film's first pixel in the (mirrored) picture at 0.2 mm.
    origin: tuple[int, int]
    #: Rows and columns of the whole picture at 0.2 mm.
    picture: tuple[int, int]

    def to_film(self, x: float, y: float) -> tuple[float, float]:
        """From fractions of the picture (x right, y down, 0-1) to film pixels."""
        rows, columns = self.picture
        x = 1.0 - x if self.mirrored else x
        return x * columns - self.origin[1], y * rows - self.origin[0]

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """From film pixels to fractions of the picture; the inverse of `to_film`."""
        rows, columns = self.picture
        x = (x + self.origin[1]) / columns
        return (1.0 - x if self.mirrored else x), (y + self.origin[0]) / rows


def canonical(picture: Pixels, *, pixel_mm: float, oblique: bool) -> Film:
    """Bring a picture (grey values 0-255, dense tissue bright) to canonical form.

    `pixel_mm` is the side of its pixels; `oblique` says that the pectoral muscle is to be looked for (MLO).

    Raises:
        NoBreastError: no piece of tissue is as large as a breast.
    """
    pixels = resample(picture, pixel_mm / PIXEL_MM)
    size = pixels.shape
    breast = _largest_piece(_reduce(pixels) > TISSUE_ABOVE)
    mirrored = _chest_wall_is_right(breast)
    if mirrored:
        pixels, breast = pixels[:, ::-1], _largest_piece(_reduce(pixels[:, ::-1]) > TISSUE_ABOVE)
    rows, columns = _bounds(breast)
    breast = _even(breast[rows, columns])
    pixels = _fill(pixels[_times(rows), _times(columns)], (breast.shape[0] * COARSE, breast.shape[1] * COARSE))
    muscle = pectoral_muscle(_reduce(pixels), breast) if oblique else np.zeros_like(breast)
    return Film(
        pixels=pixels,
        breast=breast,
        scored=_without_skin(breast) & ~muscle,
        mirrored=mirrored,
        origin=(rows.start * COARSE, columns.start * COARSE),
        picture=(size[0], size[1]),
    )


def resample(picture: Pixels, factor: float) -> Pixels:
    """Scale both sides by `factor`, each new pixel the mean of the area it covers."""
    if abs(factor - 1.0) < 1e-3:  # less than a pixel over a whole film
        return picture
    size = [max(round(side * factor), 1) for side in picture.shape]
    scaled = functional.interpolate(torch.from_numpy(np.ascontiguousarray(picture))[None, None], size, mode="area")
    return np.asarray(scaled[0, 0], dtype=np.float32)


def _reduce(pixels: Pixels) -> Pixels:
    """Means over squares of `COARSE` pixels; what is missing at the lower and right edge counts as black."""
    size = tuple(-(-side // COARSE) * COARSE for side in pixels.shape)
    squares = _fill(pixels, size).reshape(size[0] // COARSE, COARSE, size[1] // COARSE, COARSE)
    means: Pixels = squares.mean(axis=(1, 3))
    return means


def _largest_piece(tissue: Mask) -> Mask:
    """The largest connected piece without its holes; labels and scratches on the film are smaller pieces."""
    pieces, number = ndimage.label(ndimage.binary_opening(tissue))
    areas = np.bincount(pieces.ravel(), minlength=number + 1)[1:]
    square_mm2 = (COARSE * PIXEL_MM) ** 2
    if not areas.size or areas.max() * square_mm2 < SMALLEST_BREAST_MM2:
        raise NoBreastError
    filled: Mask = ndimage.binary_fill_holes(pieces == 1 + int(areas.argmax()))
    return filled


def _chest_wall_is_right(breast: Mask) -> bool:
    """The chest wall is the side on which the breast is cut off, so the side with more of it."""
    _, columns = _bounds(breast)
    heights = breast[:, columns].sum(axis=0)
    edge = max(len(heights) // 8, 1)
    return bool(heights[-edge:].sum() > heights[:edge].sum())


def _without_skin(breast: Mask) -> Mask:
    """Take off the rim behind the skin, but nothing where the picture cuts the breast off."""
    inner: Mask = ndimage.binary_erosion(breast, iterations=SKIN, border_value=1)
    return inner


def _bounds(mask: Mask) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _times(part: slice) -> slice:
    return slice(part.start * COARSE, part.stop * COARSE)


def _even(mask: Mask) -> Mask:
    squares = CELL // COARSE
    return np.pad(mask, [(0, -side % squares) for side in mask.shape])


def _fill(pixels: Pixels, size: tuple[int, ...]) -> Pixels:
    """Black pixels below and to the right until the picture has `size`."""
    missing = [(0, wanted - side) for wanted, side in zip(size, pixels.shape, strict=True)]
    return np.ascontiguousarray(np.pad(pixels, missing), dtype=np.float32)
