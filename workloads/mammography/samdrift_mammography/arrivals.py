"""One image at a time over HTTP, what became of it, and the exams that wait for views: for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from samdrift_mammography.errors import WrongMediaTypeError
from samdrift_mammography.intake import fate
from samdrift_mammography.intake.handing_on import hand_on
from samdrift_mammography.intake.multipart import DICOM, media_type
from samdrift_mammography.intake.receiving import Desk, Receipt
from samdrift_mammography.stow import UID_PATTERN
from samdrift_mammography.worklist import waiting
from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, Limit, TheLedger, TheStore

_UID, _STUDY = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"
_OBJECT = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_RECEIVED: dict[str, Any] = {"source": "api:modality-4", "received_at": "2026-11-24T08:15:00Z"}
_STATUS = {Receipt.TAKEN: 201, Receipt.KNOWN: 200, Receipt.QUARANTINED: 202}
_FILE = {DICOM: {"schema": {"type": "string", "format": "binary"}}}

_EXAM_PATTERN = rf"{UID_PATTERN}|^(Mass|Calc)-(Training|Test)_P_[0-9]{{5}}$"

Uid = Annotated[str, Path(max_length=64, pattern=UID_PATTERN, description="SOP Instance UID.")]
Exam = Annotated[
    str, Path(max_length=64, pattern=_EXAM_PATTERN, description="Study Instance UID, or case of CBIS-DDSM.")
]


class ImageReceipt(Answer):
    """What became of an uploaded file. It is kept in every case."""

    model_config = example(receipt="taken", object=_OBJECT, sop_instance_uid=_UID, code="")

    #: taken: new; known: it was here before; quarantined: kept aside, and in no exam.
    receipt: Receipt
    object: str
    #: Empty when the file does not say.
    sop_instance_uid: str
    #: Why it is in quarantine.
    code: str


class SetAsideFile(Answer):
    """A file that came under the same identifier and was kept aside."""

    model_config = example(object=_OBJECT, code="conflicting-copies", **_RECEIVED)

    object: str
    code: str
    source: str
    received_at: datetime


class ExamOfImage(Answer):
    """The exam that the image belongs to."""

    model_config = example(exam=_STUDY, due_at="2026-11-24T08:20:00Z", submitted_at=None, trouble=None)

    exam: str
    #: Complete or not, it is handed on then.
    due_at: datetime
    #: null: it waits for views.
    submitted_at: datetime | None
    #: Why it could not be handed on when it was last tried.
    trouble: str | None


class ItemOfImage(Answer):
    """A work item of the exam's newest submission: see `GET /v1/items/{item_id}`."""

    model_config = example(
        item_id="0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10", state="done", reason="Two radiologists read."
    )

    item_id: UUID
    state: str
    reason: str | None


class ImageFate(Answer):
    """What became of an image. Without `object` everything that came under its identifier was kept aside."""

    model_config = example(
        sop_instance_uid=_UID,
        object=_OBJECT,
        view="RCC",
        problems=[],
        exam={"exam": _STUDY, "due_at": "2026-11-24T08:20:00Z", "submitted_at": None, "trouble": None},
        items=[],
        set_aside=[],
        **_RECEIVED,
    )

    sop_instance_uid: str
    object: str | None
    view: str | None
    #: Why it cannot be scored.
    problems: list[str]
    source: str | None
    received_at: datetime | None
    exam: ExamOfImage | None
    items: list[ItemOfImage]
    set_aside: list[SetAsideFile]


class WaitingExamAnswer(Answer):
    """An exam that waits for views."""

    model_config = example(
        exam=_STUDY,
        here=["RCC", "LCC"],
        missing=["RMLO", "LMLO"],
        images=2,
        sources=["dimse:HERLEV2"],
        first_received_at="2026-11-24T08:15:00Z",
        last_received_at="2026-11-24T08:16:00Z",
        due_at="2026-11-24T08:21:00Z",
        trouble="",
    )

    exam: str
    #: Standard views that can be scored, and those that are missing.
    here: list[str]
    missing: list[str]
    #: All that came, extra ones too.
    images: int
    #: Where they came from.
    sources: list[str]
    first_received_at: datetime
    last_received_at: datetime
    #: Complete or not, it is handed on then.
    due_at: datetime
    #: Why it could not be handed on when it was last tried.
    trouble: str


class Waiting(Answer):
    """Exams that wait for views, the next to be handed on first, and how many files are in quarantine for what."""

    model_config = example(number=0, exams=[], quarantine={"conflicting-copies": 1})

    number: int
    exams: list[WaitingExamAnswer]
    quarantine: dict[str, int]


class HandedOn(Answer):
    """The exam is due: it is on the worklist in a moment."""

    model_config = example(exam=_STUDY, due_at="2026-11-24T08:17:00Z")

    exam: str
    due_at: datetime


def router() -> APIRouter:
    """`/images`, `/waiting.json` and what is done about a waiting exam."""
    api = APIRouter()
    body = {"requestBody": {"required": True, "content": _FILE}}
    kept: dict[int | str, dict[str, Any]] = {
        200: {"model": ImageReceipt, "description": "The same image was here before."},
        202: {"model": ImageReceipt, "description": "Kept aside; `code` says why."},
    }
    api.add_api_route("/images", upload, methods=["POST"], status_code=201, responses=kept, openapi_extra=body)
    api.add_api_route("/images/{sop_instance_uid}", image, methods=["GET"])
    api.add_api_route("/waiting.json", list_waiting, methods=["GET"])
    api.add_api_route(
        "/waiting/{exam}/hand-on", hand_on_now, methods=["POST"], status_code=202, response_model=HandedOn
    )
    return api


def upload(
    request: Request, response: Response, body: Body, user: SignedIn, ledger: TheLedger, store: TheStore
) -> ImageReceipt:
    """Receive one DICOM Part 10 file. It is acknowledged when it is durable; sent again, it changes nothing."""
    name, _ = media_type(request.headers.get("content-type", DICOM))
    if name not in {DICOM, "application/octet-stream"}:
        raise WrongMediaTypeError
    source = f"api:{user.subject}"[:80]
    received = Desk(ledger=ledger, store=store).receive(body, source=source, now=datetime.now(UTC))
    response.status_code = _STATUS[received.receipt]
    if received.sop_instance_uid:
        response.headers["Location"] = f"/mammography/images/{received.sop_instance_uid}"
    return ImageReceipt.model_validate(received)


def image(sop_instance_uid: Uid, ledger: TheLedger) -> ImageFate:
    """What became of an image that was received: its exam, that exam's items, and what was kept aside."""
    with ledger.read() as connection:
        return ImageFate.model_validate(fate.of(connection, sop_instance_uid))


def list_waiting(ledger: TheLedger, limit: Limit = 100) -> Waiting:
    """Exams of which images are here that were not handed on yet, and the files in quarantine, counted by code."""
    with ledger.read() as connection:
        return Waiting(
            number=waiting.number(connection),
            exams=[WaitingExamAnswer.model_validate(exam) for exam in waiting.exams(connection, limit=limit)],
            quarantine=dict(waiting.quarantined(connection)),
        )


def hand_on_now(exam: Exam, request: Request, user: SignedIn, ledger: TheLedger) -> Any:
    """Hand on a waiting exam although views are missing: nobody will send them. Two radiologists read it."""
    now = datetime.now(UTC)
    with ledger.write() as connection:
        hand_on(connection, exam, actor=user.subject, now=now)
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/mammography/waiting", 303)
    return HandedOn(exam=exam, due_at=now)
