"""The inbox: what people are asked about items, what each of them said, and what they decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from pydantic import Field, JsonValue, StringConstraints

from samdrift_platform.contract import Workload
from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, Limit, Offset, TheLedger, TheWorkloads
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.control.permissions import Appointments
from samdrift_platform.governance.permissions import check_decider, check_person
from samdrift_platform.ledger import inbox, items
from samdrift_platform.ledger.asked import Asked, Given, Ruling
from samdrift_platform.ledger.inbox import Filter
from samdrift_platform.parts import item_title
from samdrift_platform.question import Question, question_to_json

router = APIRouter(tags=["inbox"])

_LABEL = {"da": "Godkend", "en": "Approve"}
_AMOUNT = {"da": "125.000,00 DKK", "en": "125,000.00 DKK"}
_QUESTION: dict[str, Any] = {
    "code": "approval",
    "title": {"da": "Skal fakturaen bogføres?", "en": "Shall this invoice be posted?"},
    "reasons": [{"da": "Beløbet er over grænsen.", "en": "The amount is above the limit."}],
    "choices": [{"code": "approve", "label": _LABEL, "fields": []}],
    "facts": [{"label": {"da": "Beløb", "en": "Amount"}, "value": _AMOUNT, "object": "", "media_type": ""}],
    "people": 2,
    "deciders": {"roles": ["domain"], "units": ["finance"]},
}
_GIVEN: dict[str, Any] = {
    "decided_by": "karen",
    "decided_at": "2026-11-24T08:00:00Z",
    "choice": "approve",
    "fields": {},
    "comment": "",
}
_ASKED: dict[str, Any] = {
    "item_id": "0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10",
    "workload": "rpa",
    "lane": "invoices",
    "reference": "invoices/DK16356706 Invoice 17",
    "about": {"da": "Faktura 17 fra Elkjær A/S, 125.000,00 DKK", "en": "Invoice 17 from Elkjær A/S, 125,000.00 DKK"},
    "question": _QUESTION,
    "asked_at": "2026-11-24T06:00:00Z",
    "due": "2026-11-25T06:00:00Z",
    "overdue": False,
    "escalated_at": None,
    "closed_at": None,
    "open": True,
    "given": [_GIVEN],
    "decision": None,
}
_DECISION: dict[str, Any] = {
    "question": "approval",
    "choice": "approve",
    "fields": {},
    "comment": "As agreed.",
    "seen": 1,
}

Code = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class FieldAnswer(Answer):
    """Something that a decision must, or may, say beside the choice. Labels are by language, `da` and `en`."""

    name: str
    label: dict[str, str]
    #: `text`, `number`, `date`, `yes_no` or `one_of`.
    kind: str
    required: bool
    #: Code -> label, for `one_of`.
    options: dict[str, dict[str, str]]
    #: What is proposed; the person may change it.
    proposed: JsonValue = None


class ChoiceAnswer(Answer):
    """One way to decide."""

    code: str
    label: dict[str, str]
    fields: list[FieldAnswer]


class FactAnswer(Answer):
    """Something that the decision rests on."""

    label: dict[str, str]
    #: By language where it is words, an amount or a day.
    value: str | dict[str, str]
    #: A stored object that shows it (`sha256:…`); empty: none.
    object: str
    media_type: str


class DecidersAnswer(Answer):
    """Who may decide: people with one of these roles, in one of these units. Empty: whoever may decide at all."""

    roles: list[str]
    units: list[str]


class QuestionAnswer(Answer):
    """What is to be decided."""

    model_config = example(**_QUESTION)

    code: str
    title: dict[str, str]
    #: Why it was not decided without a person.
    reasons: list[dict[str, str]]
    choices: list[ChoiceAnswer]
    facts: list[FactAnswer]
    #: How many different people must decide the same.
    people: int
    deciders: DecidersAnswer = DecidersAnswer(roles=[], units=[])

    @classmethod
    def of(cls, question: Question) -> QuestionAnswer:
        """From the contract's value."""
        return cls.model_validate(question_to_json(question))


class GivenAnswer(Answer):
    """What one person said."""

    model_config = example(**_GIVEN)

    decided_by: str
    decided_at: datetime
    choice: str
    fields: dict[str, JsonValue]
    comment: str

    @classmethod
    def of(cls, given: Given) -> GivenAnswer:
        """From the ledger's value."""
        said = given.ruling
        return cls(
            decided_by=given.decided_by,
            decided_at=given.decided_at,
            choice=said.choice,
            fields=dict(said.fields),
            comment=said.comment,
        )


class HeldAnswer(Answer):
    """What holds, once enough people have decided the same."""

    choice: str
    fields: dict[str, JsonValue]
    people: list[str]
    decided_at: datetime


