"""The pixels of an image that leaves: decoded and written anew, and looked at for text.

Whatever a compressed stream can hide goes with it: comments, offset tables, bytes behind the end. So do bits above the
stored ones, in which old devices kept overlays. What the image itself shows is not changed: one that may show text is
refused, until a person has looked at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.deidentified.refusal import RefusedError
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.part10 import Parsed, number_of, text_of

if TYPE_CHECKING:
    from pydicom import Dataset

#: Side of a pixel where the header does not say one, mm: small, so that no label is taken for dust.
ASSUMED_MM = 0.05


def write_pixels(parsed: Parsed, made: Dataset, *, reviewed: bool) -> None:
    """Put the image's stored values into `made`, uncompressed. `reviewed`: a person has looked at it and saw no text.

    Raises:
        RefusedError: it has several frames or colours, may show text, or cannot be decoded and so not be looked at.
    """
    image = parsed.image
    if number_of(image, "SamplesPerPixel", 1) != 1 or number_of(image, "NumberOfFrames", 1) != 1:
        raise RefusedError("not-one-grey-frame")
    values = _stored(parsed)
    if not reviewed and _may_show_text(image, values):
        raise RefusedError("burned-in-text")
    _fill(made, values, bits=number_of(image, "BitsStored", 16))


def _stored(parsed: Parsed) -> NDArray[np.uint16]:
    """The stored values alone, (rows, columns): lowest bit first, nothing above `BitsStored`."""
    from samdrift_mammography.decoding.values import stored_values

    bits = number_of(parsed.image, "BitsStored", 16)
    shift = number_of(parsed.image, "HighBit", bits - 1) + 1 - bits
    if not (1 <= bits <= 16 and 0 <= shift <= 16 - bits):
        raise RefusedError("undecodable")
    try:
        values = stored_values(parsed)
    except UnreadableFileError as error:
        raise RefusedError(error.code) from error
    return ((values.astype(np.uint16) >> np.uint16(shift)) & np.uint16(2**bits - 1)).astype(np.uint16)


def _may_show_text(image: Dataset, values: NDArray[np.uint16]) -> bool:
    """Whether the header says so, or bright things lie outside the breast: as shown, or in any of the stored values."""
    from samdrift_mammography.quality.burned_in import burned_in_text

    if "YES" in (text_of(image, "BurnedInAnnotation"), text_of(image, "RecognizableVisualFeatures")):
        return True
    millimetres = _pixel_mm(image)
    return any(burned_in_text(grey, millimetres) for grey in _greys(image, values))


def _greys(image: Dataset, values: NDArray[np.uint16]) -> list[NDArray[np.float32]]:
    """Dense tissue bright, 0-255: after the VOI transformation, and over the whole range, which no window hides."""
    from samdrift_mammography.voi import grey_values

    low, high = float(values.min()), float(values.max())
    whole = ((values - low) * (255.0 / max(high - low, 1.0))).astype(np.float32)
    if text_of(image, "PhotometricInterpretation") == "MONOCHROME1":
        whole = 255.0 - whole
    try:
        return [whole, grey_values(image, values)]
    except UnreadableFileError as error:
        raise RefusedError(error.code) from error


def _pixel_mm(image: Dataset) -> float:
    for keyword in ("ImagerPixelSpacing", "PixelSpacing"):
        try:
            return float(text_of(image, keyword).strip("[]").replace(",", "\\").split("\\")[0]) or ASSUMED_MM
        except ValueError:
            continue
    return ASSUMED_MM


def _fill(made: Dataset, values: NDArray[np.uint16], *, bits: int) -> None:
    allocated = 8 if bits <= 8 else 16
    made.SamplesPerPixel, made.BitsAllocated, made.BitsStored, made.HighBit = 1, allocated, bits, bits - 1
    made.Rows, made.Columns = values.shape
    data = values.astype("u1" if allocated == 8 else "<u2").tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
    made["PixelData"].VR = "OW" if allocated == 16 else "OB"
    made.pop("NumberOfFrames", None)
    made.BurnedInAnnotation = "NO"
