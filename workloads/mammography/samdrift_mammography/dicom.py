"""Reading a DICOM Part 10 file as it comes: headers tolerantly, pixels as grey values 0-255.

Order of belief for the projection: View Code Sequence, View Position, Patient Orientation; for the side: Image
Laterality, then Laterality. Never the file's name, and never the pixels of burned-in labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.views import PROJECTION_CODES, Laterality, Projection, View

if TYPE_CHECKING:
    from pydicom import Dataset

FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

#: Digitised film whose header has no pixel size is taken to be 24 cm long, the longer side of an 18 x 24 cm film.
FILM_LENGTH_MM = 240.0
#: A picture's longer side lies between these; a header that says otherwise is not believed.
SHORTEST_MM, LONGEST_MM = 50.0, 500.0
#: More pixels than any detector has (24 x 30 cm at 0.05 mm are 29 million): not decoded.
MOST_PIXELS = 64_000_000
#: Rim of a digitised film, above and below, that shows the edge of the film instead of the breast.
FILM_EDGE_MM = 5.0

# CBIS-DDSM (Lee et al. 2017) gives every view its own study and patient: "Mass-Test_P_00173_RIGHT_CC".
_CBIS_PATIENT = re.compile(r"((?:Mass|Calc)-(?:Training|Test)_P_\d{5})_(?:LEFT|RIGHT)_(?:CC|MLO)(?:_\d+)?")
_UID = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")
_LONGEST_UID = 64  # PS3.5 section 9.1
_DECIMAL = re.compile(r"\d*\.?\d+")
_DEFLATED, _RLE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"
_UNDEFINED = 0xFFFFFFFF
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is needed of an image's header. No name, birth date or number of a person is kept."""

    sop_instance_uid: str
    #: What makes images one exam: the study, or the case of a CBIS-DDSM film.
    exam: str
    laterality: Laterality | None
    projection: Projection | None
    #: Why the image cannot be scored, as codes of `triage.REASONS`; empty when it can.
    problems: tuple[str, ...]
    #: A film that was scanned (Secondary Capture), not a digital exposure.
    digitised_film: bool

    @property
    def view(self) -> View | None:
        """The standard view, if it is one."""
        return View.of(self.laterality, self.projection)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image's pixels, dense tissue bright."""

    #: (rows, columns), 0-255.
    grey: NDArray[np.float32]
    #: Side of a pixel in mm.
    pixel_mm: float
    #: Whether `pixel_mm` is an assumption, because the header has none.
    pixel_mm_assumed: bool


def read_header(data: bytes) -> Header:
    """The header of a mammogram.

    Raises:
        UnreadableFileError: empty, not DICOM, cut off, without identifiers, or not a mammogram; its code says which.
    """
    image = _read(data)
    _refuse_other_images(image)
    try:
        return _header(image)
    except UnreadableFileError:
        raise
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise _damaged(error) from error


def read_picture(data: bytes) -> Picture:
    """The pixels of a mammogram as grey values 0-255, after the VOI transformation and with dense tissue bright.

    Raises:
        UnreadableFileError: the pixels are in a form that no installed decoder opens.
    """
    import pydicom

    try:
        image = pydicom.dcmread(BytesIO(data))
        grey, told_mm = _grey(image), _pixel_mm(image)
    except Exception as error:  # every decoder raises its own
        raise UnreadableFileError(
            f"The pixels cannot be decoded ({type(error).__name__}). Send the image uncompressed.", code="undecodable"
        ) from error
    pixel_mm = told_mm or FILM_LENGTH_MM / max(grey.shape)
    if _text(image, "SOPClassUID") == SECONDARY_CAPTURE:
        edge = round(FILM_EDGE_MM / pixel_mm)
        grey[:edge], grey[-edge:] = 0, 0
    return Picture(grey=grey, pixel_mm=pixel_mm, pixel_mm_assumed=told_mm is None)


def _header(image: Dataset) -> Header:
    return Header(
        sop_instance_uid=_uid(image, "SOPInstanceUID"),
        exam=_exam(image),
        laterality=_laterality(image),
        projection=_projection(image),
        problems=tuple(_problems(image)),
        digitised_film=_text(image, "SOPClassUID") == SECONDARY_CAPTURE,
    )


