"""A replica: one process on Ray that holds a workload's verified models and works on batches."""

from __future__ import annotations

import math
import os
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from samdrift_platform import plugins
from samdrift_platform.assignments import Assignment, Served, canary_for
from samdrift_platform.contract import Benefit, Context, Effect, Item, Outcome, Verdict
from samdrift_platform.errors import SamdriftError
from samdrift_platform.impersonal import impersonal, kept_fields, quoted_in
from samdrift_platform.ledger.canaries import CanaryFailure
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.plain import NotPlainError, plain_json
from samdrift_platform.objects import ObjectStore, Store
from samdrift_platform.panel import Panel, assemble
from samdrift_platform.question import CODE, question_to_json
from samdrift_platform.scratch import ScratchStore

#: Longest name of a score.
LONGEST_NAME = 64


class WorkloadError(SamdriftError):
    """A workload broke its contract. Its author runs `check_workload` and mends it."""


class NotServingError(SamdriftError):
    """This replica has nothing loaded yet. It is given work once `change` has succeeded."""


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """What came of a batch, in the order of its items."""

    completions: Sequence[Completion]
    seconds: float


#: Model of a canary -> why it is not loaded; its items are the champion's.
Refusals: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a replica holds for one assignment."""

    assignment: Assignment
    #: None in the safe state, which needs no model.
    champions: Panel | None
    #: Model -> the champions with the canary of that model in its champion's place; or the error that kept it out.
    canaries: Mapping[str, Panel | Exception]

    @property
    def panels(self) -> dict[object, Panel]:
        """By content, all that are loaded."""
        return {each.content: each for each in [self.champions, *self.canaries.values()] if isinstance(each, Panel)}


class Replica:
    """Serves nothing until told what; then runs batches one at a time. A plain class: tests use it without Ray."""

    def __init__(self, workload: str, nicer: int = 0) -> None:
        """Know the workload; nothing is loaded yet. The process makes way for others by `nicer` steps (nice(2))."""
        os.nice(nicer)
        self._workload = plugins.workload(workload)
        self._loaded: Loaded | None = None

    def change(self, assignment: Assignment) -> Refusals:
        """Verify and load beside what serves, and take its place only when that succeeded.

        An error leaves everything as it was. A canary that cannot be loaded is no error: the answer says why.
        """
        self._loaded = self._load(assignment)
        return {model: _said(error) for model, error in self._loaded.canaries.items() if isinstance(error, Exception)}

    def run(self, items: Sequence[Item], tried: Collection[str] = (), objected: Collection[str] = ()) -> BatchResult:
        """Answer for `items`; an exception is the whole batch's.

        Args:
            items: the batch.
            tried: references of those that failed before: canaries are kept away from them.
            objected: references of those about people who have objected: no model sees them, the workload's `safe`
                answers.
        """
        if self._loaded is None:
            raise NotServingError
        wall, cpu = time.perf_counter(), time.process_time()
        completions = _Batch(self._workload, self._loaded, tried, objected).completions(items)
        cpu_s = (time.process_time() - cpu) / max(1, len(items))
        spent = _cost(cpu_s, self._loaded.assignment)
        found = [replace(completion, spent=spent) for completion in completions]
        return BatchResult(completions=found, seconds=time.perf_counter() - wall)

    def _load(self, assignment: Assignment) -> Loaded:
        if assignment.safe:
            return Loaded(assignment=assignment, champions=None, canaries={})
        known = self._loaded.panels if self._loaded else {}
        champions = assemble(self._workload, assignment.models, assignment.home, known)
        known = {**known, champions.content: champions}
        canaries = {each.deployment.model: self._canary(assignment, each, known) for each in assignment.canaries}
        return Loaded(assignment=assignment, champions=champions, canaries=canaries)

    def _canary(self, assignment: Assignment, canary: Served, known: Mapping[object, Panel]) -> Panel | Exception:
        models = {**assignment.models, canary.deployment.model: canary}
        try:
            return assemble(self._workload, models, assignment.home, known)
        except Exception as error:  # noqa: BLE001 - whatever it is, the champion serves; `change` says it
            return error


class _Batch:
    """One batch on its way through the panels."""

    def __init__(self, workload: Any, loaded: Loaded, tried: Collection[str], objected: Collection[str]) -> None:
        self._workload, self._loaded, self._tried, self._objected = workload, loaded, frozenset(tried), set(objected)
        store: Store = ObjectStore(loaded.assignment.objects_url)
        self._store = ScratchStore(store) if loaded.assignment.shadow else store
        self._failures: dict[str, CanaryFailure] = {}
        self._keep = kept_fields(workload)

    def completions(self, items: Sequence[Item]) -> list[Completion]:
        """One for each item, in order."""
        theirs = [item for item in items if item.reference in self._objected]
        found = self._decided(theirs, None, objected=True) if theirs else {}
        for canary, group in self._by_canary([item for item in items if item.reference not in found]).items():
            found |= self._of_canary(canary, group)
        rest = [item for item in items if item.reference not in found]
        found |= self._decided(rest, self._loaded.champions) if rest else {}
        return [replace(found[i.reference], canary_failure=self._failures.get(i.reference)) for i in items]

    def _by_canary(self, items: Sequence[Item]) -> dict[str, list[Item]]:
        groups: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if (canary := canary_for(self._loaded.assignment, item.reference)) is not None:
                groups[canary.deployment.model].append(item)
        return groups

    def _of_canary(self, model: str, items: Sequence[Item]) -> dict[str, Completion]:
        """What the canary makes of them; of those that it cannot answer nothing but that it could not."""
        panel = self._loaded.canaries[model]
        again = [item for item in items if item.reference in self._tried]
        self._failed(model, again, "AttemptFailedBefore")
        fresh = [item for item in items if item.reference not in self._tried]
        try:
            return self._decided(fresh, _here(panel)) if fresh else {}
        except Exception as error:  # noqa: BLE001 - whatever a canary raises, the champion answers; it is recorded
            self._failed(model, fresh, type(error).__name__)
            return {}

    def _failed(self, model: str, items: Sequence[Item], error: str) -> None:
        (canary,) = (c.deployment for c in self._loaded.assignment.canaries if c.deployment.model == model)
        self._failures |= {item.reference: CanaryFailure(canary=canary, error=error) for item in items}

    def _decided(self, items: Sequence[Item], panel: Panel | None, *, objected: bool = False) -> dict[str, Completion]:
        """By reference, what `panel` decides; without one it is the safe state's answer."""
        context = Context(store=self._store, engine=panel.engine if panel else None, objected=objected)
        answer = self._workload.process if panel else self._workload.safe
        outcomes = list(answer(items, context))
        _check_outcomes(self._workload.name, items, outcomes)
        found = {outcome.reference: self._completion(outcome, panel) for outcome in outcomes}
        return {reference: replace(made, objected=objected) for reference, made in found.items()}

    def _completion(self, outcome: Outcome, panel: Panel | None) -> Completion:
        decided_by = [each for each in panel.decided_by if _took_part(each.model, outcome)] if panel else []
        scores = self._scores(outcome) if decided_by else {}
        kept = impersonal(outcome, self._keep)  # what follows is made of what was found, not of what is kept of it
        if self._loaded.assignment.shadow:  # nothing follows from what a shadow finds
            return Completion(outcome=kept, decided_by=decided_by, scores=scores)
        effects = list(self._workload.effects(outcome))
        _check_effects(self._workload.name, effects, self._keep)
        saved = list(self._workload.benefits(outcome))
        return Completion(
            outcome=kept, effects=effects, saved=saved, decided_by=decided_by, scores=scores, safe=panel is None
        )

    def _scores(self, outcome: Outcome) -> dict[str, float]:
        scores = dict(self._workload.scores(outcome))
        if bad := [n for n, value in scores.items() if not math.isfinite(value) or not 0 < len(n) <= LONGEST_NAME]:
            raise WorkloadError(f"{self._workload.name} gave scores that are no numbers, or have no fit name: {bad}.")
        return scores


