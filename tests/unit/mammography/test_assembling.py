from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from samdrift_mammography import settings
from samdrift_mammography.intake import assembling
from samdrift_mammography.intake.assembling import Assembler
from samdrift_mammography.tables import images
from samdrift_platform.checks import MemoryStore
from samdrift_platform.control.intake import prepare
from samdrift_platform.ledger import audit, effects
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.arrivals import LEASE, NOW, ONE, OTHER, QUIET, VIEWS, Unit

MINUTE = timedelta(minutes=1)


@pytest.fixture
def unit(ledger: Ledger) -> Unit:
    return Unit(ledger=ledger)


def test_four_views_are_handed_on_at_once_and_once(unit: Unit) -> None:
    objects = [unit.receive(view) for view in VIEWS]
    assert unit.assembler.step(NOW) == 1
    (document,) = unit.documents()
    assert document == {
        "screening_unit": "dimse:HERLEV2",
        "received_at": NOW.isoformat(),
        "last_received_at": NOW.isoformat(),
        "objects": objects,
        "return_results": False,
        "urgent": False,
    }
    assert unit.row()["submitted_at"] == NOW
    assert unit.row()["submission"].startswith(f"received/{ONE}/")
    assert unit.states() == ["queued"]
    assert unit.assembler.step(NOW + QUIET) == 0


@pytest.mark.parametrize(("titles", "urgent"), [("CLINIC1, HERLEV2", True), ("CLINIC1", False), ("", False)])
def test_exams_of_a_clinic_for_women_with_symptoms_are_urgent(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, titles: str, urgent: bool
) -> None:
    monkeypatch.setenv(settings.URGENT_AE_TITLES.name, titles)
    for view in VIEWS:
        unit.receive(view)
    unit.assembler.step(NOW)
    (document,) = unit.documents()
    assert document["urgent"] is urgent


def test_fewer_views_wait_for_quiet_and_no_longer(unit: Unit) -> None:
    unit.receive("RCC")
    unit.receive("LCC", now=NOW + MINUTE)
    assert unit.assembler.step(NOW + MINUTE + QUIET - timedelta(seconds=1)) == 0
    assert unit.assembler.step(NOW + MINUTE + QUIET) == 1
    (item,) = unit.items()
    assert item.payload["missing"] == ["RMLO", "LMLO"]
    assert unit.documents()[0]["received_at"] == NOW.isoformat()  # the reading target counts from the first image
    assert item.deadline == datetime(2026, 11, 27, 8, tzinfo=UTC)


def test_a_late_view_withdraws_what_is_still_open_and_submits_all(unit: Unit) -> None:
    for view in VIEWS[:3]:
        unit.receive(view)
    unit.assembler.step(NOW + QUIET)
    late = NOW + timedelta(hours=1)
    unit.receive("LMLO", now=late)
    assert unit.row()["submitted_at"] is None
    assert unit.assembler.step(late) == 1
    assert unit.states() == ["cancelled", "queued"]
    assert unit.items()[1].payload["missing"] == []
    assert len(unit.documents()[1]["objects"]) == 4


def test_what_was_seen_outside_stays_and_is_superseded(unit: Unit) -> None:
    for view in VIEWS[:3]:
        unit.receive(view)
    unit.assembler.step(NOW + QUIET)
    unit.finish(now=NOW + QUIET)
    unit.receive("LMLO", now=NOW + 2 * QUIET)
    unit.assembler.step(NOW + 2 * QUIET)
    assert unit.states() == ["done", "queued"]
    with unit.ledger.read() as connection:
        (*_, last) = audit.events_of(connection, f"item:{unit.items()[0].id}")
    assert (last.actor, last.action) == ("mammography-intake", "item.superseded")
    assert last.details == {"by": f"submission:{unit.items()[1].submission_id}"}


def test_results_that_were_not_sent_yet_are_withdrawn_and_those_that_were_tried_are_not(unit: Unit) -> None:
    for tried in (False, True):
        exam = OTHER if tried else ONE
        for view in VIEWS[:3]:
            unit.receive(view, exam)
        unit.assembler.step(NOW + QUIET)
        unit.finish(now=NOW + QUIET, steps=["comprehensive-sr"])
        if tried:
            with unit.ledger.write() as connection:
                assert effects.claim(connection, ["mammography"], limit=1, lease=LEASE, now=NOW + QUIET)
        unit.receive("LMLO", exam, now=NOW + 2 * QUIET)
        unit.assembler.step(NOW + 2 * QUIET)
    # Of the second the new item waits in the queue, and the first was withdrawn with its planned effect.
    found = [(item.payload["exam"], str(item.state)) for item in unit.items()]
    assert found == [(ONE, "cancelled"), (ONE, "queued"), (OTHER, "running"), (OTHER, "queued")]


