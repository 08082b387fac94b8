"""Takes one item through the steps of its process, to an outcome. Pure: no clock, no network, no ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import JsonValue

from samdrift_platform.contract import Effect, Item, Outcome, Question, Store, Verdict
from samdrift_platform.question import Choice, Deciders, Decision
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.messages import N_
from samdrift_rpa.process import Process
from samdrift_rpa.run import Run, WaitsForPersonError

STOPPED = N_("Automatic processing is stopped, so a person decides.")
OBJECTED = N_("The person has objected to automated processing, so a person decides.")
SECOND = N_("Another case with the reference %(reference)s but other content came first, and stands.")

#: What a person is asked while no step is taken.
BY_HAND = Question(
    code="by_hand",
    title={"da": "Sagen behandles ikke automatisk. Hvad skal der ske?", "en": "No robot works on this. What now?"},
    choices=(
        Choice(code="handled", label={"da": "Er behandlet manuelt", "en": "It was handled by hand"}),
        Choice(code="robot", label={"da": "Lad robotten behandle den", "en": "Let the robot handle it"}),
    ),
)
#: Its codes, the first time and later.
_BY_HAND = re.compile(rf"{BY_HAND.code}(_[0-9]+)?")


def conduct(process: Process[Any, Any], item: Item, store: Store, engine: Any) -> Outcome:
    """The outcome of `item`: the same item, process and engine give the same outcome.

    A BusinessError of a step rejects the item with its code and reason; the effects planned so far are made all the
    same, so a step that must answer the sender plans that and then raises. Any other exception goes to the platform,
    which tries again.
    """
    if (handled := _handled_by_hand(item)) is not None:
        return _done_by_hand(process, item, handled)
    given = process.given.model_validate(item.payload["case"])
    if "same_reference" in item.payload and not process.asks_about_second:
        return _second(process, item)
    run = process.run(item, given, store, engine, process.declared)
    taken: list[str] = []
    verdict, reason, question = Verdict.DONE, None, None
    exception: dict[str, JsonValue] | None = None
    try:
        for step in process.steps:
            taken.append(step.name)
            step.take(run)
    except WaitsForPersonError as waits:
        verdict, question, reason = Verdict.WAITING_FOR_PERSON, _put(process, waits.question), _why(waits.question)
    except BusinessError as error:
        verdict, reason, exception = Verdict.REJECTED, error.message, error.to_json()
    result = _result(process, run, taken) | ({"exception": exception} if exception else {}) | _decisions(item)
    return Outcome(
        reference=item.reference,
        verdict=verdict,
        result=result,
        reason=reason,
        question=question,
        models=tuple(run.models),
    )


def planned_in(outcome: Outcome) -> Iterator[Effect]:
    """The effects that an outcome plans, in order."""
    planned: Any = outcome.result.get("effects") or ()
    for each in planned:
        yield Effect(step=each["step"], receiver=each["receiver"], request=each["request"])


def _second(process: Process[Any, Any], item: Item) -> Outcome:
    """Rejected: what came first under its reference stands, and its process does not know of seconds."""
    error = BusinessError("same_reference", SECOND, reference=str(item.payload["same_reference"]))
    result = _without_steps(process) | {"exception": error.to_json()}
    return Outcome(reference=item.reference, verdict=Verdict.REJECTED, result=result, reason=error.message, models=())


def to_a_person(process: Process[Any, Any], item: Item, store: Store, *, objected: bool) -> Outcome:
    """The safe state: no step is taken; a person says when it was handled by hand."""
    if (handled := _handled_by_hand(item)) is not None:
        return _done_by_hand(process, item, handled)
    why = OBJECTED if objected else STOPPED
    glance = process.glance(process.given.model_validate(item.payload["case"]), store)
    return Outcome(
        reference=item.reference,
        verdict=Verdict.WAITING_FOR_PERSON,
        result={**glance, **_without_steps(process)},
        reason=why,
        question=_put(process, _by_hand_question(item)),
    )


def _put(process: Process[Any, Any], question: Question) -> Question:
    """To whoever decides about the process, unless the question says who decides it."""
    return question if question.deciders != Deciders() else replace(question, deciders=process.deciders)


def _by_hand_question(item: Item) -> Question:
    """Under a code of its own each time: a person who left it to the robot is asked anew if that is still stopped."""
    before = len(_about_by_hand(item))
    return replace(BY_HAND, code=f"{BY_HAND.code}_{before + 1}") if before else BY_HAND


def _about_by_hand(item: Item) -> list[Decision]:
    return [each for each in item.earlier.decisions if _BY_HAND.fullmatch(each.question)]


def _handled_by_hand(item: Item) -> Decision | None:
    return next((each for each in _about_by_hand(item) if each.choice == "handled"), None)


def _done_by_hand(process: Process[Any, Any], item: Item, decision: Decision) -> Outcome:
    result = _without_steps(process) | {"by_hand": list(decision.people)}
    return Outcome(reference=item.reference, verdict=Verdict.DONE, result=result, models=())


def _without_steps(process: Process[Any, Any]) -> dict[str, JsonValue]:
    return {"process": process.name, "steps": [], "effects": []}


def _result(process: Process[Any, Any], run: Run, taken: list[str]) -> dict[str, JsonValue]:
    planned: list[JsonValue] = [
        {"step": effect.step, "receiver": effect.receiver, "request": dict(effect.request)} for effect in run.planned
    ]
    steps: list[JsonValue] = [*taken]
    return run.facts | {"process": process.name, "steps": steps, "effects": planned}


def _decisions(item: Item) -> dict[str, JsonValue]:
    """How often a person decided, two who decided together being two; nothing where nobody did."""
    number = sum(len(decision.people) for decision in item.earlier.decisions)
    return {"decisions": number} if number else {}


def _why(question: Question) -> str:
    told = " ".join(reason.get("en", "") for reason in question.reasons).strip()
    return told or question.title.get("en", question.code)