def _read(data: bytes) -> Dataset:
    """The dataset up to its pixels, of a file that is whole."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    if not data:
        raise UnreadableFileError("The file has 0 bytes. Send it again from the source.", code="empty")
    stream = BytesIO(data)
    try:
        image = pydicom.dcmread(stream, stop_before_pixels=True)
    except InvalidDicomError as error:
        raise UnreadableFileError(
            "The file is not DICOM: it lacks the prefix DICM (PS3.10 section 7.1). Send a DICOM Part 10 file.",
            code="not-dicom",
        ) from error
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise _damaged(error) from error
    if not _is_whole(image, data, stream.tell()):
        raise UnreadableFileError(
            "The file is cut off before its pixels end. Send it again from the source.", code="truncated"
        )
    return image


def _is_whole(image: Dataset, data: bytes, start: int) -> bool:
    """Whether the Pixel Data element that begins at `start` ends inside `data` (PS3.5 sections 7.1 and A.4)."""
    if image.file_meta.get("TransferSyntaxUID") == _DEFLATED:
        return True  # inflating it would have failed
    order: Literal["little", "big"] = "little" if image.original_encoding[1] else "big"
    element = data[start : start + 12]
    if len(element) < 12 or element[:4] != (0x7FE0).to_bytes(2, order) + (0x0010).to_bytes(2, order):
        return False
    explicit = element[4:6] in (b"OB", b"OW")
    length = int.from_bytes(element[8:12] if explicit else element[4:8], order)
    if length == _UNDEFINED:
        return data.rfind(_SEQUENCE_DELIMITER, start) > start
    return start + (12 if explicit else 8) + length <= len(data)


def _refuse_other_images(image: Dataset) -> None:
    kind = _text(image, "SOPClassUID")
    film = kind == SECONDARY_CAPTURE and _text(image, "Modality") == "MG"
    if kind in {FOR_PRESENTATION, FOR_PROCESSING} or film:
        return
    raise UnreadableFileError(
        f"The image is of SOP class {kind or 'unknown'}, not a mammogram of its own. "
        "Send digital mammography images, or digitised film with Modality MG.",
        code="not-a-mammogram",
    )


def _problems(image: Dataset) -> list[str]:
    found = []
    if _text(image, "SOPClassUID") == FOR_PROCESSING or _text(image, "PresentationIntentType") == "FOR PROCESSING":
        found.append("for-processing")
    if _text(image, "BreastImplantPresent") == "YES":
        found.append("implant")
    if _text(image, "PartialView") == "YES":
        found.append("partial-view")
    if any(code.get("ViewModifierCodeSequence") for code in image.get("ViewCodeSequence") or ()):
        found.append("modified-view")
    if _text(image, "NumberOfFrames") not in {"", "1"} or image.get("SamplesPerPixel", 1) != 1:
        found.append("not-one-grey-frame")
    if not 0 < image.get("Rows", 0) * image.get("Columns", 0) <= MOST_PIXELS:
        found.append("unusable-size")
    return found


def _laterality(image: Dataset) -> Laterality | None:
    for keyword in ("ImageLaterality", "Laterality"):
        value = _text(image, keyword)
        if value in set(Laterality):
            return Laterality(value)
    return None


def _projection(image: Dataset) -> Projection | None:
    """None also when the most trusted element that is filled in names a view that is not standard."""
    for code in image.get("ViewCodeSequence") or ():
        if _text(code, "CodeValue"):
            return PROJECTION_CODES.get(_text(code, "CodeValue"))
    position = _text(image, "ViewPosition") or _text(image, "PatientOrientation")
    return Projection(position) if position in set(Projection) else None


def _exam(image: Dataset) -> str:
    case = _CBIS_PATIENT.fullmatch(_text(image, "PatientID"))
    if case and _text(image, "SOPClassUID") == SECONDARY_CAPTURE:
        return case[1]
    return _uid(image, "StudyInstanceUID")


def _uid(image: Dataset, keyword: str) -> str:
    value = _text(image, keyword)
    if len(value) <= _LONGEST_UID and _UID.fullmatch(value):
        return value
    raise UnreadableFileError(
        f"{keyword} is missing or not a UID (PS3.5 section 9.1). Correct it at the source and send it again.",
        code="no-identifier",
    )


def _text(image: Dataset, keyword: str) -> str:
    """An element's value as it stands in the file: no validation, so that a small fault elsewhere costs nothing."""
    if keyword not in image:
        return ""
    value = image.get_item(keyword).value
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")).strip("\0 ")


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
    if _text(image, "PhotometricInterpretation") == "MONOCHROME1":
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
        first = _text(image, keyword).split("\\")[0]
        if _DECIMAL.fullmatch(first) and SHORTEST_MM <= float(first) * longer <= LONGEST_MM:
            return float(first)
    return None


def _damaged(error: Exception) -> UnreadableFileError:
    return UnreadableFileError(
        f"The file is damaged: {type(error).__name__} while it was read. Send it again from the source.",
        code="damaged",
    )
