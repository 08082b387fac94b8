"""Whether the pixels are as many as the header says, known without decoding them."""

from __future__ import annotations

from samdrift_mammography.decoding import codestream
from samdrift_mammography.part10 import Parsed, number_of, text_of

# Has no frame header; it is held to its size while it is decoded.
_RLE = "1.2.840.10008.1.2.5"


def size_code(parsed: Parsed) -> str | None:
    """`size-disagrees` when Rows and Columns are not those of the pixels; `padded-pixels` when harmless bytes follow.

    Raises:
        UnreadableFileError: the pixels are missing or cut off.
    """
    image = parsed.image
    told = number_of(image, "Rows"), number_of(image, "Columns")
    if parsed.pixels.length is not None:
        return _of_plain(parsed, told[0] * told[1] * ((number_of(image, "BitsAllocated", 16) + 7) // 8))
    if image.file_meta.TransferSyntaxUID == _RLE:
        return None
    found = codestream.size(parsed.first_fragment())
    return None if found is None or found == told else "size-disagrees"


def _of_plain(parsed: Parsed, expected: int) -> str | None:
    length = parsed.pixels.length or 0
    surplus = length - expected
    if 0 <= surplus <= 1:  # a value has an even length (PS3.5 section 7.1.1)
        return None
    if text_of(parsed.image, "NumberOfFrames") not in {"", "1"} or number_of(parsed.image, "SamplesPerPixel", 1) != 1:
        return None  # never decoded
    end = parsed.pixels.start + length
    return "padded-pixels" if surplus > 0 and not any(parsed.data[end - surplus : end]) else "size-disagrees"
