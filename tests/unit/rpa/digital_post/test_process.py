from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Verdict
from samdrift_rpa.checks import CHECKS, Example
from samdrift_rpa.digital_post.dossier import CaseDossier, EntryDossier, ReplyDossier
from samdrift_rpa.digital_post.engine import PostEngine
from samdrift_rpa.digital_post.generator import IMPOSSIBLE_CPR, Attachment, Written, write
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.process import Process
from samdrift_rpa.testing import Trial, try_case
from samdrift_rpa.workload import workload

Start = Callable[[Written], Trial]
PLAN = Attachment(filename="Tegning af carport.pdf", content=b"%PDF fiktiv")


@pytest.fixture
def start(engine: PostEngine) -> Start:
    def run(letter: Written) -> Trial:
        store = MemoryStore()
        return try_case(process, {"message": store.put(write(letter))}, store=store, engine=engine)

    return run


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_is_a_process(check: Callable[[Process[Any, Any], Example], None], engine: PostEngine) -> None:
    store = MemoryStore()
    letter = Written(
        number=1,
        title=f"Om {IMPOSSIBLE_CPR}",
        text="Se bilag.",
        about_cpr=IMPOSSIBLE_CPR,
        case_id=f"S-{IMPOSSIBLE_CPR}",
        case_system="Loopback ESDH",
        do_not_deliver_until="2026-12-24",
        attachments=[PLAN],
    )
    example = Example(case={"message": store.put(write(letter))}, store=store, engine=engine)
    check(process, example)
    assert {trial.verdict for trial in example.ended(process)} >= {Verdict.DONE}  # there was something to check


def test_a_letter_with_a_subject_goes_all_the_way(start: Start) -> None:
    trial = start(Written(number=1, title="Carport", text="Må jeg bygge?", kle="02.34.00", attachments=[PLAN]))
    assert trial.verdict is Verdict.DONE
    assert [effect.step for effect in trial.effects] == ["find_case", "journalise", "assign", "acknowledge"]
    case, entry, assignment, _ = (effect.request for effect in trial.effects)
    assert assignment["unit"] == "buildings"
    assert assignment["due_on"] == "2026-12-08"  # 14 days after its receipt
    dossier = CaseDossier.of(trial.store, str(case["dossier"]))
    assert (dossier.title, dossier.subject, dossier.party.id) == ("Carport", "02.34.00", IMPOSSIBLE_CPR)
    files = EntryDossier.of(trial.store, str(entry["dossier"])).files
    assert [file.filename for file in files] == ["besked.memo.xml", "brev.txt", "Tegning af carport.pdf"]
    assert [trial.store.get(file.object) for file in files[1:]] == ["Må jeg bygge?".encode(), PLAN.content]


def test_the_minutes_saved_are_the_policys_estimate(engine: PostEngine) -> None:
    stated = engine.policy.model_copy(update={"time_spend_per_occurance_min": 9.0, "decision_min": 0.5})
    store = MemoryStore()
    case = {"message": store.put(write(Written(number=1, title="Hej", text="Hej.", kle="02.34.00")))}
    trial = try_case(process, case, store=store, engine=replace(engine, policy=stated))
    (saved,) = workload.benefits(trial.outcome)
    assert (saved.quantity, f"policy {stated.version}" in saved.method) == (9.0, True)


def test_nothing_of_the_sender_reaches_the_ledger(start: Start) -> None:
    trial = start(Written(number=1, title="Kære Grete", text="Hilsen", kle="02.34.00", sender_name="Opdigtet Grete"))
    kept = str((trial.item, trial.outcome))
    for word in (IMPOSSIBLE_CPR, "Grete", "brev.txt", "Hilsen"):
        assert word not in kept
    assert trial.item.subject is not None
    assert len(trial.item.subject) == 64


def test_silent_metadata_are_for_a_person(start: Start) -> None:
    trial = start(Written(number=1, title="Hej", text="Hej"))
    assert trial.verdict is Verdict.WAITING_FOR_PERSON
    assert not trial.effects
    trial = trial.decide("route", {"unit": "roads"})
    assert trial.verdict is Verdict.DONE
    assert trial.effects[2].request["unit"] == "roads"


