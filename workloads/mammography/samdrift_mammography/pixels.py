"""The pixels of a mammogram as grey values, and how large they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.part10 import text_of
from samdrift_mammography.sop_classes import SECONDARY_CAPTURE

if TYPE_CHECKING:
    from pydicom import Dataset

#: Digitised film whose header has no pixel size is taken to be 24 cm long, the longer side of an 18 x 24 cm film.
FILM_LENGTH_MM = 240.0
#: A picture's longer side lies between these; a header that says otherwise is not believed.
SHORTEST_MM, LONGEST_MM = 50.0, 500.0
#: Rim of a digitised film, above and below, that shows the edge of the film instead of the breast.
FILM_EDGE_MM = 5.0

_DECIMAL = re.compile(r"\d*\.?\d+")
_RLE = "1.2.840.10008.1.2.5"


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
        UnreadableFileError: the pixels are in a form that no installed decoder opens.
    """
    import pydicom

    try:
        image = pydicom.dcmread(BytesIO(data))
        grey, told_mm = _grey(image), _pixel_mm(image)
    except MemoryError:
        raise  # our fault, not the file's
    except Exception as error:  # every decoder raises its own
        raise UnreadableFileError(
            f"The pixels cannot be decoded ({type(error).__name__}). Send the image uncompressed.", code="undecodable"
        ) from error
    pixel_mm = told_mm or FILM_LENGTH_MM / max(grey.shape)
    if text_of(image, "SOPClassUID") == SECONDARY_CAPTURE:
        edge = round(FILM_EDGE_MM / pixel_mm)
        grey[:edge], grey[-edge:] = 0, 0
    return Picture(grey=grey, pixel_mm=pixel_mm, pixel_mm_assumed=told_mm is None)


def _grey(image: Dataset) -> NDArray[np.float32]:
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    if image.file_meta.TransferSyntaxUID == _RLE:
        # the faster decoder in Rust panics on damaged segments, which no `except Exception` catches
        image.pixel_array_options(decoding_plugin="pydicom")
    values = apply_voi_lut(apply_modality_lut(image.pixel_array, image), image, index=0).astype(np.float32)
    low, high = _output_range(image)
    values -= np.float32(low)
    values *= np.float32(255 / (high - low))
    np.clip(values, 0, 255, out=values)
    if text_of(image, "PhotometricInterpretation") == "MONOCHROME1":
        np.subtract(255, values, out=values)
    grey: NDArray[np.float32] = values
    return grey


def _output_range(image: Dataset) -> tuple[float, float]:
    """Lowest and highest value after the VOI transformation (PS3.3 section C.11.2)."""
    if image.get("VOILUTSequence"):
        return 0.0, float(2 ** int(image.VOILUTSequence[0].LUTDescriptor[2]) - 1)
    bits, signed = int(image.BitsStored), bool(image.PixelRepresentation)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    slope, intercept = float(image.get("RescaleSlope", 1)), float(image.get("RescaleIntercept", 0))
    return low * slope + intercept, high * slope + intercept


def _pixel_mm(image: Dataset) -> float | None:
    """At the detector for a digital exposure, on the film for a digitised one; None when nothing plausible is told."""
    longer = max(int(image.Rows), int(image.Columns))
    for keyword in ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing"):
        first = text_of(image, keyword).split("\\")[0]
        if _DECIMAL.fullmatch(first) and SHORTEST_MM <= float(first) * longer <= LONGEST_MM:
            return float(first)
    return None
