"""The stored values of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.decoding import decoders
from samdrift_mammography.decoding.frame import Frame
from samdrift_mammography.decoding.isolated import shared_decoder
from samdrift_mammography.decoding.syntaxes import BIG_ENDIAN, DECODERS, PLAIN, Decoder
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.part10 import MOST_PIXELS, Parsed, number_of, text_of

Values: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

# Decoders that end in an exception, whatever they read; the others run in the decoding process.
_HERE: Mapping[Decoder, Callable[[Frame], bytes | bytearray]] = {
    Decoder.RLE: decoders.rle,
    Decoder.PILLOW: decoders.pillow,
}


def stored_values(parsed: Parsed) -> Values:
    """The values of a single grey frame as they are stored, (rows, columns), 8 or 16 bits; signs are not resolved.

    Raises:
        UnreadableFileError: there is no decoder, the data are damaged, or they are not as many as the header says.
    """
    image = parsed.image
    rows, columns = number_of(image, "Rows"), number_of(image, "Columns")
    bits = number_of(image, "BitsAllocated", 16)
    if text_of(image, "NumberOfFrames") not in {"", "1"} or number_of(image, "SamplesPerPixel", 1) != 1:
        raise _undecodable("several frames or colours")
    if bits not in {8, 16} or not 0 < rows * columns <= MOST_PIXELS:
        raise _undecodable(f"{columns} x {rows} pixels of {bits} bits")
    syntax = str(image.file_meta.TransferSyntaxUID)
    if syntax in PLAIN:
        return _plain(parsed, rows, columns, "u1" if bits == 8 else ">u2" if syntax == BIG_ENDIAN else "<u2")
    if syntax not in DECODERS or parsed.pixels.length is not None:
        raise _undecodable(f"no decoder for {syntax}")
    frame = Frame(
        transfer_syntax=syntax,
        rows=rows,
        columns=columns,
        bits_allocated=bits,
        bits_stored=number_of(image, "BitsStored", bits),
        data=_joined(parsed),
    )
    return _decoded(frame)


def _plain(parsed: Parsed, rows: int, columns: int, kind: str) -> Values:
    if (parsed.pixels.length or 0) < rows * columns * np.dtype(kind).itemsize:
        raise _undecodable("fewer pixels than the header says")
    values: Values = np.frombuffer(parsed.data, kind, rows * columns, parsed.pixels.start)
    return values.reshape(rows, columns)


def _decoded(frame: Frame) -> Values:
    """Decoders give one byte for each value of up to 8 bits, whatever Bits Allocated says; otherwise two."""
    decode = _HERE.get(DECODERS[frame.transfer_syntax]) or shared_decoder().decode
    decoded = decode(frame)
    if len(decoded) not in {frame.pixels, 2 * frame.pixels}:
        raise _undecodable("not as many pixels as the header says")
    values: Values = np.frombuffer(decoded, "u1" if len(decoded) == frame.pixels else "<u2")
    return values.reshape(frame.rows, frame.columns)


def _joined(parsed: Parsed) -> bytes:
    """All fragments of the only frame (PS3.5 section A.4)."""
    from pydicom.encaps import generate_frames

    stream = BytesIO(parsed.data)
    stream.seek(parsed.pixels.start)
    try:
        return next(generate_frames(stream, number_of_frames=1))
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise _undecodable("its fragments are damaged") from error


def _undecodable(why: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"The pixels cannot be decoded ({why}). Send the image uncompressed.", code="undecodable"
    )
