"""Steps taken again and again: a model of everything that people may decide, against what `conduct` does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Question, Verdict
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.question import Choice, Deciders
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.process import EffectSpec, Process
from samdrift_rpa.run import Run
from samdrift_rpa.step import Step
from samdrift_rpa.testing import try_case
from samdrift_testing.errand_process import Nobody, errand, errands
from samdrift_testing.robots import robots


@dataclass(frozen=True)
class Act:
    """What one step does: plans an effect, asks, or refuses; a step that asks goes on only with yes."""

    kind: str
    number: int


class Anything(BaseModel):
    number: int = 0


acts = st.lists(st.sampled_from(["effect", "ask", "refuse"]), max_size=7).map(
    lambda kinds: [Act(kind, number) for number, kind in enumerate(kinds)]
)


def process_of(plan: Sequence[Act]) -> Process[Any, Any]:
    effects = [EffectSpec(step=f"do_{act.number}", receiver="shop", title={"da": "x", "en": "x"}) for act in plan]
    base: Process[Any, Any] = errands
    return replace(
        base,
        name="anything",
        given=Anything,
        reference=lambda given, store: "one",
        run=Run,
        steps=[_step(act) for act in plan],
        effects=effects,
        receivers={"shop": Nobody},
    )


def _step(act: Act) -> Step[Run]:
    def take(run: Run) -> None:
        if act.kind == "effect":
            run.effect(f"do_{act.number}", {"number": act.number})
        elif act.kind == "refuse":
            raise BusinessError("refused", "No.")
        elif run.ask(question(act.number)).choice == "no":
            raise BusinessError("said_no", "A person said no.")

    return Step(name=f"step_{act.number}", title={"da": "x", "en": "x"}, take=take)


def question(number: int) -> Question:
    labels = {"da": "x", "en": "x"}
    return Question(
        code=f"question_{number}",
        title=labels,
        choices=(Choice(code="yes", label=labels), Choice(code="no", label=labels)),
    )


def expected(plan: Sequence[Act], answers: Sequence[str]) -> tuple[Verdict, list[str], str]:
    """Verdict, effects and code, by walking along the plan once."""
    given, made = list(answers), []
    for act in plan:
        if act.kind == "effect":
            made.append(f"do_{act.number}")
        elif act.kind == "refuse":
            return Verdict.REJECTED, made, "refused"
        elif not given:
            return Verdict.WAITING_FOR_PERSON, made, ""
        elif given.pop(0) == "no":
            return Verdict.REJECTED, made, "said_no"
    return Verdict.DONE, made, ""


@given(acts, st.lists(st.sampled_from(["yes", "no"]), max_size=4))
def test_any_steps_and_decisions(plan: list[Act], answers: list[str]) -> None:
    trial = try_case(process_of(plan), {}, store=MemoryStore())
    for number in range(len(answers) + 1):
        verdict, made, code = expected(plan, answers[:number])
        assert (trial.verdict, [effect.step for effect in trial.effects], trial.code) == (verdict, made, code)
        assert trial.again().outcome == trial.outcome
        if trial.outcome.question is None or number == len(answers):
            return
        before = trial.effects
        trial = trial.decide(answers[number])
        assert trial.effects[: len(before)] == before


def test_a_person_who_leaves_it_to_a_stopped_robot_is_asked_again(sqlite_ledger: Ledger) -> None:
    desk = robots(sqlite_ledger, errands)
    desk.submit("one", "errands", [{"document": desk.store.put(errand("milk", 12))}])
    for code in ("by_hand", "by_hand_2", "by_hand_3"):
        assert desk.work(safe=True) == 1
        (item,) = desk.items()
        assert item.state is ItemState.WAITING_FOR_PERSON
        desk.decide(item.id, code, "robot")
    assert desk.work(safe=True) == 1
    desk.decide(item.id, "by_hand_4", "handled")
    assert desk.work(safe=True) == 1
    (item,) = desk.items()
    assert (item.state, item.result["by_hand"]) == (ItemState.DONE, ["olga"])


def test_a_person_who_leaves_it_to_the_robot_that_works_again(sqlite_ledger: Ledger) -> None:
    desk = robots(sqlite_ledger, errands)
    desk.submit("one", "errands", [{"document": desk.store.put(errand("milk", 12))}])
    desk.work(safe=True)
    (item,) = desk.items()
    desk.decide(item.id, "by_hand", "robot")
    desk.work()
    desk.deliver()
    (item,) = desk.items()
    assert item.state is ItemState.DONE
    assert json.dumps(item.result["steps"]) == '["read", "order", "allow", "buy"]'


@pytest.mark.parametrize("name", ["X", "a-b", "a", "1st", "x" * 42])
def test_a_process_whose_name_fits_nowhere_is_refused(name: str) -> None:
    with pytest.raises(Exception, match="lower_snake_case"):
        replace(errands, name=name)


def test_a_process_says_who_decides_what_its_questions_leave_open() -> None:
    everything = replace(process_of([Act("ask", 0)]), deciders=Deciders(units=("post room",)))
    asked = try_case(everything, {}, store=MemoryStore()).outcome.question
    assert asked is not None
    assert asked.deciders == Deciders(units=("post room",))
