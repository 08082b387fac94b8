"""What people are asked about items, what each of them said, and how a decided item goes on.

A question stands in the ledger with the outcome that asks it. Once enough people have decided the same, the item is
queued again, before all others of its class, and its workload is asked anew with the decision in `Item.earlier`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import JsonValue, TypeAdapter

from samdrift_platform.contract import Question
from samdrift_platform.digest import keyed_digest_of
from samdrift_platform.errors import ConflictError, InputError, NotFoundError
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.database import insert_new
from samdrift_platform.ledger.effects import STOPPED, EffectState
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.plain import plain_text
from samdrift_platform.ledger.tables import decisions, effects, questions, work_items
from samdrift_platform.question import Decision, DecisionField, Earlier, FieldKind, question_from_json, question_to_json

#: A decided item is due before all deadlines: a person waits for it.
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TEXT = 2_000
_DECISION = TypeAdapter(Decision)


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What one person says about one question."""

    question: str
    choice: str
    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Given:
    """A ruling as it was recorded."""

    ruling: Ruling
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question about an item, with what people said so far, oldest first."""

    item_id: UUID
    question: Question
    asked_at: datetime
    #: When it is escalated; None: it may wait.
    due: datetime | None
    escalated_at: datetime | None
    #: Decided, or its item was cancelled; None: open.
    closed_at: datetime | None
    decision: Decision | None
    given: Sequence[Given] = ()


def ask(connection: sa.Connection, asked: Iterable[tuple[UUID, Question]], *, now: datetime) -> None:
    """Record questions with the outcomes that ask them. A question that stands already stays as it is."""
    rows = [
        {
            "item_id": item_id,
            "code": question.code,
            "document": question_to_json(question),
            "people": question.people,
            "asked_at": now,
            "due": now + question.answer_within if question.answer_within else None,
        }
        for item_id, question in asked
    ]
    insert_new(connection, questions, rows)


def waiting(
    connection: sa.Connection, *, workload: str | None = None, limit: int = 200, offset: int = 0
) -> list[Asked]:
    """Open questions that can be decided now: overdue and soonest due first, then the oldest."""
    query = (
        sa.select(questions)
        .join(work_items, work_items.c.id == questions.c.item_id)
        .where(questions.c.closed_at.is_(None), _DECIDABLE)
        .order_by(questions.c.due.is_(None), questions.c.due, questions.c.seq)
        .limit(limit)
        .offset(offset)
    )
    if workload is not None:
        query = query.where(work_items.c.workload == workload)
    return _with_given(connection, connection.execute(query).mappings().all())


def of_item(connection: sa.Connection, item_id: UUID) -> list[Asked]:
    """Everything that was asked about an item, oldest first."""
    query = sa.select(questions).where(questions.c.item_id == item_id).order_by(questions.c.seq)
    return _with_given(connection, connection.execute(query).mappings().all())


def decide(connection: sa.Connection, item_id: UUID, ruling: Ruling, *, actor: str, now: datetime) -> Asked:
    """Record what `actor` says; once enough people agree, the item goes on. The question as it stands then.

    People agree who chose the same and filled in the same, texts aside; of each, the newest ruling counts.

    Raises:
        NotFoundError: the item is not asked that.
        ConflictError: it is decided already, or the item does not wait.
        InputError: the choice or a field is not one of the question's.
    """
    asked = _locked(connection, item_id, ruling.question)
    question = asked.question
    fields = _checked(question, ruling)
    said = {"choice": ruling.choice, "fields": fields, "comment": plain_text(ruling.comment)}
    row = {"item_id": item_id, "question": question.code, "decided_by": actor, "decided_at": now, **said}
    connection.execute(sa.insert(decisions).values(**row))
    (asked,) = [each for each in of_item(connection, item_id) if each.question.code == question.code]
    agreeing = _agreeing(asked)
    events = [_event(connection, item_id, "question.ruled", actor, {"question": question.code}, said)]
    if len(agreeing) >= question.people:
        decision = _decision(question, agreeing, now)
        _close(connection, item_id, decision, now)
        _go_on(connection, item_id, now)
        told = {"question": question.code, "people": list(decision.people)}
        events.append(_event(connection, item_id, "item.decided", actor, told, said))
    audit.append(connection, events, now=now)
    (asked,) = [each for each in of_item(connection, item_id) if each.question.code == question.code]
    return asked


def earlier_of(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, Earlier]:
    """Item -> what people decided about it and what receivers answered; only items of which there is anything."""
    if not item_ids:
        return {}
    decided: dict[UUID, list[Decision]] = {}
    query = sa.select(questions.c.item_id, questions.c.decision).where(
        questions.c.item_id.in_(item_ids), questions.c.closed_at.is_not(None)
    )
    for item_id, value in connection.execute(query.order_by(questions.c.closed_at, questions.c.seq)):
        if value is not None:
            decided.setdefault(item_id, []).append(_DECISION.validate_python(value))
    answers: dict[UUID, dict[str, Mapping[str, JsonValue]]] = {}
    made = sa.select(effects.c.item_id, effects.c.step, effects.c.answer).where(
        effects.c.item_id.in_(item_ids), effects.c.state == EffectState.DELIVERED
    )
    for item_id, step, answer in connection.execute(made):
        answers.setdefault(item_id, {})[step] = answer or {}
    return {
        item_id: Earlier(decisions=tuple(decided.get(item_id, ())), answers=answers.get(item_id, {}))
        for item_id in {*decided, *answers}
    }


def close(connection: sa.Connection, item_ids: Sequence[UUID], *, now: datetime) -> None:
    """Nobody need decide any more: these items were cancelled."""
    open_ = sa.and_(questions.c.item_id.in_(item_ids), questions.c.closed_at.is_(None))
    connection.execute(sa.update(questions).where(open_).values(closed_at=now))


_NO_STOPPED_EFFECT = ~sa.exists().where(effects.c.item_id == work_items.c.id, effects.c.state.in_(STOPPED))
#: With an effect that was refused or is unknown, that is settled first.
_DECIDABLE = sa.and_(work_items.c.state == ItemState.WAITING_FOR_PERSON, _NO_STOPPED_EFFECT)


def _locked(connection: sa.Connection, item_id: UUID, code: str) -> Asked:
    query = sa.select(questions).where(questions.c.item_id == item_id, questions.c.code == code)
    row = connection.execute(query.with_for_update()).mappings().first()
    if row is None:
        raise NotFoundError(f"Item {item_id} is not asked {code!r}. Look at the item again.")
    (asked,) = _with_given(connection, [row])
    if asked.closed_at is not None:
        by = ", ".join(asked.decision.people) if asked.decision else ""
        raise ConflictError(
            f"This was decided by {by}." if by else "The item was cancelled, so there is nothing to decide."
        )
    waits = sa.select(work_items.c.id).where(work_items.c.id == item_id, _DECIDABLE)
    if connection.execute(waits.with_for_update()).first() is None:
        raise ConflictError("The item does not wait for a decision now. Look at it again: an effect may need settling.")
    return asked


def _checked(question: Question, ruling: Ruling) -> dict[str, JsonValue]:
    """The fields as they are kept; InputError where they do not fit the question."""
    choice = next((each for each in question.choices if each.code == ruling.choice), None)
    if choice is None:
        codes = ", ".join(each.code for each in question.choices)
        raise InputError(f"{ruling.choice!r} is none of the choices: {codes}.", field="choice")
    known = {each.name: each for each in choice.fields}
    if unknown := sorted(set(ruling.fields) - set(known)):
        raise InputError(f"{choice.code} has no field {unknown[0]!r}.", field=unknown[0])
    return {name: value for name, each in known.items() if (value := _value(each, ruling.fields.get(name))) is not None}


def _value(wanted: DecisionField, value: JsonValue) -> JsonValue:
    if value is None or value == "":
        if wanted.required:
            raise InputError(f"{wanted.name} is missing. {wanted.label['en']}", field=wanted.name)
        return None
    if not _fits(wanted, value):
        raise InputError(f"{wanted.name} is not a {wanted.kind}. {wanted.label['en']}", field=wanted.name)
    return plain_text(value) if isinstance(value, str) else value


def _fits(wanted: DecisionField, value: JsonValue) -> bool:
    match wanted.kind:
        case FieldKind.TEXT:
            return isinstance(value, str) and len(value) <= _LONGEST_TEXT
        case FieldKind.NUMBER:
            return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
        case FieldKind.DATE:
            return isinstance(value, str) and _is_date(value)
        case FieldKind.YES_NO:
            return isinstance(value, bool)
        case FieldKind.ONE_OF:
            return value in wanted.options


def _is_date(value: str) -> bool:
    from datetime import date

    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _agreeing(asked: Asked) -> list[Given]:
    """The newest ruling, and those of others that agree with it, oldest first; each person counts once."""
    newest: dict[str, Given] = {}
    for given in asked.given:
        newest.pop(given.decided_by, None)
        newest[given.decided_by] = given
    said = [*newest.values()]
    return [given for given in said if _same(asked.question, given.ruling, said[-1].ruling)]


def _same(question: Question, one: Ruling, other: Ruling) -> bool:
    choice = next(each for each in question.choices if each.code == one.choice)
    compared = [each.name for each in choice.fields if each.kind is not FieldKind.TEXT]
    return one.choice == other.choice and all(one.fields.get(n) == other.fields.get(n) for n in compared)


def _decision(question: Question, agreeing: Sequence[Given], now: datetime) -> Decision:
    last = agreeing[-1].ruling
    people = tuple(given.decided_by for given in agreeing)
    return Decision(question=question.code, choice=last.choice, fields=last.fields, people=people, decided_at=now)


def _close(connection: sa.Connection, item_id: UUID, decision: Decision, now: datetime) -> None:
    this = sa.and_(questions.c.item_id == item_id, questions.c.code == decision.question)
    value = _DECISION.dump_python(decision, mode="json")
    connection.execute(sa.update(questions).where(this).values(closed_at=now, decision=value))


def _go_on(connection: sa.Connection, item_id: UUID, now: datetime) -> None:
    values: dict[str, Any] = {
        "state": ItemState.QUEUED,
        "rounds": work_items.c.rounds + 1,
        "attempt": 0,
        "fence": work_items.c.fence + 1,
        "lease_until": None,
        "worker": None,
        "due": _AT_ONCE,
        "available_at": now,
        "verdict": None,
        "reason": None,
    }
    connection.execute(sa.update(work_items).where(work_items.c.id == item_id).values(**values))


def _event(
    connection: sa.Connection, item_id: UUID, action: str, actor: str, told: Mapping[str, Any], said: Mapping[str, Any]
) -> audit.Event:
    """What a person wrote may be personal, so the chain holds a keyed digest of it."""
    salt = connection.execute(sa.select(work_items.c.salt).where(work_items.c.id == item_id)).scalar_one()
    details = {**told, "choice": said["choice"], "said": keyed_digest_of(salt, said)}
    return audit.Event(actor=actor, action=action, subject=f"item:{item_id}", details=details)


def _with_given(connection: sa.Connection, rows: Sequence[Mapping[Any, Any]]) -> list[Asked]:
    ids = [row["item_id"] for row in rows]
    given: dict[tuple[UUID, str], list[Given]] = {}
    query = sa.select(decisions).where(decisions.c.item_id.in_(ids)).order_by(decisions.c.seq)
    for said in connection.execute(query).mappings() if ids else ():
        ruling = Ruling(**{name: said[name] for name in ("question", "choice", "fields", "comment")})
        told = Given(ruling=ruling, decided_by=said["decided_by"], decided_at=said["decided_at"])
        given.setdefault((said["item_id"], said["question"]), []).append(told)
    return [_asked(row, given.get((row["item_id"], row["code"]), ())) for row in rows]


def _asked(row: Mapping[Any, Any], given: Sequence[Given]) -> Asked:
    times = {name: row[name] for name in ("asked_at", "due", "escalated_at", "closed_at")}
    decision = _DECISION.validate_python(row["decision"]) if row["decision"] is not None else None
    question = question_from_json(row["document"])
    return Asked(item_id=row["item_id"], question=question, decision=decision, given=given, **times)