def test_images_after_a_complete_exam_wait_for_each_other(unit: Unit) -> None:
    for view in VIEWS:
        unit.receive(view)
    unit.assembler.step(NOW)
    unit.receive("XCCL", now=NOW + MINUTE)
    unit.receive("RCC again", now=NOW + 2 * MINUTE)
    assert unit.assembler.step(NOW + 2 * MINUTE) == 0
    assert unit.assembler.step(NOW + 2 * MINUTE + QUIET) == 1
    assert [len(document["objects"]) for document in unit.documents()] == [4, 6]


def test_a_raw_twin_opens_no_exam_and_goes_with_what_does(unit: Unit) -> None:
    for view in VIEWS:
        unit.receive(view)
    unit.assembler.step(NOW)
    raw = unit.receive("raw", now=NOW + MINUTE)
    assert (unit.row()["submitted_at"], unit.row()["last_received_at"]) == (NOW, NOW + MINUTE)
    assert unit.assembler.step(NOW + MINUTE + QUIET) == 0
    extra = unit.receive("XCCL", now=NOW + 2 * MINUTE)
    assert unit.assembler.step(NOW + 2 * MINUTE + QUIET) == 1
    assert unit.documents()[1]["objects"][4:] == [raw, extra]


def test_an_exam_whose_image_is_gone_shows_its_trouble_and_keeps_nobody_waiting(unit: Unit) -> None:
    gone = [unit.receive(view) for view in VIEWS][0]  # noqa: RUF015 - all of them are received
    for view in VIEWS:
        unit.receive(view, OTHER, now=NOW + MINUTE)
    assert isinstance(unit.store, MemoryStore)
    bytes_ = unit.store.objects.pop(gone)
    assert unit.assembler.step(NOW + MINUTE) == 1
    assert unit.row(OTHER)["submission"] is not None
    assert f"no object {gone}" in unit.row()["trouble"]
    assert unit.assembler.step(NOW + MINUTE) == 0
    unit.store.objects[gone] = bytes_
    assert unit.assembler.step(NOW + MINUTE + assembling.TRY_AGAIN) == 1
    assert (unit.row()["trouble"], unit.states()) == (None, ["queued", "queued"])


def test_an_exam_whose_images_were_deleted_shows_its_trouble(unit: Unit) -> None:
    for view in VIEWS:
        unit.receive(view)
    with unit.ledger.write() as connection:
        connection.execute(sa.delete(images))
    assert unit.assembler.step(NOW) == 0
    assert "No image" in unit.row()["trouble"]


def test_an_image_that_comes_while_its_exam_is_prepared_is_handed_on_with_it(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for view in VIEWS:
        unit.receive(view)

    def slowly(*arguments: Any) -> Any:
        prepared = prepare(*arguments)
        monkeypatch.undo()
        unit.receive("XCCL")
        return prepared

    monkeypatch.setattr("samdrift_mammography.intake.assembling.prepare", slowly)
    assert unit.assembler.step(NOW) == 0
    assert unit.assembler.step(NOW) == 1
    assert [len(document["objects"]) for document in unit.documents()] == [5]


def test_a_folder_that_is_named_after_somebody_names_no_screening_unit(unit: Unit) -> None:
    for view in VIEWS:
        unit.receive(view, source="folder:251248-9996")
    unit.assembler.step(NOW)
    assert unit.documents()[0]["screening_unit"] == "folder"


def test_documents_made_anew_for_a_late_view_are_of_a_later_date(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_PACS", "dicom://PACS@127.0.0.1:104")
    late = NOW + QUIET + MINUTE
    for view in VIEWS[:3]:
        unit.receive(view)
    assembler = Assembler(ledger=unit.ledger, store=unit.store, tenant="demo")
    assembler.step(NOW + QUIET)
    unit.receive(VIEWS[3], now=late)
    assembler.step(late)
    assert {item.payload["received_at"] for item in unit.items()} == {NOW.isoformat(), late.isoformat()}
    assert [document["received_at"] for document in unit.documents()] == [NOW.isoformat()] * 2


def test_results_go_back_where_a_pacs_is_named(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_PACS", "dicom://PACS@127.0.0.1:104")
    for view in VIEWS:
        unit.receive(view)
    Assembler(ledger=unit.ledger, store=unit.store, tenant="demo").step(NOW)
    assert unit.documents()[0]["return_results"] is True
    assert unit.items()[0].payload["return_results"] is True
