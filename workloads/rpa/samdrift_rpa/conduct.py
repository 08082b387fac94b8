"""Takes one item through the steps of its process, to an outcome. Pure: no clock, no network, no ledger."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from samdrift_platform.contract import Item, Outcome, Question, Store, Verdict
from samdrift_platform.question import Choice, Decision
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.messages import N_
from samdrift_rpa.process import Process
from samdrift_rpa.run import Run, WaitsForPersonError

STOPPED = N_("Automatic processing is stopped, so a person decides.")
OBJECTED = N_("The person has objected to automated processing, so a person decides.")

#: What a person is asked while no step is taken.
BY_HAND = Question(
    code="by_hand",
    title={"da": "Sagen behandles ikke automatisk. Hvad skal der ske?", "en": "No robot works on this. What now?"},
    choices=(
        Choice(code="handled", label={"da": "Er behandlet i hånden", "en": "It was handled by hand"}),
        Choice(code="robot", label={"da": "Lad robotten behandle den", "en": "Let the robot handle it"}),
    ),
)


def conduct(process: Process[Any, Any], item: Item, store: Store, engine: Any) -> Outcome:
    """The outcome of `item`: the same item, process and engine give the same outcome.

    A BusinessError of a step rejects the item with its code and reason; the effects planned so far are made all the
    same, so a step that must answer the sender plans that and then raises. Any other exception goes to the platform,
    which tries again.
    """
    if (handled := _handled_by_hand(item)) is not None:
        return Outcome(reference=item.reference, verdict=Verdict.DONE, result=_by_hand(process, handled))
    given = process.given.model_validate(item.payload["case"])
    run = process.run(item, given, store, engine, process.declared)
    taken: list[str] = []
    verdict, reason, question = Verdict.DONE, None, None
    exception: dict[str, JsonValue] | None = None
    try:
        for step in process.steps:
            taken.append(step.name)
            step.take(run)
    except WaitsForPersonError as waits:
        verdict, question, reason = Verdict.WAITING_FOR_PERSON, waits.question, _why(waits.question)
    except BusinessError as error:
        verdict, reason, exception = Verdict.REJECTED, error.message, error.to_json()
    result = _result(process, run, taken) | ({"exception": exception} if exception else {})
    return Outcome(reference=item.reference, verdict=verdict, result=result, reason=reason, question=question)


def to_a_person(process: Process[Any, Any], item: Item, store: Store, *, objected: bool) -> Outcome:
    """The safe state: no step is taken; a person says when it was handled by hand."""
    if (handled := _handled_by_hand(item)) is not None:
        return Outcome(reference=item.reference, verdict=Verdict.DONE, result=_by_hand(process, handled))
    why = OBJECTED if objected else STOPPED
    glance = process.glance(process.given.model_validate(item.payload["case"]), store)
    result: dict[str, JsonValue] = {**glance, "process": process.name, "steps": [], "effects": []}
    return Outcome(
        reference=item.reference,
        verdict=Verdict.WAITING_FOR_PERSON,
        result=result,
        reason=why,
        question=BY_HAND,
    )


def _handled_by_hand(item: Item) -> Decision | None:
    decision = item.earlier.decision(BY_HAND.code)
    return decision if decision is not None and decision.choice == "handled" else None


def _by_hand(process: Process[Any, Any], decision: Decision) -> dict[str, JsonValue]:
    return {"process": process.name, "steps": [], "effects": [], "by_hand": list(decision.people)}


def _result(process: Process[Any, Any], run: Run, taken: list[str]) -> dict[str, JsonValue]:
    planned: list[JsonValue] = [
        {"step": effect.step, "receiver": effect.receiver, "request": dict(effect.request)} for effect in run.planned
    ]
    steps: list[JsonValue] = [*taken]
    return run.facts | {"process": process.name, "steps": steps, "effects": planned}


def _why(question: Question) -> str:
    told = " ".join(reason.get("en", "") for reason in question.reasons).strip()
    return told or question.title.get("en", question.code)
