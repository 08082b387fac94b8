"""The Store Instances Response Module (PS3.18 annex I): which instances are stored now, and which are not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset


class FailureReason(IntEnum):
    """Values of Failure Reason (0008,1197): PS3.18 table I.2-2, PS3.4 table B.2-1, PS3.7 annex C."""

    #: The instance is of another study than the address names.
    PROCESSING_FAILURE = 0x0110
    #: Another instance is stored under its identifier; the bytes are kept aside.
    DUPLICATE_SOP_INSTANCE = 0x0111
    #: No mammogram; the bytes are kept aside.
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    #: There is no room for it, or what keeps it does not answer. Send it again later.
    OUT_OF_RESOURCES = 0xA700
    #: No DICOM file that can be read; the bytes are kept aside.
    CANNOT_UNDERSTAND = 0xC000


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What an instance says of itself; empty where it does not."""

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""

    @classmethod
    def of(cls, data: bytes) -> Identity:
        """Of a DICOM Part 10 file, as far as it can be read."""
        import pydicom

        from samdrift_mammography.part10 import text_of

        keywords = {"sop_class_uid": "SOPClassUID", "sop_instance_uid": "SOPInstanceUID"}
        keywords |= {"study_instance_uid": "StudyInstanceUID"}
        try:
            image = pydicom.dcmread(
                BytesIO(data), stop_before_pixels=True, specific_tags=[*keywords.values(), "SpecificCharacterSet"]
            )
            return cls(**{name: text_of(image, keyword) for name, keyword in keywords.items()})
        except Exception:  # noqa: BLE001 - pydicom raises what its parsers happen to raise; the desk says what is wrong
            return cls()


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One instance of the request: stored, unless there is a failure."""

    identity: Identity
    failure: FailureReason | None = None


def response_of(stored: Sequence[Stored]) -> dict[str, Any]:
    """The module in the DICOM JSON model (PS3.18 annex F).

    An instance that does not say which one it is can only be counted: it is an Other Failure (0008,119A).
    """
    from pydicom import Dataset

    response = Dataset()
    response.RetrieveURL = None  # there is no WADO-RS here
    failed = [one for one in stored if one.failure is not None]
    named = [one for one in failed if one.identity.sop_class_uid and one.identity.sop_instance_uid]
    for keyword, chosen in (
        ("FailedSOPSequence", named),
        ("ReferencedSOPSequence", [one for one in stored if one.failure is None]),
        ("OtherFailuresSequence", [one for one in failed if one not in named]),
    ):
        if chosen:
            setattr(response, keyword, list(_items(chosen)))
    return response.to_json_dict()


def status_of(stored: Sequence[Stored]) -> int:
    """The HTTP status: 200 all stored, 202 some, 409 none (PS3.18 table 10.5.3-1)."""
    failures = sum(one.failure is not None for one in stored)
    return 200 if not failures else 202 if failures < len(stored) else 409


def _items(stored: Iterable[Stored]) -> Iterable[Dataset]:
    from pydicom import Dataset

    for one in stored:
        item = Dataset()
        if one.identity.sop_class_uid and one.identity.sop_instance_uid:
            item.ReferencedSOPClassUID = one.identity.sop_class_uid
            item.ReferencedSOPInstanceUID = one.identity.sop_instance_uid
        if one.failure is not None:
            item.FailureReason = int(one.failure)
        yield item
