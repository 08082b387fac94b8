"""Others ask by DIMSE how far an exam is (IHE AIW-I), with pynetdicom as the one who asks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from pydicom import Dataset
from pydicom.tag import Tag
from pynetdicom import AE
from pynetdicom.association import Association

from samdrift_mammography.intake.dimse import Entity, Listener
from samdrift_mammography.intake.receiving import Desk
from samdrift_mammography.results.ups import PAGE, SOP_CLASSES, service
from samdrift_mammography.results.workitem import UPS_PUSH, uid_of
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Effect, Outcome, Verdict
from samdrift_platform.ledger import endings, items
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_testing.work import NOW, all_items, claim, item, submit

_WATCH, PULL, QUERY = SOP_CLASSES[1:]
MAMMOGRAPHY = "mammography"
EXAMS = ("1.2.1", "1.2.2", "1.2.3", "1.2.4")


def exam(study: str) -> Any:
    return item(study, kind="exam", exam=study, screening_unit="unit")


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger]:
    """One exam waits, one is being scored, one is triaged, one's results are on their way; and a refused file."""
    with contextlib.closing(Ledger(sqlite_url)) as opened:
        for study in ("1.2.3", "1.2.4"):
            submit(opened, study, [exam(study)], workload=MAMMOGRAPHY)
            (claimed,) = claim(opened, workload=MAMMOGRAPHY)
            sent = [Effect(step="comprehensive-sr", receiver="pacs", request={})] if study == "1.2.4" else []
            outcome = Outcome(reference=study, verdict=Verdict.DONE, result={"exam": study, "documents": []})
            with opened.write() as connection:
                finished = [(claimed, Completion(outcome=outcome, effects=sent))]
                endings.complete(connection, MAMMOGRAPHY, finished, now=NOW)
        submit(opened, "1.2.2", [exam("1.2.2")], workload=MAMMOGRAPHY)
        claim(opened, workload=MAMMOGRAPHY)
        submit(opened, "1.2.1", [exam("1.2.1"), item("file-1", kind="file")], workload=MAMMOGRAPHY)
        yield opened


@pytest.fixture
def asking(ledger: Ledger) -> Iterator[Association]:
    """An association with our application entity."""
    entity = Entity(host="127.0.0.1", port=0, ae_title="SAMDRIFT", calling_ae_titles=["RIS"])
    with Listener(entity, Desk(ledger=ledger, store=MemoryStore()), services=[service(ledger)]) as listener:
        client = AE(ae_title="RIS")
        for sop_class in SOP_CLASSES:
            client.add_requested_context(sop_class)
        association = client.associate("127.0.0.1", listener.port, ae_title="SAMDRIFT")
        assert association.is_established
        yield association
        association.release()


def found(association: Association, sop_class: str = QUERY, **keys: Any) -> list[Dataset]:
    query = Dataset()
    for keyword, value in {"ProcedureStepState": "", "ReferencedRequestSequence": [], **keys}.items():
        setattr(query, keyword, value)
    answers = list(association.send_c_find(query, sop_class))
    assert answers[-1][0].Status == 0
    return [identifier for status, identifier in answers if status.Status == 0xFF00 and identifier is not None]


def studies(steps: list[Dataset]) -> dict[str, str]:
    """Study -> state of its step."""
    return {step.ReferencedRequestSequence[0].StudyInstanceUID: step.ProcedureStepState for step in steps}


def ids(ledger: Ledger) -> Mapping[str, UUID]:
    return {known.reference: known.id for known in all_items(ledger)}


@pytest.mark.parametrize("sop_class", [QUERY, PULL])
def test_every_exam_has_a_step_in_its_state(asking: Association, sop_class: str) -> None:
    assert studies(found(asking, sop_class)) == {
        "1.2.1": "SCHEDULED",
        "1.2.2": "IN PROGRESS",
        "1.2.3": "COMPLETED",
        "1.2.4": "IN PROGRESS",
    }


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("SCHEDULED", {"1.2.1"}),
        ("IN PROGRESS", {"1.2.2", "1.2.4"}),
        ("COMPLETED", {"1.2.3"}),
        ("CANCELED", set()),
        ("NONSENSE", set()),
    ],
)
def test_steps_are_found_by_state(asking: Association, state: str, expected: set[str]) -> None:
    assert set(studies(found(asking, ProcedureStepState=state))) == expected


def test_steps_are_found_by_study_and_by_uid(asking: Association, ledger: Ledger) -> None:
    request = Dataset()
    request.StudyInstanceUID = "1.2.2"
    assert set(studies(found(asking, ReferencedRequestSequence=[request]))) == {"1.2.2"}
    uid = uid_of(ids(ledger)["1.2.3"])
    (step,) = found(asking, SOPInstanceUID=uid)
    assert (step.SOPInstanceUID, step.SOPClassUID) == (uid, UPS_PUSH)


def test_nobody_is_found_by_name_or_number(asking: Association) -> None:
    assert found(asking, PatientID="2512489996") == []
    assert found(asking, PatientName="Berggren*") == []
    (step,) = found(asking, ProcedureStepState="COMPLETED", PatientName="", PatientID="")
    assert (str(step.PatientName), step.PatientID) == ("", "")


