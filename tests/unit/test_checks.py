"""Every check of the contract is seen to pass, and seen to fail."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel

from samdrift_platform.checks import CHECKS, ContractError, Example, MemoryStore, check_workload
from samdrift_platform.contract import (
    Benefit,
    Context,
    Earlier,
    Effect,
    Item,
    Outcome,
    Question,
    Resources,
    Verdict,
    Workload,
)
from samdrift_platform.errors import NotFoundError
from samdrift_platform.lanes import Lane
from samdrift_platform.question import Choice, DecisionField, FieldKind
from samdrift_testing.tallying import Tallying, document

NUMBERS = itertools.count()


class NoExample(BaseModel):
    numbers: list[int]
    objects: list[str] = []


class Split(Tallying):
    """Splits into what the test says."""

    def __init__(self, make: Callable[[], Iterable[Item]]) -> None:
        self._make = make

    def split(self, submission: Any, store: Any) -> Iterable[Item]:
        return self._make()


class Answer(Tallying):
    """Answers for each item with what the test says."""

    def __init__(self, make: Callable[[Item], Outcome]) -> None:
        self._make = make

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        return [self._make(item) for item in items]


class Telling(Tallying):
    """Plans the effects that the test says."""

    def __init__(self, make: Callable[[], Iterable[Effect]]) -> None:
        self._make = make

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        return self._make()


class Saving(Tallying):
    def __init__(self, benefit: Benefit) -> None:
        self._benefit = benefit

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        return [self._benefit]


class Stopped(Tallying):
    """Answers with what the test says while it is stopped."""

    def __init__(self, make: Callable[[Item, Any], Outcome]) -> None:
        self._make = make

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        return [self._make(item, context.engine) for item in items]


class Scored(Tallying):
    """Gives the scores that the test says."""

    def __init__(self, make: Callable[[Outcome], Mapping[Any, Any]]) -> None:
        self._make = make

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        return self._make(outcome)


class Silent(Tallying):
    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        return [outcome(items[0])]


def outcome(item: Item, verdict: Verdict = Verdict.DONE, reason: str | None = None, **result: Any) -> Outcome:
    return Outcome(reference=item.reference, verdict=verdict, result=result, reason=reason)


WORDS = {"da": "Ja", "en": "Yes"}
YES = Choice(code="yes", label=WORDS)


def with_field(**changes: Any) -> Choice:
    values: dict[str, Any] = {"name": "amount", "label": WORDS, "kind": FieldKind.NUMBER} | changes
    return replace(YES, fields=(DecisionField(**values),))


def asking(item: Item, verdict: Verdict = Verdict.WAITING_FOR_PERSON, **changes: Any) -> Outcome:
    """Asks a person, whatever they have decided before."""
    values: dict[str, Any] = {"code": "pay", "title": WORDS, "choices": (YES,)} | changes
    return replace(outcome(item, verdict, reason="a person decides"), question=Question(**values))


class Going(Tallying):
    """Asks once, and plans what the test says after what was decided before."""

    def __init__(self, make: Callable[[Earlier], Iterable[Effect]]) -> None:
        self._make = make

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        return [
            replace(outcome(each) if each.earlier.decisions else asking(each), result={"planned": self._planned(each)})
            for each in items
        ]

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        return [tell(**planned) for planned in cast(Sequence[Any], outcome.result["planned"])]

    def receivers(self) -> Mapping[str, Any]:
        return {"board": None}

    def _planned(self, each: Item) -> list[Any]:
        return [dict(effect.request) for effect in self._make(each.earlier)]


def changed(**attributes: Any) -> Workload:
    """A Tallying with other class attributes."""
    return type("Changed", (Tallying,), {**attributes, "__module__": Tallying.__module__})()  # type: ignore[no-any-return]  # type() knows no protocol


def item(reference: str, deadline: datetime | None = None, **payload: Any) -> Item:
    return Item(reference=reference, payload=payload, deadline=deadline)


def tell(step: str = "tell", receiver: str = "board", **request: Any) -> Effect:
    return Effect(step=step, receiver=receiver, request=request)


#: Name of a check -> workloads that break exactly what it looks at.
def with_subject(workload: Split, kind: str) -> Workload:
    workload.subject_kind = kind  # type: ignore[attr-defined] # what `ConcernsPeople` asks for
    return workload


def with_lanes(workload: Workload, **lanes: Lane) -> Workload:
    cast(Any, workload).lanes = lambda: lanes
    return workload


BROKEN: Mapping[str, Sequence[Callable[[], Workload]]] = {
    "check_names": [
        lambda: changed(name="Tallying"),
        lambda: changed(name="t"),
        lambda: changed(title={"da": "Tælleri"}),
        lambda: changed(title={"en": "Tallying"}),
        lambda: changed(priority=1),
        lambda: changed(resources=Resources(largest_batch=0)),
    ],
    "check_submission_has_example": [lambda: changed(submission=NoExample)],
    "check_split_repeats": [
        lambda: Split(list),
        lambda: Split(lambda: [item("x"), item("x")]),
        lambda: Split(lambda: [item("")]),
        lambda: Split(lambda: [item("x" * 181)]),
        lambda: Split(lambda: [item(f"x{next(NUMBERS)}")]),
        lambda: Split(lambda: [item("x", datetime(2026, 1, 1))]),  # noqa: DTZ001 - that is the point
    ],
    "check_subjects_are_pseudonyms": [
        lambda: with_subject(Split(lambda: [replace(item("x"), subject="2512489996")]), "cpr"),
        lambda: with_subject(Split(lambda: [replace(item("x"), subject="ab" * 32)]), ""),
        lambda: Split(lambda: [replace(item("x"), subject="ab" * 32)]),
    ],
    "check_lanes_are_declared": [
        lambda: Split(lambda: [replace(item("x"), lane="y" * 65)]),
        lambda: with_lanes(Split(lambda: [item("x")]), invoices=Lane()),
        lambda: with_lanes(Split(lambda: [replace(item("x"), lane="invoices")]), invoices=Lane(most_at_once=-1)),
        lambda: with_lanes(
            Split(lambda: [replace(item("x"), lane="invoices")]), invoices=Lane(is_open=lambda at: cast(bool, "yes"))
        ),
    ],
    "check_values_travel": [
        lambda: Split(lambda: [item("x", pair=(1, 2))]),
        lambda: Split(lambda: [item("x", value=float("nan"))]),
        lambda: Split(lambda: [item("x", value={1, 2})]),
        lambda: Split(lambda: [item("x", value="a\0b")]),
        lambda: Answer(lambda found: outcome(found, value=float("inf"))),
        lambda: Answer(lambda found: outcome(found, by_number={1: "one"})),
    ],
    "check_process_answers_each": [
        Silent,
        lambda: Answer(lambda found: outcome(item(found.reference + "!"))),
        lambda: Answer(lambda found: outcome(found, Verdict.REJECTED)),
        lambda: Answer(lambda found: replace(outcome(found), models=["nobody's"])),
    ],
    "check_process_repeats": [lambda: Answer(lambda found: outcome(found, number=next(NUMBERS)))],
    "check_safe_needs_no_model": [
        lambda: Stopped(lambda found, engine: outcome(found, reason=engine.name)),
        lambda: Stopped(lambda found, engine: outcome(found)),
        lambda: Stopped(lambda found, engine: outcome(item(found.reference + "!"), reason="stopped")),
        lambda: Stopped(lambda found, engine: outcome(found, reason="stopped", value=float("nan"))),
        lambda: Stopped(lambda found, engine: outcome(found, reason=f"stopped {next(NUMBERS)}")),
        lambda: Telling(lambda: [tell()]),
        lambda: Saving(Benefit(measure="time", quantity=1.0, unit="", method="a guess")),
    ],
    "check_scores_are_numbers": [
        lambda: Scored(lambda found: {"": 1.0}),
        lambda: Scored(lambda found: {"x" * 65: 1.0}),
        lambda: Scored(lambda found: {1: 1.0}),
        lambda: Scored(lambda found: {"score": float("nan")}),
        lambda: Scored(lambda found: {"score": "high"}),
        lambda: Scored(lambda found: {"score": float(next(NUMBERS))}),
        lambda: Scored(lambda found: {"score": float("nan")} if found.reason else {}),
    ],
    "check_effects_repeat": [
        lambda: Telling(lambda: [tell()]),
        lambda: Telling(lambda: [tell(f"step {next(NUMBERS)}")]),
        lambda: Telling(lambda: [tell(), tell()]),
        lambda: Telling(lambda: [tell(value=float("nan"))]),
    ],
    "check_questions_can_be_decided": [
        lambda: Answer(lambda found: asking(found, verdict=Verdict.DONE)),
        lambda: Answer(lambda found: asking(found, code="Pay it")),
        lambda: Answer(lambda found: asking(found, choices=())),
        lambda: Answer(lambda found: asking(found, choices=(YES, YES))),
        lambda: Answer(lambda found: asking(found, title={"en": "Pay?"})),
        lambda: Answer(lambda found: asking(found, people=0)),
        lambda: Answer(lambda found: asking(found, answer_within=timedelta())),
        lambda: Answer(lambda found: asking(found, choices=(with_field(kind=FieldKind.ONE_OF),))),
        lambda: Answer(lambda found: asking(found, choices=(with_field(proposed="many"),))),
        lambda: Answer(lambda found: asking(found, choices=(with_field(label={"da": "Beløb"}),))),
    ],
    "check_decided_items_go_on": [
        lambda: Answer(asking),
        lambda: Answer(lambda found: asking(found, code=f"pay_{len(found.earlier.decisions) % 2}")),
        lambda: Going(lambda before: [tell(amount=len(before.decisions))]),
    ],
    "check_benefits_say_how": [
        lambda: Saving(Benefit(measure="time", quantity=1.0, unit="", method="a guess")),
        lambda: Saving(Benefit(measure="time", quantity=1.0, unit="min", method="")),
    ],
}


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite imports the workload's module in a process of its own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


@pytest.fixture
def example() -> Example:
    return Example(document=document(1, 2, 3))


def by_name(name: str) -> Callable[[Workload, Example], None]:
    return next(check for check in CHECKS if check.__name__ == name)


def test_a_good_workload_passes_every_check(example: Example) -> None:
    check_workload(Tallying(), example)


@pytest.mark.parametrize(
    ("name", "make"),
    [pytest.param(name, make, id=f"{name} {n}") for name, makers in BROKEN.items() for n, make in enumerate(makers)],
)
def test_a_broken_workload_fails_the_check_that_looks_there(
    name: str, make: Callable[[], Workload], example: Example
) -> None:
    with pytest.raises(ContractError):
        by_name(name)(make(), example)


def test_one_that_asks_and_goes_on_passes(example: Example) -> None:
    workload = Going(lambda before: [tell(amount=1)])
    by_name("check_questions_can_be_decided")(workload, example)
    by_name("check_decided_items_go_on")(workload, example)


def test_the_suite_stops_at_what_is_broken(example: Example) -> None:
    with pytest.raises(ContractError, match="title"):
        check_workload(changed(title={}), example)


@pytest.mark.parametrize(
    ("source", "told"), [("import lxml", "lxml"), ("import nothing_of_that_name", "cannot be imported")]
)
def test_a_workload_whose_import_is_heavy_or_impossible_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: Example, source: str, told: str
) -> None:
    (tmp_path / "broken_workload.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    heavy: Workload = type("Heavy", (Tallying,), {"__module__": "broken_workload"})()
    with pytest.raises(ContractError, match=told):
        by_name("check_import_is_light")(heavy, example)


def test_every_check_is_seen_to_fail() -> None:
    assert {check.__name__ for check in CHECKS} == {*BROKEN, "check_import_is_light"}


def test_the_memory_store_keeps_what_it_is_given() -> None:
    store = MemoryStore()
    reference = store.put(b"exam")
    assert store.get(reference) == b"exam"
    with pytest.raises(NotFoundError):
        store.get("sha256:00")
