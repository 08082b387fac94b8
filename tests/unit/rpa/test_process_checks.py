from __future__ import annotations

import itertools
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from samdrift_platform.contract import Question, Verdict
from samdrift_platform.question import Choice, Fact
from samdrift_rpa.checks import CHECKS, Example, ProcessCheckError, check_import_is_light
from samdrift_rpa.process import Process
from samdrift_rpa.step import Step, step
from samdrift_rpa.testing import MemoryStore, try_case
from samdrift_testing.errand_process import ErrandRun, allow, buy, errand, errands, order, read

#: A published fictitious number.
CPR = "2512489996"


def example_of(content: bytes) -> Example:
    store = MemoryStore()
    return Example(case={"document": store.put(content)}, store=store, answers={"order": {"number": "17"}})


@pytest.fixture(scope="module")
def dear() -> Example:
    return example_of(errand("bicycle", 4_000, cpr=CPR))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_process_that_is_right(check: Callable[[Process[Any, Any], Example], None], dear: Example) -> None:
    check(errands, dear)
    assert {trial.verdict for trial in dear.ended(errands)} >= {Verdict.DONE}  # there was something to check


def with_step(name: str, other: Step[Any], process: Process[Any, Any] = errands) -> Process[Any, Any]:
    return replace(process, steps=[other if each.name == name else each for each in process.steps])


def changed(name: str, take: Callable[[ErrandRun], None]) -> Process[Any, Any]:
    made = step(da="x", en="x")(take)
    return with_step(name, replace(made, name=name))


def counting() -> Process[Any, Any]:
    number = itertools.count()

    def take(run: ErrandRun) -> None:
        read.take(run)
        run.note("number", next(number))

    return changed("read", take)


def hurried() -> Process[Any, Any]:
    def take(run: ErrandRun) -> None:
        read.take(run)
        run.note("today", date.today().isoformat())  # noqa: DTZ011 - that it asks is what is found

    return changed("read", take)


def forgetful() -> Process[Any, Any]:
    def take(run: ErrandRun) -> None:
        if not run.item.earlier.decisions:
            order.take(run)

    return changed("order", take)


def otherwise() -> Process[Any, Any]:
    def take(run: ErrandRun) -> None:
        run.effect("order", {"round": len(run.item.earlier.decisions)})

    return changed("order", take)


def calling() -> Process[Any, Any]:
    def take(run: ErrandRun) -> None:
        read.take(run)
        with socket.socket() as one:
            one.settimeout(1)
            one.connect(("127.0.0.1", 9))

    return changed("read", take)


def indiscreet(value: str) -> Process[Any, Any]:
    def take(run: ErrandRun) -> None:
        read.take(run)
        run.note("about", value)

    return changed("read", take)


def question(code: str = "allow", **values: Any) -> Question:
    given = {
        "title": {"da": "Må det?", "en": "May it?"},
        "choices": (Choice(code="yes", label={"da": "Ja", "en": "Yes"}),),
        **values,
    }
    return Question(code=code, **given)


def asking(asked: Question) -> Process[Any, Any]:
    def take(run: ErrandRun) -> None:
        run.ask(asked)

    return changed("allow", take)


def endless() -> Process[Any, Any]:
    def take(run: ErrandRun) -> None:
        run.ask(question(f"more_{len(run.item.earlier.decisions)}"))

    return changed("allow", take)


def untidy() -> Process[Any, Any]:
    def take(run: ErrandRun) -> None:
        read.take(run)
        run.note("pair", (1, 2))  # type: ignore[arg-type]  # a tuple is no JSON

    return changed("read", take)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replace(errands, title={"en": "Errands"}), "title is not written in da"),
        (replace(errands, receivers={}), "which nobody brings"),
        (replace(errands, example={"document": "x"}), "does not fit its input"),
        (replace(errands, reference=lambda given, store: "x" * 121), "has 121 characters"),
        (counting(), "another outcome the second time"),
        (hurried(), r"the step read calls date.today, which is never the same"),
        (calling(), "tries to reach somebody outside"),
        (forgetful(), "planned in one round and not"),
        (otherwise(), "planned in one round and not"),
        (endless(), "still asks more_11 after 12 rounds"),
        (indiscreet(CPR), "holds something like a CPR number"),
        (indiscreet("251248-9996"), "holds something like a CPR number"),
        (indiscreet("somebody@example.dk"), "holds an e-mail address"),
        (untidy(), "does not come back from JSON"),
        (asking(question(title={"da": "Må det?"})), "is not written in en"),
        (asking(question(facts=(Fact(label={"da": "Ja", "en": "Yes"}, value={"da": "Ja"}),))), "is not written in en"),
        (asking(question("May it?")), "not lower_snake_case"),
        (asking(question(choices=())), "has no choices"),
        (replace(errands, steps=()), "has no steps"),
    ],
)
def test_what_is_wrong_is_found(wrong: Process[Any, Any], told: str) -> None:
    example = example_of(errand("bicycle", 4_000, cpr=CPR))
    with pytest.raises(ProcessCheckError, match=told):
        check_all(wrong, example)


def check_all(process: Process[Any, Any], example: Example) -> None:
    """All but the one that starts a program."""
    for check in CHECKS:
        if check is not check_import_is_light:
            check(process, example)


def test_a_case_that_people_decide() -> None:
    store = MemoryStore()
    first = try_case(errands, {"document": store.put(errand("bicycle", 4_000))}, store=store)
    assert first.verdict is Verdict.WAITING_FOR_PERSON
    assert first.question.code == "allow"
    assert [effect.step for effect in first.effects] == ["order"]
    bought = first.decide("yes", answers={"order": {"number": "17"}})
    assert (bought.verdict, bought.facts) == (Verdict.DONE, {"price": 4_000, "order_number": "17"})
    assert [effect.step for effect in bought.effects] == ["order", "buy", "tell"]
    refused = first.decide("no", {"why": "too dear"})
    assert (refused.verdict, refused.code) == (Verdict.REJECTED, "refused")
    assert refused.steps == [read.name, order.name, allow.name]
    assert buy.name not in refused.steps
