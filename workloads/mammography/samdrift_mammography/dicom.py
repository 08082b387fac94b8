"""Reading the header of a DICOM Part 10 file as it comes, tolerantly, and whether the file is whole.

Order of belief for the projection: View Code Sequence, View Position, Patient Orientation; for the side: Image
Laterality, then Laterality. Never the file's name, and never the pixels of burned-in labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.views import PROJECTION_CODES, Laterality, Projection, View
from samdrift_platform import pseudonyms

if TYPE_CHECKING:
    from pydicom import Dataset

FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.2"
FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.2.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_MAMMOGRAMS = {FOR_PRESENTATION, FOR_PROCESSING, SECONDARY_CAPTURE}

#: More pixels than any detector has (24 x 30 cm at 0.05 mm are 29 million): not decoded.
MOST_PIXELS = 64_000_000

# CBIS-DDSM (Lee et al. 2017) gives every view its own study and patient: "Mass-Test_P_00173_RIGHT_CC".
_CBIS_PATIENT = re.compile(r"((?:Mass|Calc)-(?:Training|Test)_P_\d{5})_(?:LEFT|RIGHT)_(?:CC|MLO)(?:_\d+)?")
_UID = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")
_LONGEST_UID = 64  # PS3.5 section 9.1
_DEFLATED = "1.2.840.10008.1.2.1.99"
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
    #: The woman's pseudonym, of her Patient ID; None when the file names nobody, as the films of CBIS-DDSM.
    subject: str | None = None

    @property
    def view(self) -> View | None:
        """The standard view, if it is one."""
        return View.of(self.laterality, self.projection)


def read_header(data: bytes) -> Header:
    """The header of a mammogram.

    Raises:
        UnreadableFileError: empty, not DICOM, cut off, without identifiers, or not a mammogram; its code says which.
    """
    image = _read(data)
    try:
        return _header(image)
    except UnreadableFileError:
        raise
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise _damaged(error) from error


def text_of(image: Dataset, keyword: str) -> str:
    """An element's value as it stands in the file: no validation, so that a small fault elsewhere costs nothing."""
    if keyword not in image:
        return ""
    value = image.get_item(keyword).value
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")).strip("\0 ")


def _header(image: Dataset) -> Header:
    return Header(
        sop_instance_uid=_uid(image, "SOPInstanceUID"),
        exam=_exam(image),
        laterality=_laterality(image),
        projection=_projection(image),
        problems=tuple(_problems(image)),
        digitised_film=_uid(image, "SOPClassUID") == SECONDARY_CAPTURE,
        subject=_subject(image),
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
    kind = text_of(image, "SOPClassUID")
    if kind and kind not in _MAMMOGRAMS:
        raise _other(kind)
    if not _is_whole(image, data, stream.tell()):
        raise UnreadableFileError(
            "The file is incomplete: image data are missing. Send it again from the source.", code="truncated"
        )
    if kind == SECONDARY_CAPTURE and not _is_film_of_a_breast(image):
        raise _other(kind)
    return image


def _is_film_of_a_breast(image: Dataset) -> bool:
    """Scanned film comes as mammography (MG), or as a radiograph (RG) that names the body part."""
    modality = text_of(image, "Modality")
    return modality == "MG" or (modality == "RG" and text_of(image, "BodyPartExamined") == "BREAST")


def _other(kind: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"The file is of SOP class {kind}, not a mammogram of its own. "
        "Send digital mammography images, or digitised film with Modality MG, or RG and Body Part Examined BREAST.",
        code="not-a-mammogram",
    )


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


def _problems(image: Dataset) -> list[str]:
    found = []
    if text_of(image, "SOPClassUID") == FOR_PROCESSING or text_of(image, "PresentationIntentType") == "FOR PROCESSING":
        found.append("for-processing")
    if text_of(image, "BreastImplantPresent") == "YES":
        found.append("implant")
    if text_of(image, "PartialView") == "YES":
        found.append("partial-view")
    if any(code.get("ViewModifierCodeSequence") for code in image.get("ViewCodeSequence") or ()):
        found.append("modified-view")
    if text_of(image, "NumberOfFrames") not in {"", "1"} or image.get("SamplesPerPixel", 1) != 1:
        found.append("not-one-grey-frame")
    if not 0 < image.get("Rows", 0) * image.get("Columns", 0) <= MOST_PIXELS:
        found.append("unusable-size")
    return found


def _laterality(image: Dataset) -> Laterality | None:
    for keyword in ("ImageLaterality", "Laterality"):
        value = text_of(image, keyword)
        if value in set(Laterality):
            return Laterality(value)
    return None


def _projection(image: Dataset) -> Projection | None:
    """None also when the most trusted element that is filled in names a view that is not standard."""
    for code in image.get("ViewCodeSequence") or ():
        if text_of(code, "CodeValue"):
            return PROJECTION_CODES.get(text_of(code, "CodeValue"))
    position = text_of(image, "ViewPosition") or text_of(image, "PatientOrientation")
    return Projection(position) if position in set(Projection) else None


def _exam(image: Dataset) -> str:
    return _cbis_case(image) or _uid(image, "StudyInstanceUID")


def _subject(image: Dataset) -> str | None:
    person = "" if _cbis_case(image) else text_of(image, "PatientID").strip()
    return pseudonyms.pseudonym("patient-id", person) if person else None


def _cbis_case(image: Dataset) -> str:
    """The case of a CBIS-DDSM film; empty for every other image."""
    case = _CBIS_PATIENT.fullmatch(text_of(image, "PatientID"))
    return case[1] if case and text_of(image, "SOPClassUID") == SECONDARY_CAPTURE else ""


def _uid(image: Dataset, keyword: str) -> str:
    value = text_of(image, keyword)
    if len(value) <= _LONGEST_UID and _UID.fullmatch(value):
        return value
    raise UnreadableFileError(
        f"{keyword} is missing or not a UID (PS3.5 section 9.1). Correct it at the source and send it again.",
        code="no-identifier",
    )


def _damaged(error: Exception) -> UnreadableFileError:
    return UnreadableFileError(
        f"The file is damaged: {type(error).__name__} while it was read. Send it again from the source.",
        code="damaged",
    )
