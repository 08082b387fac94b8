"""An exam's work item as a Unified Procedure Step (PS3.3 annex B.26, PS3.4 annex CC), for IHE AIW-I.

The step is ours: we schedule, perform and end it, and others look. It names no person: whoever may know who the woman
is finds her by the Study Instance UID.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from samdrift_mammography.reasons import BANNER
from samdrift_platform.ledger.items import ItemState, WorkItem

if TYPE_CHECKING:
    from pydicom import Dataset

UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
WORKLIST = "Samdrift mammography"
LABEL = "Mammography triage (research demonstrator)"  # LO holds 64 characters

_UUID_ROOT = "2.25."  # PS3.5 annex B.2
_UID = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")


class StepState(StrEnum):
    """Procedure Step State (0074,1000)."""

    #: It waits to be scored.
    SCHEDULED = "SCHEDULED"
    #: It is being scored, its results are being sent, or a person must look.
    IN_PROGRESS = "IN PROGRESS"
    #: It was triaged and every result that was to be sent is in the PACS.
    COMPLETED = "COMPLETED"
    #: It was withdrawn, contradicts an earlier exam, or could not be done.
    CANCELED = "CANCELED"


_OF_ITEM: Mapping[ItemState, StepState] = {
    ItemState.QUEUED: StepState.SCHEDULED,
    ItemState.RUNNING: StepState.IN_PROGRESS,
    ItemState.WAITING_FOR_PERSON: StepState.IN_PROGRESS,
    ItemState.DONE: StepState.COMPLETED,
    ItemState.REJECTED: StepState.CANCELED,
    ItemState.FAILED: StepState.CANCELED,
    ItemState.CANCELLED: StepState.CANCELED,
}


def state_of(item: WorkItem) -> StepState:
    """The state of an exam's step."""
    return _OF_ITEM[item.state]


def item_states(state: str) -> list[ItemState]:
    """States of items whose step is in `state`; none for a word that is no state."""
    return [item for item, step in _OF_ITEM.items() if step == state]


def uid_of(item_id: UUID) -> str:
    """SOP Instance UID of the step of an item: always the same, and the item is found by it."""
    return f"{_UUID_ROOT}{item_id.int}"


def item_id_of(uid: str) -> UUID | None:
    """The item whose step has this UID; None for a UID that is none of ours."""
    digits = uid.removeprefix(_UUID_ROOT)
    if not uid.startswith(_UUID_ROOT) or not (digits.isascii() and digits.isdigit()) or int(digits) >= 1 << 128:
        return None
    return UUID(int=int(digits))


def is_exam(item: WorkItem) -> bool:
    """Whether the item is an exam, not a file that no exam can be made of."""
    return item.payload.get("kind") == "exam"


def workitem_of(item: WorkItem) -> Dataset:
    """All attributes that we have of an exam's step."""
    step = _heading(item)
    step.update(_scheduled(item))
    step.update(_related(item))
    step.ProcedureStepProgressInformationSequence = [_progress(item)] if item.started_at or _is_canceled(item) else []
    step.UnifiedProcedureStepPerformedProcedureSequence = [_performed(item)] if item.result else []
    return step


def _is_canceled(item: WorkItem) -> bool:
    return state_of(item) is StepState.CANCELED


def _heading(item: WorkItem) -> Dataset:
    return _dataset(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=UPS_PUSH,
        SOPInstanceUID=uid_of(item.id),
        ProcedureStepState=str(state_of(item)),
        ProcedureStepLabel=LABEL,
        WorklistLabel=WORKLIST,
    )


def _scheduled(item: WorkItem) -> Dataset:
    changed = max(moment for moment in (item.queued_at, item.started_at, item.finished_at) if moment)
    return _dataset(
        ScheduledProcedureStepPriority="MEDIUM",
        ScheduledProcedureStepStartDateTime=_time(item.queued_at),
        ScheduledProcedureStepModificationDateTime=_time(changed),
        ScheduledWorkitemCodeSequence=[_detection()],
        ScheduledStationNameCodeSequence=[],
        InputReadinessState="READY",
        InputInformationSequence=[],
        CommentsOnTheScheduledProcedureStep=BANNER,
    )


def _related(item: WorkItem) -> Dataset:
    """Patient, empty (type 2), and the study as the request that it was made for; the case of a film is no study."""
    exam = str(item.payload["exam"])
    nobody = dict.fromkeys(("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"), "")
    request = {"StudyInstanceUID": exam, "AccessionNumber": "", "RequestedProcedureID": ""}
    requests = [_dataset(**request)] if _UID.fullmatch(exam) else []
    return _dataset(**nobody, AdmissionID="", ReferencedRequestSequence=requests)


def _progress(item: WorkItem) -> Dataset:
    progress = _dataset(
        ProcedureStepProgress="100" if item.result else "0", ProcedureStepProgressDescription=_words(item)
    )
    if _is_canceled(item):
        progress.ProcedureStepCancellationDateTime = _time(item.finished_at or item.queued_at)
        progress.ReasonForCancellation = item.reason or str(item.state)
    return progress


def _words(item: WorkItem) -> str:
    if item.state is ItemState.WAITING_FOR_PERSON:
        return f"A person must look: {item.reason}"[:1024]  # ST
    if item.state is ItemState.RUNNING and item.result:
        return "Triaged; its results are being sent."
    return {StepState.COMPLETED: "Triaged.", StepState.CANCELED: "Not done."}.get(state_of(item), "Being triaged.")


def _performed(item: WorkItem) -> Dataset:
    documents: Sequence[Mapping[str, Any]] = item.result.get("documents") or ()
    return _dataset(
        PerformedStationNameCodeSequence=[],
        PerformedWorkitemCodeSequence=[_detection()],
        PerformedProcedureStepStartDateTime=_time(item.started_at or item.queued_at),
        PerformedProcedureStepEndDateTime=_time(item.finished_at) if item.finished_at else "",
        OutputInformationSequence=[_output(document) for document in documents],
    )


def _output(document: Mapping[str, Any]) -> Dataset:
    instance = _dataset(
        ReferencedSOPClassUID=document["sop_class_uid"], ReferencedSOPInstanceUID=document["sop_instance_uid"]
    )
    return _dataset(
        TypeOfInstances="DICOM",
        StudyInstanceUID=document["study_instance_uid"],
        SeriesInstanceUID=document["series_instance_uid"],
        ReferencedSOPSequence=[instance],
    )


def _detection() -> Dataset:
    """CID 9231 General Purpose Workitem Definition."""
    return _dataset(CodeValue="110004", CodingSchemeDesignator="DCM", CodeMeaning="Computer Aided Detection")


def _time(moment: datetime) -> str:
    """DT, PS3.5 section 6.2."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f+0000")


def _dataset(**values: Any) -> Dataset:
    from pydicom import Dataset

    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made
