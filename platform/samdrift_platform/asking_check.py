"""What the contract's check suite asks of questions, and decisions that it makes up to see items go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain

from pydantic import JsonValue

from samdrift_platform.answering import faults
from samdrift_platform.contract import Effect, Item, JsonObject, Outcome
from samdrift_platform.governance.permissions import ROLES, Duty
from samdrift_platform.question import (
    CODE,
    UNIT,
    Choice,
    Decision,
    DecisionField,
    FieldKind,
    Question,
    question_from_json,
    question_to_json,
)

_LANGUAGES = {"da", "en"}
#: What a receiver is taken to have answered: as little as when a person says that it happened.
_ANSWER: JsonObject = {"by_person": True}
_WHEN = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)


def question_faults(question: Question) -> Iterator[str]:
    """What is wrong with a question, a sentence each."""
    codes = [question.code, *(choice.code for choice in question.choices)]
    fields = [field for choice in question.choices for field in choice.fields]
    yield from (f"{code!r} is no code: lower_snake_case" for code in codes if not CODE.fullmatch(code))
    yield from (f"the field {f.name!r} is no code" for f in fields if not CODE.fullmatch(f.name))
    if len(set(codes[1:])) != len(codes[1:]) or not question.choices:
        yield f"{question.code} has no choice, or two of one code"
    if question.people < 1 or (question.answer_within is not None and question.answer_within <= timedelta()):
        yield f"{question.code} takes nobody, or no time"
    yield from _decider_faults(question)
    yield from (f"{question.code}: {label} lacks da or en" for label in _labels(question) if set(label) < _LANGUAGES)
    yield from chain.from_iterable(_choice_faults(choice) for choice in question.choices)
    if question_from_json(question_to_json(question)) != question:
        yield f"{question.code} does not survive JSON"


def decided(item: Item, outcome: Outcome, planned: Sequence[Effect]) -> Iterator[Item]:
    """The item as it comes back after each choice of the outcome's question; none where nothing is asked."""
    if outcome.question is None:
        return
    answers = {effect.step: _ANSWER for effect in planned} | dict(item.earlier.answers)
    for choice in outcome.question.choices:
        fields = {field.name: _value(field) for field in choice.fields if field.required or field.proposed is not None}
        people = tuple(f"person-{n}" for n in range(outcome.question.people))
        code = outcome.question.code
        made = Decision(question=code, choice=choice.code, fields=fields, people=people, decided_at=_WHEN)
        earlier = replace(item.earlier, decisions=(*item.earlier.decisions, made), answers=answers)
        yield replace(item, earlier=earlier)


def _decider_faults(question: Question) -> Iterator[str]:
    deciding = ROLES[Duty.DECIDE]
    yield from (f"{question.code}: {r} may decide nothing" for r in question.deciders.roles if r not in deciding)
    yield from (f"{question.code}: {u!r} is no unit" for u in question.deciders.units if not UNIT.fullmatch(u))


def _labels(question: Question) -> Iterator[Mapping[str, str]]:
    yield question.title
    yield from question.reasons
    for fact in question.facts:
        yield fact.label
        if not isinstance(fact.value, str):
            yield fact.value
    for choice in question.choices:
        yield choice.label
        for field in choice.fields:
            yield from (field.label, *field.options.values())


def _choice_faults(choice: Choice) -> Iterator[str]:
    names = [field.name for field in choice.fields]
    if len(set(names)) != len(names):
        yield f"{choice.code} has two fields of one name: {names}"
    for field in choice.fields:
        if field.kind is FieldKind.ONE_OF and not field.options:
            yield f"{choice.code}: {field.name} offers nothing to choose"
        proposed = {} if field.proposed is None else {field.name: field.proposed}
        if field.proposed is not None and faults(replace(choice, fields=(field,)), proposed):
            yield f"{choice.code}: what is proposed for {field.name} does not fit it"


def _value(field: DecisionField) -> JsonValue:
    """What is proposed, else something that fits."""
    if field.proposed is not None:
        return field.proposed
    fitting: Mapping[FieldKind, JsonValue] = {
        FieldKind.TEXT: "as written",
        FieldKind.NUMBER: 1,
        FieldKind.DATE: "2026-01-02",
        FieldKind.YES_NO: False,
        FieldKind.ONE_OF: next(iter(field.options), ""),
    }
    return fitting[field.kind]
