from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.results.workitem import item_id_of, item_states, state_of, uid_of, workitem_of
from samdrift_platform.contract import Priority
from samdrift_platform.ledger.items import ItemState, WorkItem

NOW = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
DOCUMENT = {
    "kind": "comprehensive-sr",
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.88.33",
    "sop_instance_uid": "1.2.9",
    "series_instance_uid": "1.2.8",
    "study_instance_uid": "1.2",
}


def exam(state: ItemState, **changes: Any) -> WorkItem:
    known = WorkItem(
        id=UUID(int=7),
        submission_id=UUID(int=1),
        workload="mammography",
        tenant="demo",
        reference="1.2/abc",
        state=state,
        priority=Priority.CLINICAL,
        deadline=None,
        attempt=1,
        payload={"kind": "exam", "exam": "1.2"},
        result={},
        reason=None,
        models={},
        queued_at=NOW,
        started_at=None,
        finished_at=None,
    )
    return replace(known, **changes)


@pytest.mark.parametrize("state", ItemState)
def test_every_state_of_an_item_is_a_state_of_a_step(state: ItemState) -> None:
    step = workitem_of(exam(state, started_at=NOW, finished_at=NOW, reason="why"))
    assert step.ProcedureStepState in {"SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"}
    assert state in item_states(step.ProcedureStepState)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (ItemState.QUEUED, "SCHEDULED"),
        (ItemState.RUNNING, "IN PROGRESS"),
        (ItemState.WAITING_FOR_PERSON, "IN PROGRESS"),
        (ItemState.DONE, "COMPLETED"),
        (ItemState.CANCELLED, "CANCELED"),
        (ItemState.REJECTED, "CANCELED"),
        (ItemState.FAILED, "CANCELED"),
    ],
)
def test_states(state: ItemState, step: str) -> None:
    assert state_of(exam(state)) == step


@given(st.uuids())
def test_an_item_is_found_by_the_uid_of_its_step(item_id: UUID) -> None:
    uid = uid_of(item_id)
    assert item_id_of(uid) == item_id
    assert uid == f"2.25.{item_id.int}"
    assert len(uid) <= 64


@pytest.mark.parametrize("uid", ["", "1.2.3", "2.25.", "2.25.x", "2.25.²", f"2.25.{1 << 128}"])
def test_other_uids_are_none_of_ours(uid: str) -> None:
    assert item_id_of(uid) is None


def test_a_completed_step_names_what_was_made_and_nobody() -> None:
    done = exam(ItemState.DONE, started_at=NOW, finished_at=NOW, result={"documents": [DOCUMENT]})
    step = workitem_of(done)
    (performed,) = step.UnifiedProcedureStepPerformedProcedureSequence
    (output,) = performed.OutputInformationSequence
    assert output.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.9"
    assert step.ReferencedRequestSequence[0].StudyInstanceUID == "1.2"
    assert step.ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 100
    assert (str(step.PatientName), step.PatientID, step.PatientBirthDate) == ("", "", "")


def test_a_canceled_step_says_why() -> None:
    (progress,) = workitem_of(exam(ItemState.FAILED, reason="no more")).ProcedureStepProgressInformationSequence
    assert progress.ReasonForCancellation == "no more"
    assert progress.ProcedureStepCancellationDateTime


def test_the_case_of_a_film_is_no_study() -> None:
    film = exam(ItemState.QUEUED, payload={"kind": "exam", "exam": "Mass-Test_P_00173"})
    assert not workitem_of(film).ReferencedRequestSequence
