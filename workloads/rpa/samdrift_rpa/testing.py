"""A case taken through its steps in memory: for the tests of a process, for a dry run, and for a replay.

    trial = try_case(process, {"document": store.put(content)}, store=store)
    assert trial.question.code == "approval"
    trial = trial.decide("approve")
    assert trial.verdict is Verdict.DONE
    assert [effect.step for effect in trial.effects] == ["post_voucher", "send_answer"]

Nothing is made, nothing leaves, and no platform is needed: effects are what the steps planned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue

from samdrift_platform.checks import MemoryStore as MemoryStore
from samdrift_platform.contract import Effect, Item, JsonObject, Outcome, Question, Store, Verdict
from samdrift_platform.errors import ConflictError
from samdrift_platform.question import Decision, Earlier
from samdrift_rpa.conduct import conduct, planned_in
from samdrift_rpa.process import Process
from samdrift_rpa.submission import split, submission_model

#: When a case of a trial came in, and when people decide in one: steps read no clock, so any time will do.
RECEIVED_AT = datetime(2026, 11, 24, 7, 15, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One case, and what came of each round so far."""

    process: Process[Any, Any]
    item: Item
    store: Store
    #: What `Process.load` made.
    engine: Any = None
    #: One outcome a round, oldest first.
    rounds: Sequence[Outcome] = ()

    @property
    def outcome(self) -> Outcome:
        """What the last round found."""
        return self.rounds[-1]

    @property
    def verdict(self) -> Verdict:
        """How the case ended, or that it waits for a person."""
        return self.outcome.verdict

    @property
    def question(self) -> Question:
        """What a person is asked now; ConflictError when nobody is asked anything."""
        if self.outcome.question is None:
            raise ConflictError(f"{self.item.reference} is {self.verdict}: nobody is asked anything.")
        return self.outcome.question

    @property
    def facts(self) -> JsonObject:
        """What the steps noted."""
        return {name: value for name, value in self.outcome.result.items() if name not in _OWN}

    @property
    def code(self) -> str:
        """Code of the business exception; empty when there is none."""
        exception = self.outcome.result.get("exception")
        return str(exception["code"]) if isinstance(exception, Mapping) else ""

    @property
    def steps(self) -> Sequence[str]:
        """Steps that were begun in the last round, in order."""
        return _names(self.outcome.result.get("steps"))

    @property
    def effects(self) -> Sequence[Effect]:
        """What is planned so far, in order."""
        return list(planned_in(self.outcome))

    def decide(
        self,
        choice: str,
        fields: Mapping[str, JsonValue] | None = None,
        *,
        people: Sequence[str] = ("first", "second"),
        answers: Mapping[str, JsonObject] | None = None,
    ) -> Trial:
        """The trial one round further, after people chose `choice` about what is asked now.

        Args:
            choice: code of one of the question's choices.
            fields: what they filled in.
            people: who may decide; as many of them did as the question asks for.
            answers: step of an effect -> what its receiver answered meanwhile.
        """
        question, earlier = self.question, self.item.earlier
        decision = Decision(
            question=question.code,
            choice=choice,
            fields=dict(fields or {}),
            people=tuple(people[: question.people]),
            decided_at=RECEIVED_AT,
        )
        answered = {**earlier.answers, **(answers or {})}
        return self._again(Earlier(decisions=(*earlier.decisions, decision), answers=answered))

    def again(self) -> Trial:
        """The same round once more, as after a crash."""
        return self._again(self.item.earlier)

    def _again(self, earlier: Earlier) -> Trial:
        item = replace(self.item, earlier=earlier)
        found = conduct(self.process, item, self.store, self.engine)
        return replace(self, item=item, rounds=(*self.rounds, found))


def try_case(process: Process[Any, Any], case: Mapping[str, Any], *, store: Store, engine: Any = None) -> Trial:
    """Take one case through its first round.

    Args:
        process: whose steps are taken.
        case: the input as JSON, such as `process.example`.
        store: with the objects that the case names.
        engine: what `process.load` made; None for a process that loads nothing.
    """
    (item,) = items_of(process, [case], store)
    return try_item(process, item, store=store, engine=engine)


def try_item(process: Process[Any, Any], item: Item, *, store: Store, engine: Any = None) -> Trial:
    """Take an item through a round, with what people decided before (`item.earlier`)."""
    return Trial(process=process, item=item, store=store, engine=engine).again()


def items_of(
    process: Process[Any, Any],
    cases: Sequence[Mapping[str, Any]],
    store: Store,
    *,
    received_at: datetime = RECEIVED_AT,
) -> list[Item]:
    """The items of a submission of these cases; pydantic's ValidationError for a case that does not fit."""
    document = {
        "process": process.name,
        "received_at": received_at.isoformat(),
        "cases": [dict(each) for each in cases],
    }
    submission: Any = submission_model({process.name: process}).model_validate(document)
    return list(split(process, submission.root, store))


#: What `conduct` itself writes into a result.
_OWN = frozenset({"process", "steps", "effects", "exception", "by_hand", "decisions"})


def _names(value: JsonValue) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
