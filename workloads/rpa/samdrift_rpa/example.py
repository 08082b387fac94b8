"""A case by which a process is checked, followed to its end in every way in which people may decide about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import JsonValue

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Outcome
from samdrift_platform.question import Choice, DecisionField, FieldKind
from samdrift_rpa.process import Process
from samdrift_rpa.testing import Trial, try_case

#: Ways in which people may decide that are tried, at most.
MOST_TRIALS = 64
#: Rounds after which a case that still asks is taken for one that never ends.
MOST_ROUNDS = 12


@dataclass(frozen=True)
class Example:
    """A case that the process must be able to work on, with the objects that it names."""

    case: Mapping[str, Any]
    store: MemoryStore = field(default_factory=MemoryStore)
    #: What `Process.load` made; None for a process that loads nothing.
    engine: Any = None
    #: Question and field -> what is filled in, where the check suite's own guess would not do.
    fields: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    #: Step of an effect -> what its receiver answers; given from the first decision on.
    answers: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)

    @cached_property
    def _memory(self) -> dict[str, Any]:
        return {}

    def begun(self, process: Process[Any, Any]) -> Trial:
        """The case after its first round."""
        if "begun" not in self._memory:
            self._memory["begun"] = try_case(process, self.case, store=self.store, engine=self.engine)
        found: Trial = self._memory["begun"]
        return found

    def ended(self, process: Process[Any, Any]) -> Sequence[Trial]:
        """The case after its last round, for each way in which people may decide."""
        if "ended" not in self._memory:
            self._memory["ended"] = list(_ways(self, self.begun(process)))
        found: Sequence[Trial] = self._memory["ended"]
        return found

    def outcomes(self, process: Process[Any, Any]) -> Iterator[Outcome]:
        """Of every round of every way."""
        for trial in self.ended(process):
            yield from trial.rounds


def _ways(example: Example, begun: Trial) -> Iterator[Trial]:
    """The case to its end, for each choice of each question, depth first."""
    waiting, ended = [begun], 0
    while waiting and ended < MOST_TRIALS:
        trial = waiting.pop()
        asked = trial.outcome.question
        if asked is None or not asked.choices or len(trial.rounds) >= MOST_ROUNDS:
            ended += 1
            yield trial
            continue
        waiting += [_decided(example, trial, choice) for choice in reversed(asked.choices)]


def _decided(example: Example, trial: Trial, choice: Choice) -> Trial:
    given = example.fields.get(trial.question.code, {})
    fields = {each.name: given.get(each.name, _filled(each)) for each in choice.fields if each.required}
    fields |= {each.name: given[each.name] for each in choice.fields if each.name in given}
    made = {effect.step for effect in trial.effects}
    answers = {step: answer for step, answer in example.answers.items() if step in made}
    return trial.decide(choice.code, fields, answers=answers)


def _filled(wanted: DecisionField) -> JsonValue:
    if wanted.proposed is not None:
        return wanted.proposed
    match wanted.kind:
        case FieldKind.TEXT:
            return "because"
        case FieldKind.NUMBER:
            return 1
        case FieldKind.DATE:
            return "2026-12-01"
        case FieldKind.YES_NO:
            return True
        case FieldKind.ONE_OF:
            return next(iter(wanted.options))
