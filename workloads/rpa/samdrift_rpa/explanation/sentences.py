"""A case's record in sentences, in Danish and in English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.items import ItemState
from samdrift_rpa.explanation.record import AskedQuestion, CaseRecord
from samdrift_rpa.messages import N_
from samdrift_rpa.process import Process
from samdrift_rpa.sentence import Sentence, moment_by_language


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Sentences in one language, by what they tell."""

    #: What it is and how it stands.
    case: Sequence[str]
    #: What was done with it, in order, and what decided.
    steps: Sequence[str]
    #: What people were asked and what they decided.
    people: Sequence[str]
    #: What was seen outside, or will be.
    outside: Sequence[str]

    def all(self) -> Iterator[str]:
        """Every sentence, in this order."""
        yield from (*self.case, *self.steps, *self.people, *self.outside)


def explain(record: CaseRecord, process: Process[Any, Any] | None, language: str) -> Explanation:
    """Why the case stands as it does. `process` is None where it is not installed any more."""
    return Explanation(
        case=[each.say(language) for each in _case(record, process, language)],
        steps=[each.say(language) for each in _steps(record, process, language)],
        people=[each.say(language) for asked in record.asked for each in _question(asked, language)],
        outside=[_effect(effect, process, language).say(language) for effect in record.effects]
        or [Sentence(text=N_("Nothing was to be seen outside.")).say(language)],
    )


_STATES = {
    ItemState.QUEUED: N_("It waits for its turn."),
    ItemState.RUNNING: N_("It is being worked on."),
    ItemState.WAITING_FOR_PERSON: N_("It waits for a person."),
    ItemState.DONE: N_("It was done at %(when)s."),
    ItemState.REJECTED: N_("It was rejected at %(when)s: the input was at fault."),
    ItemState.FAILED: N_("It failed at %(when)s, after all attempts: we are at fault."),
    ItemState.CANCELLED: N_("It was cancelled at %(when)s."),
}


def _case(record: CaseRecord, process: Process[Any, Any] | None, language: str) -> Iterator[Sentence]:
    item = record.item
    values = {"reference": item.reference, "process": _title(process, record.process, language)}
    values["when"] = _clock(item.queued_at, language)
    yield Sentence(text=N_("%(reference)s came in at %(when)s for the process “%(process)s”."), values=values)
    yield Sentence(text=_STATES[item.state], values={"when": _clock(item.finished_at, language)})
    if record.erased_at:
        when = _clock(record.erased_at, language)
        yield Sentence(
            text=N_("Its content was erased at %(when)s, when its time to be kept was over."), values={"when": when}
        )
    if record.failures:
        yield Sentence(
            text=N_("Attempts that ended with an error of ours: %(number)s."), values={"number": str(record.failures)}
        )
    if item.models:
        models = ", ".join(f"{name} {version.partition('@')[0]}" for name, version in item.models.items())
        yield Sentence(text=N_("Models that took part: %(models)s."), values={"models": models})


def _steps(record: CaseRecord, process: Process[Any, Any] | None, language: str) -> Iterator[Sentence]:
    result = record.item.result
    if record.objected:
        yield Sentence(text=N_("No step was taken: the person has objected to automated processing."))
    elif record.safe:
        yield Sentence(text=N_("No step was taken: automatic processing was stopped."))
    elif "by_hand" in result:
        yield Sentence(text=N_("A person handled it by hand, in the robot's place."))
    elif record.verdict is None:
        yield Sentence(text=N_("No step was taken to its end yet."))
    titles = {step.name: step.title.get(language, step.name) for step in process.steps} if process else {}
    for number, name in enumerate(result.get("steps") or (), 1):
        values = {"number": str(number), "step": titles.get(name, name)}
        yield Sentence(text=N_("Step %(number)s: %(step)s."), values=values)
    yield from _deciding(record, language)


def _deciding(record: CaseRecord, language: str) -> Iterator[Sentence]:
    """What decided: the business exception, or the rules and grounds that the steps noted."""
    result = record.item.result
    for noted in result.values():  # rules and grounds that steps noted, each with a sentence of its own
        for found in noted if isinstance(noted, list) else ():
            yield from _finding(found, language)
    exception = result.get("exception")
    if exception:
        said = Sentence(text=exception["sentence"], values=exception["values"]).say(language)
        yield Sentence(
            text=N_("This step rejected it (%(code)s): %(why)s"), values={"code": exception["code"], "why": said}
        )
    elif record.item.reason and record.item.state is not ItemState.WAITING_FOR_PERSON:
        yield Sentence(text=N_("The reason that was given: %(why)s"), values={"why": record.item.reason})


def _finding(found: Any, language: str) -> Iterator[Sentence]:
    text = isinstance(found, Mapping) and (found.get("sentence") or found.get("text"))
    if not isinstance(text, str):
        return
    why = Sentence(text=text, values=dict(found.get("values") or {})).say(language)
    if code := str(found.get("code") or ""):
        yield Sentence(text=N_("It was found (%(code)s): %(why)s"), values={"code": code, "why": why})
    else:
        yield Sentence(text=N_("It was found: %(why)s"), values={"why": why})


def _question(asked: AskedQuestion, language: str) -> Iterator[Sentence]:
    question = asked.question
    title = question.title.get(language, question.code)
    values = {"question": title, "when": _clock(asked.asked_at, language)}
    yield Sentence(text=N_("At %(when)s a person was asked: %(question)s"), values=values)
    for reason in question.reasons:
        yield Sentence(text=N_("The reason: %(why)s"), values={"why": reason.get(language, "")})
    decision = asked.decision
    if decision is None:
        text = (
            N_("Nobody has decided yet.")
            if asked.closed_at is None
            else N_("Nobody decided: it was not needed any more.")
        )
        yield Sentence(text=text)
        return
    labels = {choice.code: choice.label.get(language, choice.code) for choice in question.choices}
    yield Sentence(
        text=N_("At %(when)s %(people)s decided: %(choice)s."),
        values={
            "when": _clock(decision.decided_at, language),
            "people": ", ".join(decision.people),
            "choice": labels.get(decision.choice, decision.choice),
        },
    )


_EFFECTS = {
    EffectState.PLANNED: N_("%(what)s (%(receiver)s): not yet; calls so far: %(calls)s."),
    EffectState.DELIVERED: N_("%(what)s (%(receiver)s): happened at %(when)s; calls: %(calls)s."),
    EffectState.REFUSED: N_("%(what)s (%(receiver)s): was refused at %(when)s; a person must look."),
    EffectState.UNKNOWN: N_("%(what)s (%(receiver)s): nobody can tell whether it happened; a person must look."),
    EffectState.WITHDRAWN: N_("%(what)s (%(receiver)s): was withdrawn before it happened."),
}
_OTHERWISE = N_("%(what)s (%(receiver)s): nobody tries any more; a person said so.")


def _effect(effect: EffectRow, process: Process[Any, Any] | None, language: str) -> Sentence:
    titles = {each.step: each.title.get(language, each.step) for each in process.effects} if process else {}
    values = {
        "what": titles.get(effect.step, effect.step),
        "receiver": effect.receiver,
        "when": _clock(effect.finished_at, language),
        "calls": str(effect.attempt),
    }
    return Sentence(text=_EFFECTS.get(effect.state, _OTHERWISE), values=values)


def _title(process: Process[Any, Any] | None, name: str, language: str) -> str:
    return process.title.get(language, name) if process else name


def _clock(moment: datetime | None, language: str) -> str:
    """As pages write it: `30. nov. 2026 07.52`, by Danish clocks."""
    return "–" if moment is None else moment_by_language(moment)[language]
