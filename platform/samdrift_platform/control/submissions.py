"""Submissions: work that somebody sends, and how far it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import StringConstraints

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import (
    Body,
    Limit,
    Offset,
    TheLedger,
    TheSettings,
    TheStore,
    TheWorkloads,
    hosted,
)
from samdrift_platform.control.intake import Sender, SubmissionBody, prepare
from samdrift_platform.control.items import ItemList
from samdrift_platform.ledger import endings, items, submissions
from samdrift_platform.ledger.submissions import Submission

router = APIRouter(tags=["submissions"])

IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")] | None,
    Header(description="Any text of 1 to 200 visible ASCII characters, new for every new submission."),
]
_EXAMPLE: dict[str, Any] = {
    "id": "6f1c2d30-5b7e-4d62-9a59-0c3a7f0e1b42",
    "workload": "heating",
    "reference": "2026-11-24",
    "submitted_by": "operator",
    "submitted_at": "2026-11-24T06:00:00Z",
    "items": {"done": 11, "running": 1},
    "total": 12,
    "pending": 1,
}


class SubmissionAnswer(Answer):
    """A submission and how far it is."""

    model_config = example(**_EXAMPLE)

    id: UUID
    workload: str
    reference: str
    submitted_by: str
    submitted_at: datetime
    #: State -> number of items.
    items: dict[str, int]
    total: int
    #: Items on which the platform still has work to do.
    pending: int


class SubmissionList(Answer):
    """Submissions, newest first."""

    submissions: list[SubmissionAnswer]


class CancelledSubmission(Answer):
    """What cancelling came to: items that had ended, or were seen outside, stay as they are."""

    model_config = example(cancelled=3, submission=_EXAMPLE)

    #: Items that were withdrawn now.
    cancelled: int
    submission: SubmissionAnswer


@router.post(
    "/workloads/{name}/submissions",
    status_code=202,
    response_description="Recorded; its address is in Location.",
    responses={200: {"model": SubmissionAnswer, "description": "It was recorded before: the first answer."}},
    openapi_extra=SubmissionBody.described({"reference": "2026-11-24", "document": {"building": "school"}}),
)
def submit(
    name: str,
    body: Body,
    response: Response,
    user: SignedIn,
    settings: TheSettings,
    workloads: TheWorkloads,
    store: TheStore,
    ledger: TheLedger,
    idempotency_key: IdempotencyKey = None,
) -> SubmissionAnswer:
    """Submit a document. The same reference (or Idempotency-Key) with the same document is the same submission."""
    sender = Sender(subject=user.subject, tenant=settings.tenant, idempotency_key=idempotency_key)
    request = prepare(hosted(workloads, name), SubmissionBody.read(body), sender, store)
    with ledger.write() as connection:
        identifier, is_new = submissions.submit(connection, request, now=datetime.now(UTC))
        answer = _answer(submissions.get(connection, identifier))
    response.status_code = 202 if is_new else 200
    response.headers["Location"] = f"/v1/submissions/{identifier}"
    return answer


@router.get("/submissions")
def list_submissions(
    ledger: TheLedger, workload: str | None = None, limit: Limit = 50, offset: Offset = 0
) -> SubmissionList:
    """Submissions, newest first."""
    with ledger.read() as connection:
        found = submissions.find(connection, workload=workload, limit=limit, offset=offset)
    return SubmissionList(submissions=[_answer(submission) for submission in found])


@router.get("/submissions/{submission_id}")
def get_submission(submission_id: UUID, ledger: TheLedger) -> SubmissionAnswer:
    """One submission and how far it is."""
    with ledger.read() as connection:
        return _answer(submissions.get(connection, submission_id))


@router.get("/submissions/{submission_id}/items")
def list_items_of_submission(
    submission_id: UUID,
    ledger: TheLedger,
    state: Annotated[list[items.ItemState] | None, Query()] = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> ItemList:
    """The submission's items, oldest first."""
    with ledger.read() as connection:
        submissions.get(connection, submission_id)
        found = items.find(connection, submission_id=submission_id, states=state or (), limit=limit, offset=offset)
    return ItemList.of(found)


@router.post("/submissions/{submission_id}/cancel")
def cancel_submission(submission_id: UUID, user: SignedIn, ledger: TheLedger) -> CancelledSubmission:
    """Withdraw every item of it of which nothing was seen outside yet, and that no other submission named too."""
    with ledger.write() as connection:
        submissions.get(connection, submission_id)
        ended = endings.cancel_submission(connection, submission_id, actor=user.subject, now=datetime.now(UTC))
        return CancelledSubmission(cancelled=ended, submission=_answer(submissions.get(connection, submission_id)))


def _answer(submission: Submission) -> SubmissionAnswer:
    return SubmissionAnswer(
        id=submission.id,
        workload=submission.workload,
        reference=submission.reference,
        submitted_by=submission.submitted_by,
        submitted_at=submission.submitted_at,
        items=dict(submission.counts),
        total=submission.total,
        pending=submission.pending,
    )
