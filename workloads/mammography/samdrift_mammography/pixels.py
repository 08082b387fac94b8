"""The pixels of a mammogram as grey values, and how large they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.decoding.values import stored_values
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.part10 import number_of, parse, text_of, values_of
from samdrift_mammography.sop_classes import SECONDARY_CAPTURE
from samdrift_mammography.voi import grey_values

if TYPE_CHECKING:
    from pydicom import Dataset

#: Digitised film whose header has no pixel size is taken to be 24 cm long, the longer side of an 18 x 24 cm film.
FILM_LENGTH_MM = 240.0
#: A picture's longer side lies between these; a header that says otherwise is not believed.
SHORTEST_MM, LONGEST_MM = 50.0, 500.0
#: Rim of a digitised film, above and below, that shows the edge of the film instead of the breast.
FILM_EDGE_MM = 5.0

_DECIMAL = re.compile(r"\d*\.?\d+")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image's pixels, dense tissue bright."""

    #: (rows, columns), 0-255.
    grey: NDArray[np.float32]
    #: Side of a pixel in mm.
    pixel_mm: float
    #: Whether `pixel_mm` is an assumption, because the header has none.
    pixel_mm_assumed: bool


def read_picture(data: bytes) -> Picture:
    """The pixels of a mammogram as grey values 0-255, after the VOI transformation and with dense tissue bright.

    Raises:
        UnreadableFileError: the file is damaged, no installed decoder opens its pixels, or its window is unusable.
    """
    parsed = parse(data)
    try:
        grey, told_mm = grey_values(parsed.image, stored_values(parsed)), _pixel_mm(parsed.image)
    except (UnreadableFileError, MemoryError):
        raise  # too little memory is our fault, not the file's
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise UnreadableFileError(
            f"The pixels cannot be decoded ({type(error).__name__}). Send the image uncompressed.", code="undecodable"
        ) from error
    pixel_mm = told_mm or FILM_LENGTH_MM / max(grey.shape)
    if text_of(parsed.image, "SOPClassUID") == SECONDARY_CAPTURE:
        edge = max(round(FILM_EDGE_MM / pixel_mm), 1)
        grey[:edge], grey[-edge:] = 0, 0
    return Picture(grey=grey, pixel_mm=pixel_mm, pixel_mm_assumed=told_mm is None)


def _pixel_mm(image: Dataset) -> float | None:
    """At the detector for a digital exposure, on the film for a digitised one; None when nothing plausible is told."""
    longer = max(number_of(image, "Rows"), number_of(image, "Columns"))
    for keyword in ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing"):
        first = next(iter(values_of(image, keyword)), "")
        if _DECIMAL.fullmatch(first) and SHORTEST_MM <= float(first) * longer <= LONGEST_MM:
            return float(first)
    return None
