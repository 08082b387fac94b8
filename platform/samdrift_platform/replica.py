"""A replica: one process on Ray that holds a workload's pinned, verified models and works on batches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samdrift_platform import plugins
from samdrift_platform.contract import Benefit, Context, Effect, Item, Outcome
from samdrift_platform.errors import SamdriftError
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.plain import NotPlainError, plain_json
from samdrift_platform.objects import ObjectStore


class WorkloadError(SamdriftError):
    """A workload broke its contract. Its author runs `check_workload` and mends it."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a replica serves: everything it needs to start on another machine."""

    workload: str
    #: Registered name -> (version, digest).
    models: Mapping[str, tuple[int, str]]
    home: Path
    objects_url: str
    cpu_watts: float
    grid_g_co2_per_kwh: float


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """What came of a batch, in the order of its items."""

    completions: Sequence[Completion]
    seconds: float


class Replica:
    """Loads once, then runs batches one at a time. A plain class: tests use it without Ray."""

    def __init__(self, assignment: Assignment) -> None:
        """Verify the models and let the workload load them; whatever fails here keeps the replica from serving."""
        self._assignment = assignment
        self._workload = plugins.workload(assignment.workload)
        engine = self._workload.load(_verified(assignment))
        self._context = Context(store=ObjectStore(assignment.objects_url), engine=engine)

    def ready(self) -> bool:
        """Answer once everything is loaded."""
        return True

    def run(self, items: Sequence[Item]) -> BatchResult:
        """Process `items`; an exception is the whole batch's."""
        wall, cpu = time.perf_counter(), time.process_time()
        outcomes = list(self._workload.process(items, self._context))
        _check_outcomes(self._assignment.workload, items, outcomes)
        cpu_s = (time.process_time() - cpu) / max(1, len(items))
        spent = _cost(cpu_s, self._assignment)
        completions = [self._complete(outcome, spent) for outcome in outcomes]
        return BatchResult(completions=completions, seconds=time.perf_counter() - wall)

    def _complete(self, outcome: Outcome, spent: Sequence[Benefit]) -> Completion:
        effects = list(self._workload.effects(outcome))
        _check_effects(self._assignment.workload, effects)
        return Completion(outcome=outcome, effects=effects, saved=list(self._workload.benefits(outcome)), spent=spent)


def _verified(assignment: Assignment) -> dict[str, Any]:
    """The pinned models, each checked against its signed manifest before anything is loaded."""
    if not assignment.models:
        return {}
    from samdrift_registry.store import ManifestStore

    store = ManifestStore(assignment.home)
    return {name: store.verified(name, version, digest) for name, (version, digest) in assignment.models.items()}


def _check_outcomes(name: str, items: Sequence[Item], outcomes: Sequence[Outcome]) -> None:
    asked, told = [item.reference for item in items], [outcome.reference for outcome in outcomes]
    if asked != told:
        raise WorkloadError(f"{name} was given {asked} and answered for {told}; it must answer for each, in order.")
    for outcome in outcomes:
        _check_plain(name, "a result", [outcome.result, outcome.reason])


def _check_effects(name: str, effects: Sequence[Effect]) -> None:
    steps = [effect.step for effect in effects]
    if len(set(steps)) != len(steps):
        raise WorkloadError(f"{name} plans a step twice: {steps}; steps of an item must differ.")
    _check_plain(name, "a request", [effect.request for effect in effects])


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
    return [
        Benefit(measure="cpu_time", quantity=cpu_s, unit="s", method="process CPU time of the batch / its items"),
        Benefit(measure="electricity", quantity=kwh, unit="kWh", method=estimate),
        Benefit(measure="emission", quantity=kwh * assignment.grid_g_co2_per_kwh, unit="g CO2", method=factor),
    ]
