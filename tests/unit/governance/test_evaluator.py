"""The evaluator: what is due, what becomes of it, and that a kill at any moment costs nothing but the time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from samdrift_evaluation.report import Report
from samdrift_platform import evaluator as evaluator_module
from samdrift_platform.contract import ModelUse
from samdrift_platform.evaluation_run import EvaluationEndedError, SuiteRefusedError
from samdrift_platform.evaluator import MOST_ATTEMPTS, Evaluator
from samdrift_platform.governance import Governance
from samdrift_registry.lifecycle import State
from samdrift_registry.statements import Kind, Statement
from samdrift_registry.store import ManifestStore
from samdrift_testing.governing import MODEL, POLICY, Office, policy, report
from samdrift_testing.models import take_in, write_number
from samdrift_testing.turned_clock import turn

USES = {MODEL: ModelUse(suite="guesses", policy=POLICY)}


class Suite:
    """Gives the reports, or raises the errors, that a test wants, and remembers what it was asked."""

    def __init__(self, office: Office, *script: Exception | float) -> None:
        self.office, self.script = office, list(script)
        self.asked: list[str] = []

    def __call__(self, suite: str, folder: Path) -> Report:
        self.asked.append(suite)
        told = self.script.pop(0) if self.script else 0.6
        if isinstance(told, Exception):
            raise told
        return replace(report(self.office.home, low=told), subject="not for the suite to say")


class Clock:
    """A monotonic clock that a test turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        turn(monkeypatch, evaluator_module, lambda: self.now_s)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def evaluator(office: Office, suite: Suite | None = None, uses: dict[str, ModelUse] | None = None) -> Evaluator:
    chosen = USES if uses is None else uses
    return Evaluator(governance=office.governance, home=office.home, uses=chosen, run=suite or Suite(office))


def told(office: Office, kind: Kind, version: int = 1) -> list[Statement]:
    return [each for each in office.governance.statements(MODEL, version) if each.kind is kind]


def state(office: Office, version: int = 1) -> State:
    return office.governance.standing(MODEL, version).state


def test_a_new_version_is_evaluated_once(office: Office) -> None:
    office.register()
    worker = evaluator(office)
    assert [worker.turn() for _ in range(3)] == [True, False, False]
    (evaluated,) = told(office, Kind.EVALUATED)
    assert (evaluated.made_by, evaluated.facts["evidence"], evaluated.facts["passed"]) == ("evaluator", "own", True)
    assert state(office) is State.EVALUATED


def test_while_it_is_evaluated_it_says_so(office: Office) -> None:
    office.register()
    said: list[str] = []

    def run(suite: str, folder: Path) -> Report:
        said.extend(worker.waiting.values())
        return Suite(office)(suite, folder)

    worker = Evaluator(governance=office.governance, home=office.home, uses=USES, run=run)
    assert [worker.turn(), worker.turn()] == [True, False]
    assert said == ["It is being evaluated by the suite guesses."]
    assert worker.waiting == {}


def test_one_version_after_the_other(office: Office) -> None:
    for version in (1, 2, 3):
        office.register(version)
    worker = evaluator(office)
    assert [worker.turn() for _ in range(4)] == [True, True, True, False]
    assert [state(office, version) for version in (1, 2, 3)] == [State.EVALUATED] * 3


def test_the_report_and_its_page_are_kept(office: Office) -> None:
    office.register()
    evaluator(office).turn()
    (evaluated,) = told(office, Kind.EVALUATED)
    name = evaluated.facts["report"].removeprefix("sha256:")
    kept = (office.home / "reports" / f"{name}.json").read_bytes()
    assert Report.from_bytes(kept).digest == evaluated.facts["report"]
    assert "<html" in (office.home / "reports" / f"{name}.html").read_text()


def test_under_a_new_policy_again(office: Office) -> None:
    office.register()
    suite = Suite(office)
    worker = evaluator(office, suite)
    worker.turn()
    office.governance.adopt(policy(2, least=0.9), actor="operator", now=office.now)
    assert [worker.turn(), worker.turn()] == [True, False]
    assert state(office) is State.REFUSED
    assert suite.asked == ["guesses", "guesses"]


def test_the_refused_and_the_retired_are_left_alone(office: Office) -> None:
    office.governance.refuse(MODEL, 1, "a pickle", now=office.now)
    office.register(2)
    office.governance.retire(MODEL, 2, "not wanted", actor="operator", now=office.now)
    assert not evaluator(office).turn()


def test_a_model_that_nobody_uses_waits_and_says_why(office: Office) -> None:
    office.register()
    worker = evaluator(office, uses={})
    assert not worker.turn()
    assert "No installed workload uses this model" in worker.waiting[f"{MODEL}/1"]
    assert state(office) is State.DRAFT


def test_without_a_policy_it_waits_and_says_why(office: Office) -> None:
    office.register()
    worker = evaluator(office, uses={MODEL: ModelUse(suite="guesses", policy="unheard-of")})
    assert not worker.turn()
    assert "No policy 'unheard-of' is in force" in worker.waiting[f"{MODEL}/1"]


def test_what_the_suite_refuses_is_refused_with_its_words(office: Office) -> None:
    office.register()
    suite = Suite(office, SuiteRefusedError("The suite guesses cannot evaluate it: the layer is missing."))
    worker = evaluator(office, suite)
    assert [worker.turn(), worker.turn()] == [True, False]
    assert state(office) is State.REFUSED
    assert "the layer is missing" in office.governance.standing(MODEL, 1).blocked[0]