class AskedAnswer(Answer):
    """A question about an item, with what people said so far."""

    model_config = example(**_ASKED)

    item_id: UUID
    workload: str
    lane: str
    reference: str
    #: What people call the item, by language; empty: its workload has no words for it.
    about: dict[str, str]
    question: QuestionAnswer
    asked_at: datetime
    #: When it is escalated; null: it may wait.
    due: datetime | None = None
    overdue: bool
    escalated_at: datetime | None = None
    #: Decided, or nothing to decide any more; null: not yet.
    closed_at: datetime | None = None
    #: Whether it can be decided now.
    open: bool
    #: Oldest first. Of each person the newest counts.
    given: list[GivenAnswer]
    decision: HeldAnswer | None = None

    @classmethod
    def of(cls, asked: Asked, workloads: Mapping[str, Workload], *, is_open: bool, now: datetime) -> AskedAnswer:
        """From the ledger's value, with what its workload calls the item."""
        own = ("item_id", "workload", "lane", "reference", "asked_at", "due", "escalated_at", "closed_at")
        return cls(
            **{name: getattr(asked, name) for name in own},
            about=dict(item_title(workloads.get(asked.workload), asked.lane, asked.item)),
            question=QuestionAnswer.of(asked.question),
            overdue=asked.is_overdue(now),
            open=is_open,
            given=[GivenAnswer.of(given) for given in asked.given],
            decision=None if asked.decision is None else HeldAnswer.model_validate(asked.decision),
        )


class GroupAnswer(Answer):
    """Open questions of one kind: what the list can be filtered by."""

    model_config = example(workload="rpa", lane="invoices", code="approval", number=12)

    workload: str
    lane: str
    #: `effect` stands for all that are about effects which were refused, or may have happened.
    code: str
    number: int


class InboxAnswer(Answer):
    """What can be decided now: overdue and soonest due first, then the oldest."""

    model_config = example(waiting=1, overdue=0, questions=[_ASKED], groups=[])

    #: How many are waiting in all that match.
    waiting: int
    overdue: int
    questions: list[AskedAnswer]
    #: Of everything that waits, whatever was asked for.
    groups: list[GroupAnswer]


class QuestionList(Answer):
    """Everything that was asked about one item, oldest first."""

    model_config = example(questions=[_ASKED])

    questions: list[AskedAnswer]


class DecisionBody(JsonBody):
    """What is decided about one question. Fields and comment stay out of the audit chain."""

    question: Code
    choice: Code
    fields: Annotated[dict[str, JsonValue], Field(default_factory=dict, max_length=50)]
    #: For whoever reads the decision later. No civil registration numbers.
    comment: Annotated[str, StringConstraints(max_length=2000)] = ""
    #: How many rulings (`given`) were seen; when there are more by now it is refused. Null: whatever others said.
    seen: Annotated[int | None, Field(ge=0)] = None

    def ruling(self) -> Ruling:
        """As the ledger takes it."""
        return Ruling(question=self.question, choice=self.choice, fields=self.fields, comment=self.comment)


Name = Annotated[str | None, Query(max_length=80)]
Everyones = Annotated[bool, Query(description="Also what others decide; who decides nothing sees all anyway.")]


@router.get("/inbox")
def list_inbox(
    request: Request,
    user: SignedIn,
    ledger: TheLedger,
    workloads: TheWorkloads,
    workload: Name = None,
    lane: Name = None,
    code: Name = None,
    everyones: Everyones = False,
    limit: Limit = 50,
    offset: Offset = 0,
) -> InboxAnswer:
    """What waits for a person and can be decided now: by default what the sender may decide."""
    wanted, now = Filter(workload=workload, lane=lane, code=code), datetime.now(UTC)
    appointments: Appointments = request.app.state.appointments
    with ledger.read() as connection:
        if not everyones:
            mine = appointments.audiences(user.subject, inbox.audiences(connection, wanted))
            wanted = replace(wanted, audiences=mine)
        found = inbox.waiting(connection, wanted, limit=limit, offset=offset)
        return InboxAnswer(
            waiting=inbox.count(connection, wanted),
            overdue=inbox.count(connection, wanted, now=now),
            questions=[AskedAnswer.of(asked, workloads, is_open=True, now=now) for asked in found],
            groups=[GroupAnswer.model_validate(group) for group in inbox.groups(connection)],
        )


@router.get("/items/{item_id}/questions")
def list_questions(item_id: UUID, ledger: TheLedger, workloads: TheWorkloads) -> QuestionList:
    """Everything that was asked about an item, with who decided what."""
    with ledger.read() as connection:
        items.get(connection, item_id)
        found = inbox.of_item(connection, item_id)
        return QuestionList(questions=_answers(connection, found, workloads, datetime.now(UTC)))


@router.post("/items/{item_id}/decisions", openapi_extra=DecisionBody.described(_DECISION))
def decide(
    request: Request, item_id: UUID, body: Body, user: SignedIn, ledger: TheLedger, workloads: TheWorkloads
) -> AskedAnswer:
    """Decide. Once as many people as the question asks for have decided the same, the item goes on at once."""
    sent, now = DecisionBody.read(body), datetime.now(UTC)
    check_person(user.subject)
    appointments: Appointments = request.app.state.appointments
    allow = partial(check_decider, appointments.person(user.subject))
    with ledger.write() as connection:
        asked = inbox.decide(
            connection, item_id, sent.ruling(), actor=user.subject, now=now, seen=sent.seen, allow=allow
        )
        return _answers(connection, [asked], workloads, now)[0]


def _answers(
    connection: sa.Connection, found: Sequence[Asked], workloads: Mapping[str, Workload], now: datetime
) -> list[AskedAnswer]:
    return [
        AskedAnswer.of(each, workloads, is_open=inbox.is_open(connection, each.item_id, each.question.code), now=now)
        for each in found
    ]
