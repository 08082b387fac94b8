"""What a screening unit sends, and the independent items that it falls into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, field_validator

from samdrift_mammography.deadline import after_working_days
from samdrift_mammography.dicom import read_header
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.exam import Exam, Image, group
from samdrift_mammography.policy import Policy, installed_policy
from samdrift_platform.contract import Item, JsonObject, Store
from samdrift_platform.digest import digest_of

ObjectReference = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
StudyInstanceUid = Annotated[str, Field(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$", max_length=64)]

# The shape of a Danish civil registration number: six digits of a date, four of a sequence.
_CPR = re.compile(r"(?<!\d)\d{6}[- ]?\d{4}(?!\d)")


class MammographySubmission(BaseModel):
    """Images of one or more screening exams. Their headers say what belongs together; nothing here names a woman."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "screening_unit": "Herlev mobile unit 2",
                    "received_at": "2026-11-24T08:15:00Z",
                    "objects": ["sha256:" + "0" * 64],
                    "reading_target_working_days": 3,
                }
            ]
        },
    )

    screening_unit: str = Field(min_length=1, max_length=80, description="Where the images were taken.")
    received_at: AwareDatetime = Field(description="When the images arrived; the reading target counts from here.")
    last_received_at: AwareDatetime | None = Field(
        default=None,
        description="When the last of them arrived: the date of documents for the PACS. Left out: `received_at`.",
    )
    objects: tuple[ObjectReference, ...] = Field(
        min_length=1, max_length=10_000, description="DICOM Part 10 files, uploaded before, in any order."
    )
    reading_target_working_days: int | None = Field(
        default=None, ge=1, le=60, description="Monday to Friday; the triage policy's target when left out."
    )

    return_results: bool = Field(
        default=False, description="Send the results to the PACS of the settings, besides showing them on the worklist."
    )

    urgent: bool = Field(
        default=False,
        description="Score these exams before all others, on a replica that is kept for it. The policy still decides "
        "who reads them, and in which order.",
    )

    months_since_recall: dict[StudyInstanceUid, Annotated[int, Field(ge=0, le=1200)]] = Field(
        default_factory=dict,
        max_length=10_000,
        description="Study Instance UID -> whole months since the woman was last recalled. Left out: not known.",
    )

    @field_validator("screening_unit")
    @classmethod
    def _names_no_person(cls, value: str) -> str:
        if may_name_a_person(value):
            raise ValueError("must not contain a civil registration number; name the unit only")
        return value


def may_name_a_person(text: str) -> bool:
    """Whether `text` holds what looks like a Danish civil registration number."""
    return _CPR.search(text) is not None


def split(submission: MammographySubmission, store: Store) -> Iterator[Item]:
    """One item for each exam and one for each file that no exam can be made of: every file is accounted for."""
    images: list[Image] = []
    for position, reference in enumerate(submission.objects):
        try:
            header = read_header(store.get(reference))
        except UnreadableFileError as error:
            yield _file_item(submission, position, error)
        else:
            images.append(Image(object=reference, header=header))
    policy = installed_policy()
    kept = store.put(policy.text)
    days = submission.reading_target_working_days or policy.reading_target_working_days
    for exam in group(images):
        payload = {**_exam_payload(exam, submission), **_policy_payload(exam, submission, policy, kept)}
        payload |= _return_payload(submission)
        yield Item(
            reference=f"{exam.identifier}/{_short(payload)}",
            payload=payload,
            deadline=after_working_days(submission.received_at, days),
            urgent=submission.urgent,
            subject=_subject(exam),
        )


def _subject(exam: Exam) -> str | None:
    """The woman's pseudonym, by the first image that has one."""
    return next((image.header.subject for image in exam.images if image.header.subject), None)


def _exam_payload(exam: Exam, submission: MammographySubmission) -> JsonObject:
    return {
        "kind": "exam",
        "exam": exam.identifier,
        "screening_unit": submission.screening_unit,
        "return_results": submission.return_results,
        "images": [_image_payload(image) for image in exam.images],
        "missing": [str(view) for view in exam.missing],
        "obstacles": list(exam.obstacles),
    }


def _return_payload(submission: MammographySubmission) -> JsonObject:
    """The time that stands in the documents for the PACS: later for an exam that a late view made anew.

    Where there are none, the same exam stays the same item.
    """
    if not submission.return_results:
        return {}
    return {"received_at": (submission.last_received_at or submission.received_at).astimezone(UTC).isoformat()}


def _policy_payload(exam: Exam, submission: MammographySubmission, policy: Policy, kept: str) -> JsonObject:
    """What the policy needs to decide, whichever machine scores: itself, the draw for the audit, and the past."""
    return {
        "policy": kept,
        "drawn_for_audit": policy.draws_for_audit(exam.identifier),
        "months_since_recall": submission.months_since_recall.get(exam.identifier),
    }


def _image_payload(image: Image) -> dict[str, JsonValue]:
    header = image.header
    return {
        "object": image.object,
        "sop_instance_uid": header.sop_instance_uid,
        "view": header.view and str(header.view),
        "digitised_film": header.digitised_film,
        "problems": list(image.problems),
        "quality": list(header.findings),
    }


def _file_item(submission: MammographySubmission, position: int, error: UnreadableFileError) -> Item:
    """The file's place in this delivery is part of its reference: two empty files are two faults."""
    payload: JsonObject = {
        "kind": "file",
        "object": submission.objects[position],
        "position": position + 1,
        "files": len(submission.objects),
        "received_at": submission.received_at.isoformat(),
        "screening_unit": submission.screening_unit,
        "code": error.code,
        "message": error.message,
    }
    return Item(reference=f"file-{position + 1}/{_short(payload)}", payload=payload)


def _short(payload: JsonObject) -> str:
    """Twelve hex digits of the content, so that a later delivery with other images is an item of its own."""
    return digest_of(payload).removeprefix("sha256:")[:12]
