"""A DICOM file as it comes: parsed tolerantly, in bounded time and memory, and whether its pixels are all there.

What a hostile or broken file may cost is bounded before pydicom sees it: how far a deflated one inflates, how many
reads its header takes, how large a sequence is that is looked into.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from samdrift_mammography.errors import UnreadableFileError

if TYPE_CHECKING:
    from pydicom import Dataset

#: More pixels than any detector has (24 x 30 cm at 0.05 mm are 29 million): not decoded.
MOST_PIXELS = 64_000_000
#: A header that takes more reads than this is not a mammogram's; those take a few thousand at most.
MOST_READS = 50_000
#: Larger sequences are not looked into; those that are needed hold a few codes or one lookup table of 16 bits.
MOST_SEQUENCE_BYTES = 512 * 1024
#: What a deflated file may inflate to: the largest image at 16 bits, and room for its header.
MOST_INFLATED_BYTES = 2 * MOST_PIXELS + 16 * 1024 * 1024

_PREFIX_END = 132  # PS3.10 section 7.1: 128 bytes preamble, then "DICM"
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_EXPLICIT = b"1.2.840.10008.1.2.1\0\0\0"
_GROUP_LENGTH = b"\x02\0\0\0UL\x04\0"
_UNDEFINED = 0xFFFFFFFF
_ITEM = b"\xfe\xff\0\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"


@dataclass(frozen=True, kw_only=True)
class PixelElement:
    """Where Pixel Data (7FE0,0010) lies in the bytes."""

    #: First byte of the value.
    start: int
    #: Bytes of the value; None: encapsulated, so that its length is undefined (PS3.5 section A.4).
    length: int | None


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A file whose header could be read."""

    #: Everything before the pixels; its file meta information always has a transfer syntax.
    image: Dataset
    #: The file; inflated, if it was deflated.
    data: bytes
    #: Where the header ends.
    end: int
    #: Whether the prefix or the file meta information is missing, so that the transfer syntax is a guess.
    without_file_meta: bool

    @cached_property
    def pixels(self) -> PixelElement:
        """Pixel Data.

        Raises:
            UnreadableFileError: it is missing or cut off.
        """
        return _pixel_element(self.image, self.data, self.end)

    def first_fragment(self) -> bytes:
        """The beginning of an encapsulated image, at most 64 KiB; empty when there is none."""
        offset_table = self.pixels.start
        if self.data[offset_table : offset_table + 4] != _ITEM:
            return b""
        start = offset_table + 8 + int.from_bytes(self.data[offset_table + 4 : offset_table + 8], "little")
        if self.data[start : start + 4] != _ITEM:
            return b""
        length = int.from_bytes(self.data[start + 4 : start + 8], "little")
        return self.data[start + 8 : start + 8 + min(length, 65536)]


def parse(data: bytes) -> Parsed:
    """The header of a file.

    Raises:
        UnreadableFileError: empty, not DICOM, damaged, or larger inside than any mammogram.
    """
    if not data:
        raise UnreadableFileError("The file has 0 bytes. Send it again from the source.", code="empty")
    if data[128:_PREFIX_END] != b"DICM" and not _begins_like_a_dataset(data):
        raise UnreadableFileError(
            "The file is not DICOM: it lacks the prefix DICM (PS3.10 section 7.1). Send a DICOM Part 10 file.",
            code="not-dicom",
        )
    data = _inflated(data)
    image, end = _header(data)
    told = "TransferSyntaxUID" in image.file_meta
    if not told:
        from pydicom.uid import UID

        image.file_meta.TransferSyntaxUID = UID(_guessed(image))
    return Parsed(image=image, data=data, end=end, without_file_meta=not told)


def text_of(image: Dataset, keyword: str) -> str:
    """An element's value as it stands in the file: no validation, so that a small fault elsewhere costs nothing."""
    if keyword not in image:
        return ""
    value = image.get_item(keyword).value
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")).strip("\0 ")


def values_of(image: Dataset, keyword: str) -> list[str]:
    """The values of an element that may have several (PS3.5 section 6.4); empty when there is none."""
    if keyword not in image:
        return []
    value = image.get_item(keyword).value
    if isinstance(value, (bytes, str)) or value is None:
        text = text_of(image, keyword)
        return [one.strip("\0 ") for one in text.split("\\")] if text else []
    return [str(one).strip() for one in (value if hasattr(value, "__iter__") else [value])]