def test_what_is_not_for_us_is_rejected_and_nothing_is_done(start: Start) -> None:
    trial = start(Written(number=1, title="Hej", text="Hej")).decide("reject")
    assert trial.verdict is Verdict.REJECTED
    assert not trial.effects


def test_a_letter_is_held_until_its_day(start: Start) -> None:
    trial = start(Written(number=1, title="Hej", text="Hej", kle="02.34.00", do_not_deliver_until="2026-11-25"))
    assert trial.question.code == "too_early"
    assert not trial.effects
    assert trial.decide("deliver").verdict is Verdict.DONE


def test_on_its_day_it_is_not_held(start: Start) -> None:
    letter = Written(number=1, title="Hej", text="Hej", kle="02.34.00", do_not_deliver_until="2026-11-24")
    assert start(letter).verdict is Verdict.DONE


def test_the_sender_s_deadline_counts(start: Start) -> None:
    trial = start(Written(number=1, title="Hej", text="Hej", kle="02.34.00", reply_by="2026-11-30T23:30:00Z"))
    assert trial.effects[2].request["due_on"] == "2026-12-01"  # half past midnight in Denmark


def test_no_sender_is_promised_a_day_that_is_over(start: Start) -> None:
    trial = start(Written(number=1, title="Hej", text="Hej", kle="02.34.00", reply_by="2018-09-30T12:00:00Z"))
    assert trial.effects[2].request["due_on"] == "2018-09-30"
    told = ReplyDossier.of(trial.store, str(trial.effects[3].request["dossier"])).text
    assert "08.12.2026" in told
    assert "2018" not in told


def test_a_legal_notification_goes_to_its_unit_and_no_robot_acknowledges_it(start: Start) -> None:
    trial = start(Written(number=1, title="Stævning", text="Hej", kle="02.34.00", legal_notification=True))
    assert [effect.step for effect in trial.effects] == ["find_case", "journalise", "assign"]
    assert trial.effects[2].request["unit"] == "legal"
    assert trial.effects[1].request["legal_notification"] is True


def test_who_allows_no_reply_gets_none(start: Start) -> None:
    trial = start(Written(number=1, title="Hej", text="Hej", kle="02.34.00", reply=False))
    assert [effect.step for effect in trial.effects] == ["find_case", "journalise", "assign"]


def test_an_answer_comes_to_the_case_of_what_it_answers(start: Start) -> None:
    first = Written(number=1, title="Hej", text="Hej", kle="02.34.00")
    answer = Written(
        number=2, title="Sv: Hej", text="Ja", kle="02.34.00", replies=[(first.message_uuid.upper(), "", "", "")]
    )
    stranger = Written(number=3, title="Hej", text="Hej", kle="02.34.00")
    cases = [start(letter).effects[0].request["external_id"] for letter in (first, answer, stranger)]
    assert cases[0] == cases[1] != cases[2]


def test_an_answer_to_our_acknowledgement_brings_its_case_back(start: Start) -> None:
    first = start(Written(number=1, title="Hej", text="Hej", kle="02.34.00"))
    case = str(first.effects[0].request["external_id"])
    ours = "11111111-1111-4111-8111-111111111111"
    answer = start(
        Written(number=2, title="Sv", text="Ja", kle="02.34.00", replies=[(ours, "", case.upper(), "Samdrift")])
    )
    assert answer.effects[0].request["external_id"] == case


def test_a_case_number_of_ours_is_told_to_the_case_system(start: Start) -> None:
    letter = Written(number=1, title="Hej", text="Hej", kle="02.34.00", case_id="S-1", case_system="Loopback ESDH")
    trial = start(letter)
    assert CaseDossier.of(trial.store, str(trial.effects[0].request["dossier"])).number == "S-1"
    other = start(Written(number=1, title="Hej", text="Hej", kle="02.34.00", case_id="S-1", case_system="Another"))
    assert CaseDossier.of(other.store, str(other.effects[0].request["dossier"])).number == ""
