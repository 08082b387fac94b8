"""The smallest DICOM reports that an archive takes, for tests of the way and not of the content."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian

_ROOT = "1.2.826.0.1.3680043.8.498.77"
STUDY, SERIES = f"{_ROOT}.1", f"{_ROOT}.2"


def report_uid(number: int) -> str:
    """SOP Instance UID of report `number`."""
    return f"{_ROOT}.3.{number}"


def report(number: int = 1, **tags: Any) -> bytes:
    """Report `number` of one series, about the publisher's fictitious woman."""
    document = Dataset()
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": ComprehensiveSRStorage,
        "SOPInstanceUID": report_uid(number),
        "PatientName": "Berggren^Nancy Ann",
        "PatientID": "2512489996",
        "Modality": "SR",
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": SERIES,
        "InstanceNumber": number,
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        **tags,
    }
    for keyword, value in values.items():
        setattr(document, keyword, value)
    document.file_meta = FileMetaDataset()
    document.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    document.file_meta.MediaStorageSOPClassUID = document.SOPClassUID
    document.file_meta.MediaStorageSOPInstanceUID = document.SOPInstanceUID
    file = BytesIO()
    document.save_as(file, enforce_file_format=True)
    return file.getvalue()


def entry(number: int, reference: str) -> dict[str, Any]:
    """What an effect's request says of report `number`, stored as `reference`."""
    return {
        "kind": "comprehensive-sr",
        "object": reference,
        "sop_class_uid": str(ComprehensiveSRStorage),
        "sop_instance_uid": report_uid(number),
        "series_instance_uid": SERIES,
        "study_instance_uid": STUDY,
        "place_in_series": number,
    }
