"""Objections to automated processing: recorded, withdrawn, counted. The person's own number is never kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints, model_validator

from samdrift_platform.concerns_people import ConcernsPeople
from samdrift_platform.contract import Workload
from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, TheLedger, TheSettings, TheWorkloads, hosted
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import objections
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.ledger.objections import Objection
from samdrift_platform.pseudonyms import pseudonym
from samdrift_platform.settings import Settings

router = APIRouter(tags=["objections"])

_SUBJECT = "ab" * 32
_OBJECTION: dict[str, Any] = {
    "id": "0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10",
    "workload": "heating",
    "subject": _SUBJECT,
    "recorded_by": "karen",
    "recorded_at": "2026-11-24T08:00:00Z",
    "withdrawn_by": None,
    "withdrawn_at": None,
}
#: Never quoted in an answer, an error or a log.
Identifier = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NobodyConcernedError(ConflictError):
    """This workload processes nothing about persons, so nobody can object to it. Name another workload."""


class ObjectionBody(JsonBody):
    """Whose objection to what: by the person's own number, or by the pseudonym that was answered for it."""

    workload: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    #: As the workload's systems know the person: a civil registration number, a Patient ID.
    identifier: Identifier | None = None
    subject: Pseudonym | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.identifier is None) == (self.subject is None):
            raise ValueError("name the person by identifier or by subject, one of both")
        return self


class ObjectionAnswer(Answer):
    """An objection, standing or withdrawn. `subject` is the person's pseudonym here."""

    model_config = example(**_OBJECTION)

    id: UUID
    workload: str
    subject: str
    recorded_by: str
    recorded_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


class ConcernedItem(Answer):
    """A work item about the person."""

    id: UUID
    reference: str
    state: ItemState
    #: Whether a model took part in its result: that stays, and a person decides what to do about it.
    decided_by_model: bool

    @classmethod
    def of(cls, item: WorkItem) -> ConcernedItem:
        """From the ledger's value."""
        return cls(id=item.id, reference=item.reference, state=item.state, decided_by_model=bool(item.models))


class ObjectionDetail(ObjectionAnswer):
    """An objection with the newest items about the person."""

    model_config = example(**_OBJECTION, items=[])

    items: list[ConcernedItem]


class ObjectionHistory(Answer):
    """All objections of one person to one workload, oldest first, and the newest items about them."""

    model_config = example(objections=[_OBJECTION], items=[])

    objections: list[ObjectionAnswer]
    items: list[ConcernedItem]


class ObjectionCounts(Answer):
    """Workload -> objections that stand. Nobody is listed."""

    model_config = example(standing={"heating": 12})

    standing: dict[str, int]


@router.post(
    "/objections",
    status_code=201,
    responses={200: {"model": ObjectionDetail, "description": "It was recorded before and stands."}},
    openapi_extra=ObjectionBody.described({"workload": "heating", "identifier": "2512489996"}),
)
def record_objection(
    body: Body, response: Response, user: SignedIn, settings: TheSettings, workloads: TheWorkloads, ledger: TheLedger
) -> ObjectionDetail:
    """From now on no model sees items about this person; the answer lists those that one has seen already."""
    sent = ObjectionBody.read(body)
    subject = _subject(sent, workloads, settings)
    with ledger.write() as connection:
        made, is_new = objections.record(connection, sent.workload, subject, actor=user.subject, now=datetime.now(UTC))
        answer = _detail(connection, made)
    response.status_code = 201 if is_new else 200
    return answer


@router.post("/objections/withdraw", openapi_extra=ObjectionBody.described({"workload": "w", "subject": _SUBJECT}))
def withdraw_objection(
    body: Body, user: SignedIn, settings: TheSettings, workloads: TheWorkloads, ledger: TheLedger
) -> ObjectionDetail:
    """The person has changed their mind: models see later items again. What people read meanwhile stays theirs."""
    sent = ObjectionBody.read(body)
    subject = _subject(sent, workloads, settings)
    with ledger.write() as connection:
        ended = objections.withdraw(connection, sent.workload, subject, actor=user.subject, now=datetime.now(UTC))
        return _detail(connection, ended)


@router.get("/objections")
def count_objections(ledger: TheLedger) -> ObjectionCounts:
    """How many objections stand, by workload."""
    with ledger.read() as connection:
        return ObjectionCounts(standing=objections.counts(connection))


@router.get("/objections/{subject}")
def get_objections(
    subject: Pseudonym, workload: Annotated[str, Query(max_length=64)], ledger: TheLedger
) -> ObjectionHistory:
    """One person's objections to a workload, by pseudonym, and the newest items about them."""
    with ledger.read() as connection:
        found = objections.history(connection, workload, subject)
        concerned = objections.concerned(connection, workload, subject)
    return ObjectionHistory(
        objections=[ObjectionAnswer.model_validate(each) for each in found],
        items=[ConcernedItem.of(item) for item in concerned],
    )


def _subject(sent: ObjectionBody, workloads: Mapping[str, Workload], settings: Settings) -> str:
    """The person's pseudonym, of the kind that the workload's items have."""
    workload = hosted(workloads, sent.workload)
    if not isinstance(workload, ConcernsPeople):
        raise NobodyConcernedError(field="workload")
    if sent.identifier is None:
        return str(sent.subject)
    return pseudonym(workload.subject_kind, sent.identifier, home=settings.home)


def _detail(connection: sa.Connection, made: Objection) -> ObjectionDetail:
    concerned = objections.concerned(connection, made.workload, made.subject)
    known = ObjectionAnswer.model_validate(made).model_dump()
    return ObjectionDetail(**known, items=[ConcernedItem.of(item) for item in concerned])
