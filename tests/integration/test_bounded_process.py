"""A process that answers, and everything that may become of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from samdrift_platform.bounded_process import BoundedProcess, LostProcessError, OutOfTimeError, ProcessStartError
from samdrift_testing import answering_badly
from samdrift_testing.waiting import wait_until

SUPPORT = {"PYTHONPATH": str(Path(answering_badly.__file__).parents[1])}


def started(cpu_s: float = 1, idle_s: float = 3600, longest_s: float = 120) -> BoundedProcess:
    return BoundedProcess(answering_badly.__name__, str(cpu_s), str(idle_s), longest_s=longest_s, environment=SUPPORT)


@pytest.fixture(scope="module")
def process() -> Iterator[BoundedProcess]:
    found = started()
    yield found
    found.close()


@pytest.mark.parametrize("size_bytes", [0, 1, 65_536, 10_000_000])
def test_questions_of_any_length_are_answered_by_one_process(process: BoundedProcess, size_bytes: int) -> None:
    first = process.ask(b"who")
    assert process.ask(b"x" * size_bytes) == first | {"length": size_bytes}
    assert process.process_id == first["process"]


def test_what_libraries_print_is_no_answer(process: BoundedProcess) -> None:
    assert process.ask(b"print")["length"] == 5


def test_it_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_TEST_SECRET", "hush")
    process = started()
    assert process.ask(b"who")["secret"] is None
    process.close()


def test_a_process_that_was_ended_is_started_again(process: BoundedProcess) -> None:
    before = process.ask(b"who")["process"]
    os.kill(before, signal.SIGKILL)
    assert process.ask(b"who")["process"] != before


def test_a_question_that_ends_its_answerer_ends_the_second_too_and_the_next_is_answered(
    process: BoundedProcess,
) -> None:
    with pytest.raises(LostProcessError):
        process.ask(b"die")
    assert process.process_id is None
    assert process.ask(b"who")["length"] == 3


def test_what_computes_too_long_is_ended_by_its_cpu_time(process: BoundedProcess) -> None:
    with pytest.raises(OutOfTimeError):
        process.ask(b"compute")
    assert process.ask(b"who")["length"] == 3


def test_what_does_not_compute_is_ended_by_the_clock(process: BoundedProcess) -> None:
    process.ask(b"who")
    process.longest_s = 0.3
    with pytest.raises(OutOfTimeError):
        process.ask(b"stop")
    process.longest_s = 120
    assert process.ask(b"who")["length"] == 3


def test_a_file_that_ends_early_spoils_no_other_question(process: BoundedProcess) -> None:
    class Ending(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        process.ask_file(Ending(), 1000)
    assert process.ask(b"who")["length"] == 3


def test_one_that_ended_for_want_of_questions_is_started_again() -> None:
    process = started(idle_s=0.01)
    first = process.ask(b"who")["process"]
    wait_until("it has ended", lambda: process.process_id is None)
    assert process.ask(b"who")["process"] != first
    process.close()


def test_one_that_does_not_start_is_named() -> None:
    process = BoundedProcess("samdrift_testing.no_such_module", longest_s=1)
    with pytest.raises(ProcessStartError, match="no_such_module"):
        process.ask(b"who")
