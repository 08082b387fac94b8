"""How large a compressed image says it is: the frame header of a JPEG, JPEG-LS or JPEG 2000 codestream.

A decoder makes room for what stands there, whatever the DICOM header says; so it is compared before any decoding.
"""

from __future__ import annotations

import struct

#: Start-of-frame markers: ITU-T T.81 table B.1 without DHT (C4), JPG (C8) and DAC (CC); T.87 section C.1.1 (F7).
_FRAME_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {0xF7}
_START_OF_IMAGE = b"\xff\xd8"
_START_OF_SCAN = 0xDA
#: ITU-T T.800 section A.4.1 and A.5.1: SOC, then SIZ.
_JPEG_2000 = b"\xff\x4f\xff\x51"
#: T.800 section I.4: some systems wrap the codestream into a JP2 file.
_JP2_BOX = b"jp2c"


def size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns of the image that begins with `data`; None when it is no codestream that is known here."""
    if data.startswith(_START_OF_IMAGE):
        return _size_of_jpeg(data)
    start = data.find(_JPEG_2000, 0, 4096)
    if start == 0 or (start > 0 and _JP2_BOX in data[:start]):
        return _size_of_jpeg_2000(data, start)
    return None


def _size_of_jpeg(data: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # fill bytes may precede a marker (T.81 section B.1.1.2)
            place += 1
            continue
        if marker in _FRAME_MARKERS:
            rows, columns = struct.unpack_from(">HH", data, place + 5)
            return int(rows), int(columns)
        if marker == _START_OF_SCAN:
            return None
        place += 2 + int(struct.unpack_from(">H", data, place + 2)[0])
    return None


def _size_of_jpeg_2000(data: bytes, start: int) -> tuple[int, int] | None:
    """The image area of the reference grid: extent minus offset."""
    if len(data) < start + 24:
        return None
    columns, rows, left, top = struct.unpack_from(">4I", data, start + 8)
    return int(rows - top), int(columns - left)
