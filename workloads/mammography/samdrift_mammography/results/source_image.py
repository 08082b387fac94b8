"""What a result document takes from the header of an image it is about, read from the stored file each time.

A woman's name and identifiers are in none of the platform's records: they pass from the image's header into the
document, and live in the object store alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset

from samdrift_mammography.errors import DocumentError
from samdrift_mammography.part10 import number_of, parse, text_of, values_of
from samdrift_mammography.views import View

#: Attributes of patient and study that a document shares with its image; type 2 or optional in every IOD we write.
_TEXTS = ("PatientID", "IssuerOfPatientID", "StudyID", "AccessionNumber", "StudyDescription")
_NAMES = ("PatientName", "ReferringPhysicianName")
_PATTERNS = {
    "PatientBirthDate": re.compile(r"\d{8}"),
    "PatientSex": re.compile(r"[MFO]"),
    "PatientAge": re.compile(r"\d{3}[DWMY]"),
    "StudyDate": re.compile(r"\d{8}"),
    "StudyTime": re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
    "ContentDate": re.compile(r"\d{8}"),
    "ContentTime": re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
}
#: Written although empty, because type 2 (PS3.3 sections C.7.1.1 and C.7.2.1).
_TYPE_2 = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyID", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"),
)
_UID = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")
_DECIMAL = re.compile(r"\d*\.?\d+")


@dataclass(frozen=True, kw_only=True)
class SourceImage:
    """One image of the exam, as documents refer to it."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    #: None when it is none of the four standard views.
    view: View | None
    #: In pixels.
    rows: int
    columns: int
    #: Direction of rows and of columns (Patient Orientation), when the header gives both.
    orientation: tuple[str, str] | None
    #: Distance between rows and between columns in mm, when the header gives it.
    spacing_mm: tuple[float, float] | None
    #: YYYYMMDD and HHMMSS, or empty.
    content_date: str
    content_time: str
    #: Attributes of patient and study, with text decoded.
    heading: Dataset
    #: The whole header, as it came.
    header: Dataset = field(repr=False, compare=False)


def read_source_image(data: bytes, image: Mapping[str, Any]) -> SourceImage:
    """The image of an item's payload, whose stored file is `data`.

    Raises:
        DocumentError: the header lacks an identifier that a reference needs.
        UnreadableFileError: the header cannot be read.
    """
    header = parse(data).image
    return SourceImage(
        sop_class_uid=_uid(header, "SOPClassUID"),
        sop_instance_uid=_uid(header, "SOPInstanceUID"),
        series_instance_uid=_uid(header, "SeriesInstanceUID"),
        study_instance_uid=_uid(header, "StudyInstanceUID"),
        view=View(image["view"]) if image["view"] else None,
        rows=number_of(header, "Rows"),
        columns=number_of(header, "Columns"),
        orientation=_orientation(header),
        spacing_mm=_spacing_mm(header),
        content_date=_matching(header, "ContentDate"),
        content_time=_matching(header, "ContentTime"),
        heading=_heading(header),
        header=header,
    )


def _heading(header: Dataset) -> Dataset:
    """Values that break their format are left out: a wrong birth date of the source is not spread further."""
    heading = Dataset()
    for keyword in _TYPE_2:
        setattr(heading, keyword, "")
    for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"):
        setattr(heading, keyword, _matching(header, keyword))
    if age := _matching(header, "PatientAge"):
        heading.PatientAge = age
    for keyword in (*_TEXTS, *_NAMES):
        if said := _decoded(header, keyword):
            setattr(heading, keyword, said)
    return heading


def _decoded(header: Dataset, keyword: str) -> str:
    """A text as its character set says, without what no text value may hold (PS3.5 section 6.1)."""
    said = str(header.get(keyword) or "")
    return "".join(letter for letter in said if letter.isprintable() and letter != "\\").strip()


def _matching(header: Dataset, keyword: str) -> str:
    said = text_of(header, keyword)
    return said if _PATTERNS[keyword].fullmatch(said) else ""


def _orientation(header: Dataset) -> tuple[str, str] | None:
    found = values_of(header, "PatientOrientation")
    return (found[0], found[1]) if len(found) == 2 and all(found) else None


def _spacing_mm(header: Dataset) -> tuple[float, float] | None:
    for keyword in ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing"):
        found = values_of(header, keyword)
        if len(found) == 2 and all(_DECIMAL.fullmatch(each) and float(each) > 0 for each in found):
            return float(found[0]), float(found[1])
    return None


def _uid(header: Dataset, keyword: str) -> str:
    value = text_of(header, keyword)
    if len(value) <= 64 and _UID.fullmatch(value):
        return value
    raise DocumentError(
        f"{keyword} of an image is missing or not a UID (PS3.5 section 9.1), so no document can refer to it. "
        "Correct it at the source and send the image again."
    )