def test_more_than_a_page_is_found(asking: Association, ledger: Ledger) -> None:
    many = [exam(f"1.3.{number}") for number in range(PAGE + 5)]
    submit(ledger, "many", many, workload=MAMMOGRAPHY)
    assert len(found(asking, ProcedureStepState="SCHEDULED")) == PAGE + 6


def told(association: Association, uid: str, *keywords: str) -> tuple[int, Dataset]:
    """Status and attributes of an N-GET."""
    status, step = association.send_n_get([Tag(keyword) for keyword in keywords], UPS_PUSH, uid)
    assert step is not None
    return int(status.Status), step


def test_one_step_tells_all_or_what_was_asked(asking: Association, ledger: Ledger) -> None:
    uid = uid_of(ids(ledger)["1.2.3"])
    status, step = told(asking, uid)
    assert (status, step.ProcedureStepState, "TransactionUID" in step) == (0, "COMPLETED", False)
    status, step = told(asking, uid, "ProcedureStepState")
    assert (status, len(step), step.ProcedureStepState) == (0, 1, "COMPLETED")
    status, step = told(asking, uid, "ProcedureStepState", "PatientWeight")
    assert (status, len(step)) == (1, 1)


@pytest.mark.parametrize("uid", ["1.2.3", uid_of(UUID(int=1))])
def test_a_step_that_is_none_of_ours_is_said_so(asking: Association, uid: str) -> None:
    status, _ = asking.send_n_get([], UPS_PUSH, uid)
    assert status.Status == 0xC307
    status, _ = asking.send_n_action(None, 2, UPS_PUSH, uid)
    assert status.Status == 0xC307


def change(state: str) -> Dataset:
    information = Dataset()
    information.ProcedureStepState = state
    information.TransactionUID = "1.2.3.4"
    return information


@pytest.mark.parametrize(
    ("study", "action", "information", "status"),
    [
        ("1.2.1", 1, change("IN PROGRESS"), 0xC314),
        ("1.2.2", 1, change("IN PROGRESS"), 0xC302),
        ("1.2.2", 1, change("CANCELED"), 0xC301),
        ("1.2.3", 1, change("IN PROGRESS"), 0xC300),
        ("1.2.3", 1, change("COMPLETED"), 0xB306),
        ("1.2.1", 1, None, 0xC314),
        ("1.2.1", 2, None, 0xC313),
        ("1.2.2", 2, None, 0xC313),
        ("1.2.3", 2, None, 0xC311),
        ("1.2.1", 3, None, 0xC315),
        ("1.2.1", 9, None, 0x0123),
    ],
)
def test_nothing_is_changed_by_others(
    asking: Association, ledger: Ledger, study: str, action: int, information: Dataset | None, status: int
) -> None:
    before = {known.id: known.state for known in all_items(ledger)}
    answer, _ = asking.send_n_action(information, action, UPS_PUSH, uid_of(ids(ledger)[study]))
    assert answer.Status == status
    assert {known.id: known.state for known in all_items(ledger)} == before


def test_steps_are_neither_made_nor_written_by_others(asking: Association, ledger: Ledger) -> None:
    before = len(all_items(ledger))
    step = change("SCHEDULED")
    status, _ = asking.send_n_create(step, UPS_PUSH, "1.2.3.4.5")
    assert status.Status == 0x0124
    status, _ = asking.send_n_set(step, UPS_PUSH, uid_of(ids(ledger)["1.2.2"]))
    assert status.Status == 0xC301
    assert len(all_items(ledger)) == before


def test_items_that_move_on_meanwhile_hide_no_others(asking: Association, ledger: Ledger) -> None:
    names = [f"1.3.{number}" for number in range(PAGE + 5)]
    submit(ledger, "many", [exam(name) for name in names], workload=MAMMOGRAPHY)
    query = Dataset()
    query.ProcedureStepState, query.ReferencedRequestSequence = "SCHEDULED", []
    answers = asking.send_c_find(query, QUERY)
    first = next(answers)[1]
    claim(ledger, 100, workload=MAMMOGRAPHY)  # while the first page is on its way
    told = [step for step in (first, *(identifier for _, identifier in answers)) if step is not None]
    with ledger.read() as connection:
        waiting = items.find(connection, workload=MAMMOGRAPHY, states=["queued"], limit=10 * PAGE)
    assert {item.payload["exam"] for item in waiting if item.payload["kind"] == "exam"} <= set(studies(told))


def test_a_question_can_be_withdrawn(asking: Association, ledger: Ledger) -> None:
    submit(ledger, "many", [exam(f"1.3.{number}") for number in range(3 * PAGE)], workload=MAMMOGRAPHY)
    query = Dataset()
    query.ProcedureStepState = "SCHEDULED"
    answers = asking.send_c_find(query, QUERY, msg_id=7)
    statuses = [next(answers)[0].Status]
    asking.send_c_cancel(7, query_model=QUERY)
    statuses += [status.Status for status, _ in answers]
    assert statuses[-1] == 0xFE00
    assert len(statuses) < 3 * PAGE
    assert len(found(asking, ProcedureStepState="COMPLETED")) == 1, "the association goes on"
