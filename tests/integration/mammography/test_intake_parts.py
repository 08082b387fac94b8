"""A part of the intake that fails ends all of it, so that whoever looks after it starts it afresh."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from samdrift_mammography.intake.assembling import Assembler
from samdrift_mammography.intake.dimse import Entity
from samdrift_mammography.intake.running import Intake
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.settings import Settings
from samdrift_testing.waiting import wait_until


@pytest.fixture
def intake(sqlite_url: str, tmp_path: Path) -> Intake:
    entity = Entity(host="127.0.0.1", port=0, ae_title="SAMDRIFT", calling_ae_titles=("MODALITY1",))
    return Intake.of(Settings(home=tmp_path, database_url=sqlite_url), entity, tmp_path / "in")


def run(intake: Intake) -> tuple[threading.Event, threading.Thread, list[bool]]:
    stopping, ended = threading.Event(), list[bool]()

    def work() -> None:
        with intake.started():
            ended.append(intake.run(stopping))

    thread = threading.Thread(target=work)
    thread.start()
    return stopping, thread, ended


def test_told_to_stop_it_ends_well(intake: Intake, sqlite_url: str) -> None:
    stopping, thread, ended = run(intake)
    with closing(Ledger(sqlite_url)) as ledger:
        wait_until("it reports", lambda: _ready(ledger) == [True])
    stopping.set()
    thread.join(30)
    assert ended == [True]


@pytest.mark.parametrize("part", ["assembler", "folder"])
def test_a_part_that_fails_ends_it(intake: Intake, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    kind = Assembler if part == "assembler" else type(intake.folder)
    monkeypatch.setattr(kind, "step", _fail)
    _, thread, ended = run(intake)
    thread.join(30)
    assert ended == [False]


def test_a_listener_that_accepts_nothing_ends_it(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(intake.listener), "listening", False)
    _, thread, ended = run(intake)
    thread.join(30)
    assert ended == [False]


def _fail(*_: object, **__: object) -> int:
    raise RuntimeError


def _ready(ledger: Ledger) -> list[bool]:
    with ledger.read() as connection:
        return [each.ready for each in processes.all_of(connection)]
