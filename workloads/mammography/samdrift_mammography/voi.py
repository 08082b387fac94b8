"""From stored values to grey values: the transformations of PS3.3 sections C.11.1 and C.11.2.

Each of them is a function of the stored value alone. So they are worked out once for every value that can be stored, by
pydicom, and then looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.decoding.values import Values
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.part10 import items_of, number_of, text_of

if TYPE_CHECKING:
    from pydicom import Dataset

Grey: TypeAlias = NDArray[np.float32]

#: An image whose grey values 0-255 span less than this shows nothing.
LEAST_CONTRAST = 1.0
# Grey values that differ less than this are the same.
_STRAIGHT = 1e-3
# Rows that are looked up at once, so that the indices stay in the processor's cache.
_ROWS = 32


def grey_values(image: Dataset, stored: Values) -> Grey:
    """Grey values 0-255 (rows, columns) after the first VOI transformation, dense tissue bright.

    Raises:
        UnreadableFileError: the transformation is not one of the standard's, or leaves nothing of the image.
    """
    bits = number_of(image, "BitsStored", 16)
    if not 1 <= bits <= 16:
        raise UnreadableFileError(f"Values of {bits} bits are not an image's.", code="undecodable")
    shift = max(number_of(image, "HighBit", bits - 1) + 1 - bits, 0)
    try:
        table = _table(image, bits)
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise _unusable(f"{type(error).__name__} while it was worked out") from error
    if not np.isfinite(table).all():
        raise _unusable("its values are no finite numbers")
    grey = _looked_up(table, stored, shift)
    if _shows_nothing(grey, stored):
        raise _unusable("all of the image is black or white in it")
    return grey


def _table(image: Dataset, bits: int) -> Grey:
    """The grey value of each of the 2 ** `bits` values that can be stored."""
    from pydicom.pixels.processing import apply_modality_lut, apply_windowing

    codes = np.arange(2**bits, dtype=np.int32)
    if number_of(image, "PixelRepresentation"):
        codes[2 ** (bits - 1) :] -= 2**bits  # two's complement
    values = np.asarray(apply_modality_lut(codes, image))
    tables = items_of(image, "VOILUTSequence")
    if tables:
        values = _by_table(tables[0], values, "little" if image.original_encoding[1] else "big")
    elif image.get("WindowCenter") is not None and image.get("WindowWidth") is not None:
        with np.errstate(over="ignore"):  # far from a narrow SIGMOID window e ** x is infinite, and its inverse 0
            values = apply_windowing(values, image, index=0)
    low, high = _output_range(image, bits)
    grey = np.clip((values - low) * (255 / (high - low)), 0, 255)
    if text_of(image, "PhotometricInterpretation") == "MONOCHROME1":
        grey = 255 - grey
    grey[_is_padding(image, codes)] = 0
    return np.asarray(grey, dtype=np.float32)


def _is_padding(image: Dataset, codes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Values that fill the picture up around the image: shown black, whatever they are (PS3.3 section C.7.5.1.1.2)."""
    if image.get("PixelPaddingValue") is None:
        return np.zeros(codes.shape, dtype=bool)
    value = number_of(image, "PixelPaddingValue")
    ends = value, number_of(image, "PixelPaddingRangeLimit", value)
    return (codes >= min(ends)) & (codes <= max(ends))


def _by_table(item: Dataset, values: NDArray[np.number], order: Literal["little", "big"]) -> NDArray[np.number]:
    """By a VOI LUT (PS3.3 section C.11.2.1.1). pydicom 3.0.2 wraps indices at 256 where entries have 8 bits."""
    entries, first, _ = (int(number) for number in item.LUTDescriptor)
    entries = entries or 65536
    data = item.LUTData
    if isinstance(data, bytes):
        words = len(data) >= 2 * entries
        data = np.frombuffer(data, "u1" if not words else "<u2" if order == "little" else ">u2")
    table = np.asarray(data)[:entries]
    found: NDArray[np.number] = table[np.clip(np.rint(values).astype(np.int64) - first, 0, len(table) - 1)]
    return found


def _looked_up(table: Grey, stored: Values, shift: int) -> Grey:
    last = len(table) - 1
    if shift == 0 and last == np.iinfo(stored.dtype).max and _is_straight(table):
        straight: Grey = stored * np.float32((table[-1] - table[0]) / last) + table[0]
        return straight
    grey = np.empty(stored.shape, dtype=np.float32)
    for row in range(0, stored.shape[0], _ROWS):
        part = stored[row : row + _ROWS]
        np.take(table, (part >> shift) & last, out=grey[row : row + _ROWS], mode="clip")
    return grey


def _is_straight(table: Grey) -> bool:
    """Whether there is no window, so that multiplying, in a fifth of the time, gives what looking up gives."""
    return bool(np.abs(table - np.linspace(table[0], table[-1], len(table))).max() < _STRAIGHT)


def _shows_nothing(grey: Grey, stored: Values) -> bool:
    """Whether the transformation took away what differences there were; a few pixels prove that it did not."""
    if float(np.ptp(grey[::_ROWS, ::_ROWS])) >= LEAST_CONTRAST:
        return False
    return float(np.ptp(grey)) < LEAST_CONTRAST and int(np.ptp(stored)) > 0


def _output_range(image: Dataset, bits: int) -> tuple[float, float]:
    """Lowest and highest value after the VOI transformation (PS3.3 section C.11.2)."""
    tables = items_of(image, "VOILUTSequence") or items_of(image, "ModalityLUTSequence")
    if tables:
        return 0.0, float(2 ** int(tables[0].LUTDescriptor[2]) - 1)
    signed = bool(number_of(image, "PixelRepresentation"))
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    slope, intercept = float(image.get("RescaleSlope", 1)), float(image.get("RescaleIntercept", 0))
    return low * slope + intercept, high * slope + intercept


def _unusable(why: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"The window or table in the header cannot be used: {why}. Correct it at the source.", code="unusable-window"
    )
