"""The dispatcher on a real Ray, with a third party's workloads. The tests share it and leave nothing running."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from samdrift_platform.ledger import audit, benefits, inbox, verification
from samdrift_platform.ledger.asked import Ruling
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.queue import MOST_ATTEMPTS
from samdrift_testing.station import Station


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    path = tmp_path / "diary"
    path.touch()
    return path


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A named pipe: whoever reads it waits until a test writes."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path


@pytest.fixture(scope="module")
def poisoned(station: Station) -> UUID:
    """Three good items around one that takes every process down: submitted early, because giving up takes a while."""
    return station.errands("chores", "poisoned", "rest", "exit", "rest", "rest")


@pytest.fixture(autouse=True)
def _early(poisoned: UUID) -> None:
    """Every test runs beside the poisoned items."""


def batches(diary: Path) -> list[list[str]]:
    return [json.loads(line) for line in diary.read_text().splitlines()]


def by_number(found: list[WorkItem]) -> dict[str, WorkItem]:
    return {item.reference.rsplit("/", 1)[1]: item for item in found}


def when(station: Station, submission: UUID, holds: Callable[[list[WorkItem]], bool]) -> list[WorkItem]:
    station.wait_until(lambda: holds(station.items(submission)))
    return station.items(submission)


def test_items_are_processed_with_result_benefits_and_cost(station: Station) -> None:
    found = station.finished(station.errands("errands", "simple", *["rest"] * 10))
    assert [item.state for item in found] == ["done"] * 10
    assert {item.attempt for item in found} == {1}
    assert found[0].result == {"act": "rest", "value": 1}
    for item in found:
        assert item.started_at is not None
        assert item.finished_at is not None
        assert item.queued_at <= item.started_at <= item.finished_at
    with station.ledger.read() as connection:
        totals = {(t.workload, t.kind, t.measure): t for t in benefits.totals(connection)}
    assert totals["errands", "saved", "time"].quantity >= 100.0
    assert totals["errands", "spent", "electricity"].items >= 10


def test_batches_are_as_large_as_the_workload_takes(station: Station, diary: Path) -> None:
    station.finished(station.errands("errands", "batches", *["rest"] * 8, diary=str(diary)))
    assert [len(batch) for batch in batches(diary)] == [4, 4]


def test_planned_effects_keep_an_item_running_until_they_are_delivered(station: Station) -> None:
    submission = station.errands("errands", "telling", "tell")
    (item,) = when(station, submission, lambda found: bool(found[0].result))
    assert (item.state, item.finished_at) == ("running", None)
    station.cancel(item)


def test_after_a_batch_has_failed_each_item_is_tried_alone(station: Station, diary: Path) -> None:
    submission = station.errands("errands", "spoiled", "rest", "raise", "rest", diary=str(diary))
    found = by_number(when(station, submission, lambda found: sum(item.state == "done" for item in found) == 2))
    bad = found["1"]
    assert (found["0"].attempt, found["2"].attempt) == (2, 2)
    assert bad.state in ("queued", "running")
    assert bad.reason == "spoiled/1 cannot be done"
    assert batches(diary)[0] == ["spoiled/0", "spoiled/1", "spoiled/2"]
    assert all(len(batch) == 1 for batch in batches(diary)[1:])
    station.cancel(bad)


def test_a_result_that_no_ledger_holds_is_an_error_of_the_workload(station: Station) -> None:
    submission = station.errands("errands", "babbling", "babble")
    (item,) = when(station, submission, lambda found: found[0].reason is not None)
    assert item.reason is not None
    assert "errands gave a result that is not plain JSON" in item.reason
    assert item.result == {}
    station.cancel(item)


def test_an_item_cancelled_while_it_runs_stays_cancelled(station: Station, gate: Path) -> None:
    submission = station.errands("errands", "cancelled", "wait", gate=str(gate))
    (item,) = when(station, submission, lambda found: found[0].state == "running")
    station.cancel(item)
    gate.write_text("go on")
    station.wait_until(lambda: station.logged(str(item.id)))
    assert station.logged("late results refused")
    (item,) = station.items(submission)
    assert (item.state, item.result) == ("cancelled", {})
    (after,) = station.finished(station.errands("errands", "after the cancelled one", "rest"))
    assert after.state == "done"


def test_clinical_work_passes_a_long_queue_of_background_work(station: Station) -> None:
    background = station.errands("chores", "toil", *["toil"] * 400)
    when(station, background, lambda found: any(item.state == "done" for item in found))
    waits = []
    for number in range(5):
        (errand,) = station.finished(station.errands("errands", f"urgent {number}", "rest"))
        started = [item.started_at for item in station.items(background) if item.started_at]
        assert errand.started_at is not None
        waits.append(len({at for at in started if errand.queued_at < at < errand.started_at}))
    assert max(waits) <= 1, f"batches of background work that began while clinical work waited: {waits}"
    left = [item for item in station.items(background) if item.state == "queued"]
    assert left, "the background queue was long enough to mean something"
    for item in left:
        station.cancel(item)
    station.finished(background)


def test_an_item_that_kills_its_process_fails_alone_after_the_last_attempt(station: Station, poisoned: UUID) -> None:
    found = by_number(station.finished(poisoned))
    assert [found[number].state for number in "0123"] == ["done", "failed", "done", "done"]
    assert found["1"].attempt == MOST_ATTEMPTS
    assert max(found[number].attempt for number in "023") <= 2
    with station.ledger.read() as connection:
        actions = [record.action for record in audit.events_of(connection, f"item:{found['1'].id}")]
        assert verification.verify(connection).intact
    assert actions == ["item.attempt_failed"] * (MOST_ATTEMPTS - 1) + ["item.failed"]


def test_a_decided_item_is_done_within_two_seconds(station: Station) -> None:
    submission = station.errands("errands", "asking", *["ask"] * 5)
    waiting = when(station, submission, lambda found: all(item.state == "waiting_for_person" for item in found))
    took = []
    for item in waiting:
        decided_at = datetime.now(UTC)
        with station.ledger.write() as connection:
            inbox.decide(connection, item.id, Ruling(question="may_i", choice="go"), actor="karen", now=decided_at)
        done = station.finished_item(item.id)
        assert (done.state, done.attempt) == ("done", 1)
        assert done.finished_at is not None
        took.append((done.finished_at - decided_at).total_seconds())
    assert statistics.median(took) < 2.0, took  # the benchmark `inbox` says how long the longest takes
