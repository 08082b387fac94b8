from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samdrift_platform.contract import Verdict
from samdrift_rpa.checks import CHECKS, Example
from samdrift_rpa.driving_licence.generator import BORN_1948, BORN_2016, Wanted, photo, write
from samdrift_rpa.driving_licence.process import process
from samdrift_rpa.driving_licence.rules import read_rules
from samdrift_rpa.process import Process
from samdrift_rpa.testing import MemoryStore, Trial, try_case


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pseudonyms take a key of the home folder."""
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path))


def tried(wanted: Wanted) -> Trial:
    store = MemoryStore()
    document = store.put(write(wanted, store.put(photo())))
    return try_case(process, {"document": document}, store=store, engine=read_rules())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_of_a_process(check: Callable[[Process[Any, Any], Example], None]) -> None:
    store = MemoryStore()
    document = store.put(write(Wanted(number="A-1", cpr=BORN_1948), store.put(photo())))
    check(process, Example(case={"document": document}, store=store, engine=read_rules()))


def test_what_the_rules_say_is_said_in_the_readers_language() -> None:
    said = [(fact.said("da"), fact.said("en")) for fact in tried(Wanted(number="A-2", cpr=BORN_2016)).question.facts]
    assert ("Alderskravet er ikke opfyldt.", "Not old enough for the category.") in said


@pytest.mark.parametrize(
    "wanted",
    [Wanted(number="A-1"), Wanted(number="A-2", cpr=BORN_2016), Wanted(number="A-3", remarks=True)],
    ids=["every rule holds", "too young", "remarks"],
)
def test_a_person_always_decides_and_may_decide_anything(wanted: Wanted) -> None:
    trial = tried(wanted)
    assert trial.verdict is Verdict.WAITING_FOR_PERSON
    assert trial.effects == []
    assert [choice.code for choice in trial.question.choices] == ["issue", "forward", "refuse"]
    assert trial.question.reasons[0]["en"] == "The robot decides no application."
    for choice, fields in (("issue", {}), ("forward", {}), ("refuse", {"ground": "age"})):
        decided = trial.decide(choice, fields, people=["clerk"])
        assert decided.verdict is Verdict.DONE
        (effect,) = decided.effects
        assert (effect.step, effect.receiver) == ("enter", "licence_register")
        assert effect.request == {
            "document": decided.item.payload["case"]["document"],  # type: ignore[call-overload,index]  # JSON
            "decision": choice,
            "ground": fields.get("ground"),
            "decided_by": ["clerk"],
        }


def test_what_a_person_should_look_at_twice_stands_among_the_reasons() -> None:
    reasons = [reason["en"] for reason in tried(Wanted(number="A-1", cpr=BORN_2016, remarks=True)).question.reasons]
    assert "Not old enough for the category." in reasons
    assert any(reason.startswith("The certificate has remarks") for reason in reasons)


def test_an_incomplete_application_goes_back_with_what_is_missing() -> None:
    trial = tried(Wanted(number="A-1", without=frozenset({"photo", "doctors_certificate"})))
    assert trial.verdict is Verdict.REJECTED
    assert trial.outcome.result["exception"] == {
        "code": "incomplete",
        "sentence": "The application lacks: %(missing)s.",
        "values": {"missing": "photo, certificate"},
    }
    assert trial.effects == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[]",
        b'{"application_number": "251248-9996 x", "received_on": "2026-11-24"}',
        b'{"application_number": "251248-9996", "received_on": "2026-11-24"}',
        b'{"application_number": "A-1", "received_on": "yesterday", "person": {"cpr": 2512489996}}',
        b'{"application_number": "A-1", "received_on": "2026-11-24", "category": "251248-9996"}',
        b'{"251248-9996": 1}',
    ],
)
def test_what_is_no_application_is_rejected_and_not_quoted(content: bytes) -> None:
    store = MemoryStore()
    trial = try_case(process, {"document": store.put(content)}, store=store, engine=read_rules())
    assert trial.verdict is Verdict.REJECTED
    assert trial.outcome.result["exception"]["code"] == "unreadable"  # type: ignore[call-overload,index]  # JSON
    assert "9996" not in json.dumps(dict(trial.outcome.result)) + str(trial.outcome.reason) + trial.item.reference


def test_nothing_of_the_person_reaches_item_question_or_effect() -> None:
    trial = tried(Wanted(number="A-1", cpr=BORN_1948, name="Nancy Ann Test Berggren")).decide("issue")
    written = repr([trial.item, trial.rounds])
    assert not any(each in written for each in ("251248", "2512489996", "Nancy", "Berggren", "1948"))


def test_the_same_person_has_the_same_pseudonym_however_the_number_is_written() -> None:
    with_hyphen, without = tried(Wanted(number="A-1", cpr="251248-9996")), tried(Wanted(number="A-2", cpr="2512489996"))
    assert with_hyphen.item.subject == without.item.subject
    assert with_hyphen.item.subject