def number_of(image: Dataset, keyword: str, default: int = 0) -> int:
    """The first value as a whole number; `default` when it is missing or no number."""
    value: Any = image.get(keyword)
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def items_of(image: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none when it is missing or empty.

    Raises:
        UnreadableFileError: it is larger than any that belongs there.
    """
    if keyword not in image:
        return []
    raw = image.get_item(keyword).value
    if isinstance(raw, bytes) and len(raw) > MOST_SEQUENCE_BYTES:
        raise too_complex()
    return list(image.get(keyword) or ())


def too_complex() -> UnreadableFileError:
    """The refusal of a file that would cost too much to read."""
    return UnreadableFileError(
        "The file holds far more than a mammogram does: elements, sequence items or inflated bytes. "
        "Check the system that wrote it.",
        code="too-complex",
    )


def damaged(error: Exception) -> UnreadableFileError:
    """The refusal of a file on which the parser stumbled; of what it says only the kind is told."""
    return UnreadableFileError(
        f"The file is damaged: {type(error).__name__} while it was read. Send it again from the source.",
        code="damaged",
    )


class _Bounded(BytesIO):
    """A file that may be read a bounded number of times: each element and item of a header takes one or two.

    And never to its end in one go: that is how pydicom inflates a dataset, without a limit. Every deflated file that is
    well formed was inflated before.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.left = MOST_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left < 0 or size is None or size < 0:
            raise EOFError
        return super().read(size)


def _header(data: bytes) -> tuple[Dataset, int]:
    """Everything before the pixels, and where that ends."""
    from pydicom import config, dcmread

    config.settings.reading_validation_mode = config.IGNORE  # its warnings would print values
    stream = _Bounded(data)
    try:
        image = dcmread(stream, stop_before_pixels=True, force=True)
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise (too_complex() if stream.left < 0 else damaged(error)) from error
    return image, stream.tell()


def _begins_like_a_dataset(data: bytes) -> bool:
    """Some archives store the dataset alone: it begins with file meta information or with the identifying group."""
    return data[:2] in {b"\x02\0", b"\x08\0"} and data[3:4] == b"\0" and len(data) > _PREFIX_END


def _guessed(image: Dataset) -> str:
    """The uncompressed transfer syntax that fits how pydicom found the dataset to be encoded."""
    implicit, little = image.original_encoding
    if implicit:
        return "1.2.840.10008.1.2"
    return "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"


def _inflated(data: bytes) -> bytes:
    """The file with its dataset inflated (PS3.5 section A.5), and said to be so; any other file as it is."""
    if data[_PREFIX_END : _PREFIX_END + 8] != _GROUP_LENGTH:
        return data
    start = _PREFIX_END + 12 + int.from_bytes(data[_PREFIX_END + 8 : _PREFIX_END + 12], "little")
    meta = data[:start]
    if _DEFLATED not in meta or len(meta) == len(data):
        return data
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        dataset = stream.decompress(data[start:], MOST_INFLATED_BYTES)
    except zlib.error as error:
        raise damaged(error) from error
    if stream.unconsumed_tail:
        raise too_complex()
    if not stream.eof:
        raise _truncated()
    # the UID of the plain syntax, padded to the same length, so that the group's length stays true
    return meta.replace(_DEFLATED, _EXPLICIT) + dataset


def _pixel_element(image: Dataset, data: bytes, start: int) -> PixelElement:
    """The Pixel Data element that begins at `start` and ends inside `data` (PS3.5 sections 7.1 and A.4)."""
    order: Literal["little", "big"] = "little" if image.original_encoding[1] else "big"
    element = data[start : start + 12]
    if len(element) < 12 or element[:4] != (0x7FE0).to_bytes(2, order) + (0x0010).to_bytes(2, order):
        raise _truncated()
    explicit = element[4:6] in (b"OB", b"OW")
    length = int.from_bytes(element[8:12] if explicit else element[4:8], order)
    value = start + (12 if explicit else 8)
    if length == _UNDEFINED:
        if data.rfind(_SEQUENCE_DELIMITER, start) <= start:
            raise _truncated()
        return PixelElement(start=value, length=None)
    if value + length > len(data):
        raise _truncated()
    return PixelElement(start=value, length=length)


def _truncated() -> UnreadableFileError:
    return UnreadableFileError(
        "The file is incomplete: image data are missing. Send it again from the source.", code="truncated"
    )
