"""A dry run: cases through their steps in memory. All effects are shown, none is made, and no platform is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from samdrift_platform.checks import MemoryStore
from samdrift_platform.cli.output import say, show_json
from samdrift_platform.contract import Question, Verdict
from samdrift_platform.errors import InputError
from samdrift_platform.masking import masked
from samdrift_rpa.commands.case_files import CaseFile, cases_in
from samdrift_rpa.commands.engine import Loaded, loaded
from samdrift_rpa.process import Process
from samdrift_rpa.testing import Trial, try_case


@dataclass(frozen=True, kw_only=True)
class Dry:
    """What came of one case."""

    file: Path
    #: None where the case does not fit the process, or a step had an error of ours.
    trial: Trial | None
    error: str = ""

    @property
    def state(self) -> str:
        """The verdict, or "failed"."""
        return str(self.trial.verdict) if self.trial else "failed"


def show_dry(process: Process[Any, Any], files: Sequence[Path], decided: Sequence[str], *, as_json: bool) -> None:
    """Run dry and show it; status 1 if not every case would be done."""
    choices, store = dict(_choice(each) for each in decided), MemoryStore()
    cases, made = cases_in(process, files, store.put), loaded(process)
    single = [each for case in cases for each in _unpacked(process, case, store)]
    found = [_tried(process, case, store, made.engine, choices) for case in single]
    if as_json:
        show_json([_document(each) for each in found])
    else:
        _show(process, made, found)
    if any(each.state != Verdict.DONE for each in found):
        raise typer.Exit(1)


def _unpacked(process: Process[Any, Any], case: CaseFile, store: MemoryStore) -> Iterator[CaseFile]:
    """The cases in one that is several; one that does not fit the process is told so when it is tried."""
    try:
        given = process.given.model_validate(case.case)
    except ValidationError:
        yield case
        return
    for each in process.unpack(given, store):
        yield CaseFile(file=case.file, case=each.model_dump(mode="json"))


def _choice(text: str) -> tuple[str, str]:
    question, _, choice = text.partition("=")
    if not (question and choice):
        raise InputError(f"{text!r} names no question and choice. Write it as approval=approve.", field="decide")
    return question, choice


def _tried(
    process: Process[Any, Any], case: CaseFile, store: MemoryStore, engine: Any, choices: Mapping[str, str]
) -> Dry:
    try:
        trial = try_case(process, case.case, store=store, engine=engine)
        while (asked := trial.outcome.question) is not None and asked.code in choices:
            _check(asked, choices[asked.code])
            trial = trial.decide(choices[asked.code])
    except InputError:
        raise
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return Dry(file=case.file, trial=None, error=f"The case does not fit the process. {faults}")
    except Exception as error:  # noqa: BLE001 - whatever a step raises is its system exception: shown, and the next case
        return Dry(file=case.file, trial=None, error=masked(f"A step failed: {type(error).__name__}: {error}"))
    return Dry(file=case.file, trial=trial)


def _check(asked: Question, choice: str) -> None:
    codes = [each.code for each in asked.choices]
    if choice not in codes:
        raise InputError(f"{choice!r} is none of the choices of {asked.code}: {', '.join(codes)}.", field="decide")


def _document(found: Dry) -> dict[str, Any]:
    if found.trial is None:
        return {"file": str(found.file), "verdict": "failed", "error": found.error}
    trial = found.trial
    return {
        "file": str(found.file),
        "reference": trial.item.reference,
        "verdict": str(trial.verdict),
        "reason": trial.outcome.reason,
        "code": trial.code,
        "steps": list(trial.steps),
        "effects": [
            {"step": each.step, "receiver": each.receiver, "request": dict(each.request)} for each in trial.effects
        ],
        "question": trial.outcome.question.code if trial.outcome.question else None,
        "facts": dict(trial.facts),
    }


def _show(process: Process[Any, Any], made: Loaded, found: Sequence[Dry]) -> None:
    say("Dry run: nothing is made.")
    if made.without:
        say(f"Without {', '.join(made.without)}, not deployed here: what a model would propose is left out.")
    titles = {effect.step: effect.title["en"] for effect in process.effects}
    for each in found:
        say(f"{each.file}: {each.state}")
        for line in _lines(each, titles):
            say(f"  {line}")


def _lines(found: Dry, titles: Mapping[str, str]) -> Iterator[str]:
    if found.trial is None:
        yield found.error
        return
    trial = found.trial
    yield f"case: {trial.item.reference}"
    yield f"steps: {' → '.join(trial.steps)}"
    if trial.outcome.reason:
        yield f"reason: {trial.outcome.reason}" + (f" ({trial.code})" if trial.code else "")
    for effect in trial.effects:
        yield f"would be made: {titles[effect.step]} ({effect.step} at {effect.receiver})"
    if (asked := trial.outcome.question) is not None:
        yield f"a person would be asked {asked.code}: {asked.title['en']}"
        for choice in asked.choices:
            yield f"  --decide {asked.code}={choice.code}: {choice.label['en']}"
