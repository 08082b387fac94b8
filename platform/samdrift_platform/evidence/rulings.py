"""Holds what people said about an item to what the audit chain recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from samdrift_platform.digest import keyed_digest_of
from samdrift_platform.ledger.asked import Asked, Given
from samdrift_platform.ledger.audit import Record
from samdrift_platform.question import question_to_json

RULED, DECIDED = "question.ruled", "item.decided"


def ruling_mismatches(asked: Sequence[Asked], events: Sequence[Record], salt: str) -> Iterator[str]:
    """What does not agree, sentences for a person.

    A comment that is gone is none: it may be taken away before the rest. Without a salt nobody can tell.

    Args:
        asked: all questions about the item.
        events: about the item, in order.
        salt: of the item; empty: erased.
    """
    known = {each.question.code for each in asked}
    for code in sorted({str(e.details["question"]) for e in events if e.action == RULED} - known):
        yield f"An event says that somebody decided about {code}, but no such question is kept."
    for each in asked:
        told = [event for event in events if event.action == RULED and event.details["question"] == each.question.code]
        yield from _of_question(each, told, salt)
        yield from _outcome(each, events)


def _of_question(asked: Asked, told: Sequence[Record], salt: str) -> Iterator[str]:
    code = asked.question.code
    if len(told) != len(asked.given):
        yield f"{len(asked.given)} decisions about {code} are kept; {len(told)} were recorded."
        return
    question = keyed_digest_of(salt, question_to_json(asked.question))
    for given, event in zip(asked.given, told, strict=True):
        if (event.actor, event.details["choice"]) != (given.decided_by, given.ruling.choice) or _differs(
            given, event.details, salt
        ):
            yield f"What {given.decided_by} decided about {code} is not what was recorded."
        if question is not None and event.details["asked"] not in (None, question):
            yield f"The question {code} is not the one that {event.actor} was asked."


def _differs(given: Given, recorded: Mapping[str, Any], salt: str) -> bool:
    said = keyed_digest_of(salt, {"choice": given.ruling.choice, "fields": given.ruling.fields})
    if said is None or recorded["said"] is None:
        return False
    comment = given.ruling.comment
    other = bool(comment) and recorded.get("comment") != keyed_digest_of(salt, {"comment": comment})
    return said != recorded["said"] or other


def _outcome(asked: Asked, events: Sequence[Record]) -> Iterator[str]:
    """A decision that holds has an event that names the same people."""
    code, decision = asked.question.code, asked.decision
    told = [e for e in events if e.action == DECIDED and e.details["question"] == code]
    if decision is None:
        if told:
            yield f"An event says that {code} was decided; no decision is kept."
    elif [(list(e.details["people"]), e.details["choice"]) for e in told] != [(list(decision.people), decision.choice)]:
        yield f"The decision about {code} is not the one that was recorded."
