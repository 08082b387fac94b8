"""The decoders themselves. `foreign` is called in the decoding process alone."""

from __future__ import annotations

import os
from io import BytesIO
from typing import Any, cast

from samdrift_mammography.decoding.frame import Frame
from samdrift_mammography.decoding.shared_file import shared_file
from samdrift_mammography.decoding.syntaxes import DECODERS, Decoder
from samdrift_mammography.errors import UnreadableFileError

_RLE_HEADER_BYTES = 64  # PS3.5 section G.5


def rle(frame: Frame) -> bytes | bytearray:
    """The values of an RLE Lossless frame, little endian (PS3.5 annex G).

    Raises:
        UnreadableFileError: its segments do not fit the image, or are damaged.
    """
    from rle.utils import decode_pixel_data

    _check_segments(frame)
    try:
        decoded = decode_pixel_data(
            frame.data, version=2, rows=frame.rows, columns=frame.columns, bits_allocated=frame.bits_allocated
        )
    except ValueError as error:
        raise UnreadableFileError("The RLE segments are damaged.", code="undecodable") from error
    except BaseException as error:  # Rust's panic is no Exception, and has no class to import
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFileError("The RLE segments are damaged.", code="undecodable") from error
    return cast(bytearray, decoded)


def pillow(frame: Frame) -> bytes:
    """The values of a JPEG frame of 8 bits.

    Raises:
        UnreadableFileError: it is damaged, not grey, or of another size.
    """
    from PIL import Image

    try:
        with Image.open(BytesIO(frame.data), formats=["JPEG"]) as picture:
            if (picture.mode, picture.size) != ("L", (frame.columns, frame.rows)):
                raise UnreadableFileError("The JPEG image is not the grey one of the header.", code="undecodable")
            return picture.tobytes()
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises on damaged files
        raise UnreadableFileError("The JPEG image is damaged.", code="undecodable") from error


def foreign(frame: Frame) -> bytes | bytearray | memoryview:
    """The values of a frame that a C or C++ library decodes: one or two bytes each, little endian.

    May crash, hang or raise anything: for the decoding process alone.
    """
    match DECODERS[frame.transfer_syntax]:
        case Decoder.GDCM:
            return _gdcm(frame)
        case Decoder.CHARLS:
            return _charls(frame)
        case _:
            return _openjpeg(frame)


def _check_segments(frame: Frame) -> None:
    """The header: one segment for each byte of a value, each beginning after the one before."""
    header = [int.from_bytes(frame.data[at : at + 4], "little") for at in range(0, _RLE_HEADER_BYTES, 4)]
    number = frame.bits_allocated // 8
    starts = header[1 : number + 1]
    ends = [*starts[1:], len(frame.data)]
    fits = header[0] == number and starts[0] == _RLE_HEADER_BYTES
    if not fits or not all(start < end for start, end in zip(starts, ends, strict=True)):
        raise UnreadableFileError("The RLE header does not fit the image (PS3.5 section G.5).", code="undecodable")


def _charls(frame: Frame) -> bytearray:
    from jpeg_ls import decode_pixel_data

    decoded: bytearray = decode_pixel_data(frame.data)[0]
    return decoded


def _openjpeg(frame: Frame) -> bytearray:
    from openjpeg.utils import decode_pixel_data

    return cast(bytearray, decode_pixel_data(frame.data, version=2))


def _gdcm(frame: Frame) -> bytes:
    """By way of an uncompressed file in memory: what GDCM hands to Python as text costs as much as the decoding."""
    import gdcm

    source = _gdcm_image(frame)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    change.SetInput(source)
    source.thisown = False  # GDCM frees it, and Python must not free it again
    if not change.Change():
        raise UnreadableFileError("GDCM does not open the image.", code="undecodable")
    writer = gdcm.ImageWriter()
    writer.SetImage(change.GetOutput())
    scratch = shared_file()
    try:
        writer.SetFileName(f"/dev/fd/{scratch}")
        if not writer.Write():
            raise UnreadableFileError("GDCM does not write the image.", code="undecodable")
        size = frame.pixels * (frame.bits_allocated // 8)
        padded = size + size % 2
        return os.pread(scratch, size, max(os.fstat(scratch).st_size - padded, 0))  # Pixel Data stand last
    finally:
        os.close(scratch)


def _gdcm_image(frame: Frame) -> Any:  # GDCM has no types
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame.data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((frame.columns, frame.rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
    image.SetPhotometricInterpretation(grey)
    syntax = gdcm.TransferSyntax.GetTSType(frame.transfer_syntax)
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    stored = frame.bits_stored
    image.SetPixelFormat(gdcm.PixelFormat(1, frame.bits_allocated, stored, stored - 1, 0))
    return image
