"""One DICOM instance as it is sent and asked about: its identifiers, and nothing of its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from samdrift_mammography.errors import UnreadableFileError

_NAMES = ("sop_class_uid", "sop_instance_uid", "series_instance_uid", "study_instance_uid")
_HEADER_TAGS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Where an instance stands in the hierarchy of study, series and instance (PS3.4 section C.6.2)."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    #: How many instances its series has when it is there, counted as we send them; None: not known.
    place_in_series: int | None = None

    @classmethod
    def of_request(cls, request: Mapping[str, Any]) -> Instance:
        """Of an effect's request, which names the identifiers."""
        known: dict[str, Any] = {name: str(request[name]) for name in _NAMES}
        return cls(**known, place_in_series=request.get("place_in_series"))

    @classmethod
    def of_file(cls, data: bytes) -> Instance:
        """Of a DICOM Part 10 file.

        Raises:
            UnreadableFileError: it is not DICOM, or lacks an identifier.
        """
        import pydicom

        try:
            header = pydicom.dcmread(BytesIO(data), specific_tags=list(_HEADER_TAGS), stop_before_pixels=True)
            values = [str(header.get(keyword) or "") for keyword in _HEADER_TAGS]
        except Exception as error:
            raise UnreadableFileError(
                f"The file is not DICOM or damaged ({type(error).__name__}). Send a DICOM Part 10 file."
            ) from error
        if not all(values):
            raise UnreadableFileError(
                "The file lacks the identifier of its class, instance, series or study. Correct it at the source.",
                code="no-identifier",
            )
        return cls.of_request(dict(zip(_NAMES, values, strict=True)))
