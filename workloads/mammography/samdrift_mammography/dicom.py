"""The header of a DICOM file as it comes: which image of which exam it is, and what its quality control found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.part10 import Parsed, damaged, parse, text_of
from samdrift_mammography.quality import header as control
from samdrift_mammography.quality.view import told_view
from samdrift_mammography.sop_classes import MAMMOGRAMS, SECONDARY_CAPTURE
from samdrift_mammography.views import Laterality, Projection, View
from samdrift_platform import pseudonyms

if TYPE_CHECKING:
    from pydicom import Dataset

# CBIS-DDSM (Lee et al. 2017) gives every view its own study and patient: "Mass-Test_P_00173_RIGHT_CC".
_CBIS_PATIENT = re.compile(r"((?:Mass|Calc)-(?:Training|Test)_P_\d{5})_(?:LEFT|RIGHT)_(?:CC|MLO)(?:_\d+)?")
_UID = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")
_LONGEST_UID = 64  # PS3.5 section 9.1
# Date, then as much of the time as is told (PS3.5 section 6.2, DA and TM).
_MOMENT = re.compile(r"\d{8,14}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is needed of an image's header. No name, birth date or number of a person is kept."""

    sop_instance_uid: str
    #: What makes images one exam: the study, or the case of a CBIS-DDSM film.
    exam: str
    laterality: Laterality | None
    projection: Projection | None
    #: Why the image cannot be scored, as codes of `reasons.IMAGE_PROBLEMS`; empty when it can.
    problems: tuple[str, ...]
    #: A film that was scanned (Secondary Capture), not a digital exposure.
    digitised_film: bool
    #: The woman's pseudonym, of her Patient ID; None when the file names nobody, as the films of CBIS-DDSM.
    subject: str | None = None
    #: What a person should know although it forbids nothing, as codes of `reasons.IMAGE_FINDINGS`.
    findings: tuple[str, ...] = ()
    #: When the image was taken, as digits that sort ("20261124081500"); empty when it is not told.
    acquired: str = ""

    @property
    def view(self) -> View | None:
        """The standard view, if it is one."""
        return View.of(self.laterality, self.projection)


def read_header(data: bytes) -> Header:
    """The header of a mammogram.

    Raises:
        UnreadableFileError: empty, not DICOM, damaged, cut off, without identifiers, larger inside than any mammogram,
            or not a mammogram; its code says which.
    """
    parsed = parse(data)
    try:
        _check_kind(parsed.image)
        _ = parsed.pixels  # a file that was cut off is refused
        return _header(parsed)
    except UnreadableFileError:
        raise
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise damaged(error) from error


def _header(parsed: Parsed) -> Header:
    image, problems = parsed.image, tuple(control.problems(parsed))
    view = told_view(image)
    return Header(
        sop_instance_uid=_uid(image, "SOPInstanceUID"),
        exam=_exam(image),
        laterality=view.laterality,
        projection=view.projection,
        problems=problems,
        digitised_film=_uid(image, "SOPClassUID") == SECONDARY_CAPTURE,
        subject=_subject(image),
        findings=(*control.findings(parsed), *(["view-from-orientation"] if view.from_orientation else [])),
        acquired=_acquired(image),
    )


def _check_kind(image: Dataset) -> None:
    kind = text_of(image, "SOPClassUID")
    if kind and kind not in MAMMOGRAMS:
        raise _other(kind)
    if kind == SECONDARY_CAPTURE and not _is_film_of_a_breast(image):
        raise _other(kind)


def _is_film_of_a_breast(image: Dataset) -> bool:
    """Scanned film comes as mammography (MG), or as a radiograph (RG) that names the body part."""
    modality = text_of(image, "Modality")
    return modality == "MG" or (modality == "RG" and text_of(image, "BodyPartExamined") == "BREAST")


def _other(kind: str) -> UnreadableFileError:
    told = kind if _UID.fullmatch(kind) else "that is no UID"  # of a damaged file it may be anything, also a name
    return UnreadableFileError(
        f"The file is of SOP class {told}, not a mammogram of its own. "
        "Send digital mammography images, or digitised film with Modality MG, or RG and Body Part Examined BREAST.",
        code="not-a-mammogram",
    )


def _acquired(image: Dataset) -> str:
    """Of the image's acquisition, else of its content; what is no date or time is as good as missing."""
    moments = [text_of(image, "AcquisitionDateTime")]
    moments += [text_of(image, f"{kind}Date") + text_of(image, f"{kind}Time") for kind in ("Acquisition", "Content")]
    return next((match[0] for match in map(_MOMENT.match, moments) if match), "")


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
