"""One file in, one file without the woman out; or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from samdrift_mammography.deidentified.header import Maker
from samdrift_mammography.deidentified.leaks import leak
from samdrift_mammography.deidentified.pixels import write_pixels
from samdrift_mammography.deidentified.refusal import RefusedError
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.part10 import Parsed, parse, text_of
from samdrift_mammography.sop_classes import MAMMOGRAMS

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that may leave."""

    data: bytes
    #: Pseudonyms and new UIDs.
    woman: str
    study: str
    image: str
    #: "R" or "L", "CC" or "MLO"; "" where the header does not say it.
    laterality: str
    view: str
    #: "50-59", "90+", or "" where the age is not told.
    age_band: str
    vendor: str


def deidentify(data: bytes, maker: Maker, *, reviewed: bool = False) -> Exported:
    """The file that may leave in place of `data`, a DICOM Part 10 file of one mammogram.

    Args:
        data: as it came.
        maker: keep-list, key and what becomes of dates.
        reviewed: a person has looked at the image and saw nothing that names anybody.

    Raises:
        RefusedError: it cannot be read, is no mammogram of its own, may show text, or would leak.
    """
    try:
        parsed = parse(data)
        made = _made(parsed, maker, reviewed=reviewed)
    except UnreadableFileError as error:
        raise RefusedError(error.code) from error
    except RefusedError:
        raise
    except Exception as error:  # pydicom raises what its parsers happen to raise
        raise RefusedError("damaged") from error
    return _exported(made, parsed)


def _made(parsed: Parsed, maker: Maker, *, reviewed: bool) -> Dataset:
    if text_of(parsed.image, "SOPClassUID") not in MAMMOGRAMS:
        raise RefusedError("not-a-mammogram")
    made = maker.header(parsed.image)
    if missing := [name for name in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID") if name not in made]:
        raise RefusedError("no-identifier", field=missing[0])
    write_pixels(parsed, made, reviewed=reviewed)
    if keyword := leak(parsed.image, made):
        raise RefusedError("would-leak", field=keyword)
    return made


def _exported(made: Dataset, parsed: Parsed) -> Exported:
    from samdrift_mammography.quality.view import told_view

    told = told_view(parsed.image)
    return Exported(
        data=_written(made),
        woman=str(made.PatientID),
        study=str(made.StudyInstanceUID),
        image=str(made.SOPInstanceUID),
        laterality=str(told.laterality or ""),
        view=str(told.projection or ""),
        age_band=_band(str(made.get("PatientAge") or "")),
        vendor=str(made.get("Manufacturer") or ""),
    )


def _band(decade: str) -> str:
    """The decade as people write it: "050Y" is 50-59, and "090Y" everything from 90 on."""
    if not decade:
        return ""
    first = int(decade[:3])
    return "90+" if first >= 90 else f"{first}-{first + 9}"


def _written(made: Dataset) -> bytes:
    """A Part 10 file with nothing in its preamble and file meta information of our own."""
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    file = BytesIO()
    dcmwrite(file, made, enforce_file_format=True)
    return file.getvalue()