def _took_part(model: str, outcome: Outcome) -> bool:
    return outcome.models is None or model in outcome.models


def _here(panel: Panel | Exception) -> Panel:
    if isinstance(panel, Exception):
        raise panel
    return panel


def _said(error: Exception) -> str:
    """What a person needs of it: the message of an error of ours, or else its type."""
    return error.message if isinstance(error, SamdriftError) else type(error).__name__


def _check_outcomes(name: str, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
    asked, told = [item.reference for item in items], [outcome.reference for outcome in outcomes]
    if asked != told:
        raise WorkloadError(f"{name} was given {asked} and answered for {told}; it must answer for each, in order.")
    for item, outcome in zip(items, outcomes, strict=True):
        _check_plain(name, "a result", [outcome.result, outcome.reason])
        _check_question(name, item, outcome)


def _check_question(name: str, item: Item, outcome: Outcome) -> None:
    if outcome.question is None:
        return
    if outcome.verdict is not Verdict.WAITING_FOR_PERSON:
        raise WorkloadError(f"{name} asks a person about {outcome.reference} and does not let it wait.")
    if not CODE.fullmatch(outcome.question.code):
        raise WorkloadError(f"{name} asks {outcome.question.code!r}; a question's code is lower_snake_case.")
    if item.earlier.decision(outcome.question.code) is not None:  # nobody would be asked, and the item wait for ever
        raise WorkloadError(f"{name} asks {outcome.question.code} about {outcome.reference} though it is decided.")
    _check_plain(name, "a question", question_to_json(outcome.question))


def _check_effects(name: str, effects: Sequence[Effect], keep: Collection[str]) -> None:
    steps = [effect.step for effect in effects]
    if len(set(steps)) != len(steps):
        raise WorkloadError(f"{name} plans a step twice: {steps}; steps of an item must differ.")
    _check_plain(name, "a request", [effect.request for effect in effects])
    for effect in effects:
        if quoted := quoted_in(effect.request, keep):
            raise WorkloadError(
                f"{name}: the request of {effect.step} quotes a CPR number at {', '.join(quoted)}. Put it into a "
                "stored object and name that; or name the field in `numbers_of_things` if it numbers a thing."
            )


def _check_plain(name: str, what: str, value: object) -> None:
    """Refuse here what the ledger would refuse, where it is one batch's failure."""
    try:
        plain_json(value)
    except NotPlainError as error:
        raise WorkloadError(f"{name} gave {what} that is {error}.") from error


def _cost(cpu_s: float, assignment: Assignment) -> list[Benefit]:
    """An item's equal part of what its batch cost: CPU seconds, and energy and CO2 estimated from them."""
    kwh = cpu_s * assignment.cpu_watts / 3.6e6
    estimate = f"CPU seconds x {assignment.cpu_watts:g} W per core (assumed, not metered)"
    factor = f"{estimate} x {assignment.grid_g_co2_per_kwh:g} g/kWh"
    whose = "shadow run: " if assignment.shadow else ""
    own = f"{whose}process CPU time of the batch / its items"
    return [
        Benefit(measure="cpu_time", quantity=cpu_s, unit="s", method=own),
        Benefit(measure="electricity", quantity=kwh, unit="kWh", method=f"{whose}{estimate}"),
        Benefit(
            measure="emission",
            quantity=kwh * assignment.grid_g_co2_per_kwh,
            unit="g CO2",
            method=f"{whose}{factor}",
        ),
    ]