def test_a_refusal_by_the_suite_holds_until_the_policy_changes(office: Office) -> None:
    office.register()
    worker = evaluator(office, Suite(office, SuiteRefusedError("no")))
    worker.turn()
    assert not evaluator(office).turn(), "after a restart neither"
    office.governance.adopt(policy(2), actor="operator", now=office.now)
    assert worker.turn()
    assert state(office) is State.EVALUATED


def test_a_crash_is_tried_again_later(office: Office, clock: Clock) -> None:
    office.register()
    worker = evaluator(office, Suite(office, EvaluationEndedError("It crashed.")))
    assert [worker.turn(), worker.turn()] == [True, False]
    assert worker.waiting == {f"{MODEL}/1": "It crashed."}
    clock.now_s += 3600
    assert [worker.turn(), worker.turn()] == [True, False]
    assert worker.waiting == {}
    assert state(office) is State.EVALUATED


def test_but_not_for_ever(office: Office, clock: Clock) -> None:
    office.register()
    worker = evaluator(office, Suite(office, *[EvaluationEndedError("It crashed.")] * MOST_ATTEMPTS))
    for _ in range(MOST_ATTEMPTS):
        assert worker.turn()
        clock.now_s += 3600
    assert not worker.turn()
    assert "3 attempts were made" in office.governance.standing(MODEL, 1).blocked[0]


def test_tampered_files_are_not_evaluated(office: Office) -> None:
    digest = office.register()
    path = ManifestStore(office.home).folder(digest) / "model.safetensors"
    path.chmod(0o644)
    path.write_bytes(b"better")
    suite = Suite(office)
    worker = evaluator(office, suite)
    assert [worker.turn(), worker.turn()] == [True, False]
    assert suite.asked == []
    assert "not what was signed" in worker.waiting[f"{MODEL}/1"]


# A supplier's report.


def shipped(office: Office, change: Callable[[bytes], bytes] = lambda data: data) -> None:
    """A version with a supplier's report in its folder."""
    plain = write_number(office.home / "origin" / "plain", 1.0)
    take_in(office.home, "plain", 1, plain)
    made = report(office.home, name="plain")
    folder = write_number(office.home / "origin" / "shipped", 1.0)
    (folder / "evaluation.json").write_bytes(change(made.to_bytes()))
    digest = take_in(office.home, MODEL, 1, folder)
    office.governance.register(MODEL, 1, digest, run_id=None, registered_by="dora", now=office.now)


def test_a_suppliers_report_is_believed_where_the_policy_says_so(office: Office) -> None:
    office.governance.adopt(policy(2, evidence="supplier"), actor="operator", now=office.now)
    shipped(office)
    suite = Suite(office)
    evaluator(office, suite).turn()
    (evaluated,) = told(office, Kind.EVALUATED)
    assert (evaluated.facts["evidence"], suite.asked) == ("supplier", [])


def test_otherwise_it_is_only_a_file(office: Office) -> None:
    shipped(office)
    suite = Suite(office)
    evaluator(office, suite).turn()
    (evaluated,) = told(office, Kind.EVALUATED)
    assert (evaluated.facts["evidence"], suite.asked) == ("own", ["guesses"])


def test_where_there_is_none_the_suite_is_run(office: Office) -> None:
    office.governance.adopt(policy(2, evidence="supplier"), actor="operator", now=office.now)
    office.register()
    evaluator(office).turn()
    assert told(office, Kind.EVALUATED)[0].facts["evidence"] == "own"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: b"{}", "not a usable evaluation report"),
        (lambda data: b"\xff", "evaluation report"),
    ],
)
def test_a_suppliers_report_that_is_none_is_refused(office: Office, change: Callable[[bytes], bytes], why: str) -> None:
    office.governance.adopt(policy(2, evidence="supplier"), actor="operator", now=office.now)
    shipped(office, change)
    worker = evaluator(office)
    assert [worker.turn(), worker.turn()] == [True, False]
    assert state(office) is State.REFUSED
    assert re.search(why, office.governance.standing(MODEL, 1).blocked[0])


def test_a_suppliers_report_about_other_files_does_not_count(office: Office) -> None:
    """A data scientist trains the shipped model again and forgets to take the old report out of the folder."""
    office.governance.adopt(policy(2, evidence="supplier"), actor="operator", now=office.now)
    shipped(office, lambda data: re.sub(rb'("subject": ?"sha256:)....', rb"\g<1>0000", data))
    suite = Suite(office)
    evaluator(office, suite).turn()
    (evaluated,) = told(office, Kind.EVALUATED)
    assert (evaluated.facts["evidence"], suite.asked) == ("own", ["guesses"])


# Kills.


class _KilledError(BaseException):
    """What a kill is to the code that it meets: nothing runs after it."""


STEPS = ("run", "keep the report", "state", "after the statement")


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step_it_is_stated_once(office: Office, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from samdrift_platform.governance import evaluating
    from samdrift_platform.governance.journal import Turn

    def killed(*_: object, **__: object) -> None:
        raise _KilledError

    evaluated = Governance.evaluated

    def killed_after(*given: object, **named: object) -> None:
        evaluated(*given, **named)  # type: ignore[arg-type] # handed on
        raise _KilledError

    office.register()
    worker = evaluator(office)
    with monkeypatch.context() as patch:
        if step == "run":
            worker.run = killed  # type: ignore[assignment] # never returns
        elif step == "keep the report":
            patch.setattr(evaluating, "keep_report", killed)
        elif step == "state":
            patch.setattr(Turn, "keep", killed)
        else:
            patch.setattr(Governance, "evaluated", killed_after)
        with pytest.raises(_KilledError):
            worker.turn()
    again = evaluator(office)
    while again.turn():
        pass
    assert len(told(office, Kind.EVALUATED)) == 1
    assert state(office) is State.EVALUATED
