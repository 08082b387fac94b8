"""Which decoder opens which transfer syntax (PS3.5 annex A): for each the fastest that was measured.

`tests/benchmarks/decoding.py` measures all that are installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Decoder(StrEnum):
    """Who makes stored values of a compressed frame."""

    #: pylibjpeg-rle, in this process: its Rust code ends in an exception, whatever it reads.
    RLE = "pylibjpeg-rle"
    #: GDCM: JPEG without loss, and with loss where values have 12 bits.
    GDCM = "gdcm"
    #: Pillow, by libjpeg-turbo: JPEG of 8 bits, in this process: 12,000 damaged images ended in an exception.
    PILLOW = "pillow"
    #: CharLS: JPEG-LS.
    CHARLS = "pyjpegls"
    #: OpenJPEG: JPEG 2000 and its high-throughput form.
    OPENJPEG = "pylibjpeg-openjpeg"


#: Explicit VR Big Endian, retired.
BIG_ENDIAN = "1.2.840.10008.1.2.2"
#: Uncompressed: implicit and explicit VR, little and big endian. A deflated file is inflated before (`part10`).
PLAIN = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN})

_JPEG = "1.2.840.10008.1.2.4"

#: Transfer syntax -> decoder. What stands neither here nor above is not decoded.
DECODERS: Mapping[str, Decoder] = {
    "1.2.840.10008.1.2.5": Decoder.RLE,
    f"{_JPEG}.50": Decoder.PILLOW,
    f"{_JPEG}.51": Decoder.GDCM,
    f"{_JPEG}.57": Decoder.GDCM,
    f"{_JPEG}.70": Decoder.GDCM,
    f"{_JPEG}.80": Decoder.CHARLS,
    f"{_JPEG}.81": Decoder.CHARLS,
    f"{_JPEG}.90": Decoder.OPENJPEG,
    f"{_JPEG}.91": Decoder.OPENJPEG,
    f"{_JPEG}.201": Decoder.OPENJPEG,
    f"{_JPEG}.202": Decoder.OPENJPEG,
    f"{_JPEG}.203": Decoder.OPENJPEG,
}
