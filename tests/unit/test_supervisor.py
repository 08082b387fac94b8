"""The supervisor's parts by themselves; the whole is in the acceptance tests."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from samdrift_platform import supervisor
from samdrift_platform.errors import ConflictError, UnavailableError
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.settings import Settings
from samdrift_platform.supervisor import FIRST_PAUSE_S, LONGEST_PAUSE_S, SETTLED_S, TOKEN_RENEWAL, Child, Platform
from samdrift_testing.turned_clock import turn


class Clock:
    """A monotonic clock that a test turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        turn(monkeypatch, supervisor, lambda: self.now_s)


def ending(tmp_path: Path) -> Child:
    """A process that ends at once, started and ended."""
    child = Child("short", [sys.executable, "-S", "-c", ""], {}, tmp_path / "short.log")
    child.start()
    end(child)
    return child


def end(child: Child) -> None:
    assert child.process is not None
    child.process.communicate()  # without looking at the clock


@pytest.fixture
def platform(tmp_path: Path, sqlite_url: str) -> Platform:
    """Not started, with a ledger."""
    platform = Platform(Settings(home=tmp_path, database_url=sqlite_url))
    platform.ledger = Ledger(platform.settings.ledger_url)
    return platform


@pytest.mark.parametrize("ran_s", [0.1, SETTLED_S / 2, SETTLED_S * 2])
def test_the_pause_counts_from_the_death(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran_s: float) -> None:
    clock = Clock(monkeypatch)
    child = ending(tmp_path)
    first = child.process
    clock.now_s += ran_s
    child.revive()
    assert child.process is first, "it was found dead only now"
    clock.now_s += FIRST_PAUSE_S * 0.9
    child.revive()
    assert child.process is first
    clock.now_s += FIRST_PAUSE_S * 0.2
    child.revive()
    assert child.process is not first
    end(child)


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_long_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    child = ending(tmp_path)
    pauses = []
    for _ in range(8):
        child.revive()
        pauses.append(child.pause_s)
        clock.now_s += child.pause_s
        child.revive()
        end(child)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, LONGEST_PAUSE_S]
    clock.now_s += SETTLED_S * 2
    child.revive()
    assert child.pause_s == FIRST_PAUSE_S


def test_waiting_ends_when_told_to_and_otherwise_in_time(platform: Platform) -> None:
    stopping = threading.Event()
    stopping.set()
    begun_s = time.monotonic()
    assert platform.wait_for(["control"], timeout_s=60, stopping=stopping) is False
    assert time.monotonic() - begun_s < 30
    with pytest.raises(UnavailableError, match="control: not heard of yet"):
        platform.wait_for(["control"], timeout_s=0)
    platform.ledger.close()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConflictError, match=f"127.0.0.1:{port}.*SAMDRIFT_PORT"):
            supervisor._check_port(Settings(port=port))
    supervisor._check_port(Settings(port=port))


def test_the_token_is_renewed_and_the_one_before_still_works(platform: Platform, tmp_path: Path) -> None:
    platform._write_token()
    before = (tmp_path / "token").read_text()
    platform._token_at = datetime.now(UTC) - TOKEN_RENEWAL * 2
    watching = threading.Thread(target=platform._watch)
    watching.start()
    deadline_s = time.monotonic() + 120
    while (tmp_path / "token").read_text() == before and time.monotonic() < deadline_s:
        pass
    platform._stopping.set()
    watching.join()
    after = (tmp_path / "token").read_text()
    assert after != before
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    with platform.ledger.read() as connection:
        for secret in (before, after):
            assert grants.subject_of(connection, GrantKind.TOKEN, secret, now=datetime.now(UTC)) == "operator"
    platform.ledger.close()


def test_a_ledger_that_does_not_answer_ends_no_watch(platform: Platform) -> None:
    platform.ledger.close()
    platform.ledger = Ledger("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    platform._renew_token()
    assert datetime.now(UTC) - platform._token_at < TOKEN_RENEWAL, "not at once again"


@pytest.mark.integration
def test_nobody_waits_for_background_work_when_the_process_ends() -> None:
    """An executor's thread would be joined when the interpreter ends."""
    program = (
        "import threading; from samdrift_platform.demo import in_background; "
        "assert in_background(lambda: 7).result() == 7; in_background(threading.Event().wait); raise KeyboardInterrupt"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, capture_output=True, text=True, check=False)
    assert done.stderr.endswith("KeyboardInterrupt\n"), done.stderr
