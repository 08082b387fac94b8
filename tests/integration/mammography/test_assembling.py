"""Exams are put together once, whatever happens in between, on either database and after many exams."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_mammography.intake import assembling
from samdrift_mammography.tables import exams
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.arrivals import KINDS, NOW, ONE, OTHER, QUIET, VIEWS, Killed, Unit, killed_at

MINUTE = timedelta(minutes=1)


def study(number: int) -> str:
    return f"1.2.826.0.1.3680043.8.498.{number + 10}"


def test_killed_at_any_statement_nothing_is_lost_or_doubled(ledger: Ledger) -> None:
    unit, killed, late = Unit(ledger=ledger), 0, NOW + 2 * QUIET
    for statement in range(1, 100):
        exam, before = study(statement), killed
        for view in VIEWS[:3]:
            unit.receive(view, exam)
        assert unit.assembler.step(NOW + QUIET) == 1
        unit.receive("LMLO", exam, now=late)
        with killed_at(ledger, statement):
            try:
                unit.assembler.step(late)
            except Killed:
                killed += 1
        if killed > before:
            assert unit.states(exam) == ["queued"]
            assert unit.row(exam)["submitted_at"] is None
            assert unit.assembler.step(late) == 1
        assert unit.states(exam) == ["cancelled", "queued"]
        assert [len(document["objects"]) for document in unit.documents(exam)] == [3, 4]
        if killed == before:
            break
    assert killed > 10


def test_four_associations_at_once_complete_an_exam_and_two_assemblers_hand_it_on_once(ledger: Ledger) -> None:
    unit, many = Unit(ledger=ledger), 12
    together = threading.Barrier(len(VIEWS))

    def send(view: str) -> None:
        for number in range(many):
            together.wait()
            unit.receive(view, study(number))

    def assemble() -> int:
        return sum(unit.assembler.step(NOW) for _ in range(many))

    with ThreadPoolExecutor(len(VIEWS)) as pool:
        list(pool.map(send, VIEWS))
    with ThreadPoolExecutor(2) as pool:
        handed_on = sum(done.result() for done in [pool.submit(assemble) for _ in range(2)])
    assert handed_on == many  # none of them has to wait for quiet
    assert all(len(unit.documents(study(number))) == 1 for number in range(many))
    assert unit.states() == ["queued"] * many


def test_images_and_assemblers_that_meet_lose_nothing(ledger: Ledger) -> None:
    """Images arrive while exams are handed on and completed: the newest submission holds all of them, come what may."""
    unit, many, sent = Unit(ledger=ledger), 8, threading.Event()

    def send() -> None:
        for view in (*VIEWS, "raw", "XCCL"):
            for number in range(many):
                unit.receive(view, study(number))
        sent.set()

    def assemble() -> None:
        while not sent.is_set():
            unit.assembler.step(NOW + QUIET)

    def dispatch() -> None:
        while not sent.is_set():
            if not unit.finish(now=NOW + QUIET, steps=["comprehensive-sr"]):
                sent.wait(0.01)  # SQLite lets no other writer in between two transactions without a pause

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(each) for each in (send, assemble, assemble, dispatch)]:
            done.result()
    while unit.assembler.step(NOW + QUIET):
        pass
    for number in range(many):
        assert len(unit.documents(study(number))[-1]["objects"]) == 6
        *earlier, newest = unit.states(study(number))
        assert newest in {"queued", "running"}
        assert set(earlier) <= {"cancelled"}  # nobody outside saw anything of them


def test_finding_what_is_due_costs_the_same_after_many_exams(ledger: Ledger) -> None:
    rows = [
        {
            "exam": f"1.2.{number}",
            "first_received_at": NOW,
            "last_received_at": NOW,
            "due_at": NOW + number * MINUTE,
            "submitted_at": None if number % 1000 == 0 else NOW,
        }
        for number in range(50_000)
    ]
    with ledger.write() as connection:
        connection.execute(sa.insert(exams), rows)
    with ledger.write() as connection:
        connection.exec_driver_sql("ANALYZE")
    with ledger.read() as connection:
        due = assembling._due(connection, NOW + 40_000 * MINUTE)
        plan = _plan(connection)
    assert list(due) == [f"1.2.{number}" for number in range(0, 20_000, 1000)]
    assert "ix_mammography_exams_waiting" in plan
    assert not any(word in plan for word in ("SCAN", "Seq Scan", "TEMP B-TREE", "Sort"))


def _plan(connection: sa.Connection) -> str:
    """How the database answers what the assembler asks it."""
    asked: list[tuple[str, Any]] = []

    def note(of: Any, cursor: Any, text: str, values: Any, *rest: Any) -> None:
        asked.append((text, values))

    sa.event.listen(connection, "before_cursor_execute", note)
    assembling._due(connection, NOW)
    sa.event.remove(connection, "before_cursor_execute", note)
    ((text, values),) = asked
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return str(connection.exec_driver_sql(f"{explain} {text}", values).all())


received = st.tuples(st.just("receive"), st.sampled_from([ONE, OTHER]), st.sampled_from(KINDS))
passes = st.tuples(st.just("pass"), st.just(""), st.sampled_from([MINUTE, QUIET - MINUTE, QUIET]))
stepped = st.tuples(st.just("step"), st.just(""), st.sampled_from([0, 0, 0, 3, 8, 14, 20]))
finished = st.tuples(st.just("finish"), st.just(""), st.sampled_from([(), ("comprehensive-sr",)]))


@given(st.lists(received | received | passes | stepped | finished, min_size=4, max_size=24))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_image_is_in_exactly_one_newest_submission(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, happened: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("unit")
    unit = Unit(ledger=Ledger(f"sqlite:///{copy(sqlite_template, folder / 'ledger.db')}"))
    now = NOW
    sent: dict[str, dict[str, str]] = {}  # exam -> object -> kind, in the order of their first arrival
    left_out: dict[str, set[str]] = {ONE: set(), OTHER: set()}  # raw twins that opened nothing, and nothing came since
    for what, exam, value in happened:
        now += timedelta(seconds=1)
        if what == "receive":
            closed = exam in sent and unit.row(exam)["submitted_at"] is not None
            came, kinds = unit.receive(value, exam, now=now), sent.setdefault(exam, {})
            if came not in kinds:
                is_twin = value == "raw" and not {"RCC", "RCC again"}.isdisjoint(kinds.values())
                left_out[exam] = {*left_out[exam], came} if closed and is_twin else set()
            kinds.setdefault(came, value)
        elif what == "pass":
            now += value
        elif what == "finish":
            unit.finish(now=now, steps=value)
        else:
            with killed_at(unit.ledger, value), suppress(Killed):
                unit.assembler.step(now)
        check_what_is_submitted(unit, sent)
    while unit.assembler.step(now + QUIET):
        pass
    check_what_is_submitted(unit, sent)
    for exam, kinds in sent.items():
        expected = set(kinds) - left_out[exam]
        assert set(unit.documents(exam)[-1]["objects"]) == expected
        newest = [item for item in unit.items() if item.payload["exam"] == exam][-1]
        assert {image["object"] for image in newest.payload["images"]} == expected
        assert str(newest.state) in {"queued", "running", "done"}
    unit.ledger.close()


def check_what_is_submitted(unit: Unit, sent: Mapping[str, Mapping[str, str]]) -> None:
    """Each submission of an exam holds what the one before held and more, all of it received; one item is open."""
    for exam, kinds in sent.items():
        held = [set(document["objects"]) for document in unit.documents(exam)]
        assert all(fewer < more for fewer, more in pairwise(held))
        assert all(objects <= set(kinds) for objects in held)
        mine = [item for item in unit.items() if item.payload["exam"] == exam]
        assert len(mine) == len(held)
        assert all(str(item.state) in {"cancelled", "done", "running"} for item in mine[:-1])
