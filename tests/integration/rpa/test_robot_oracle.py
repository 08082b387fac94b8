"""Robots that die at every numbered point, PostgreSQL that crashes, a clock that is set: judged by the parties' logs.

The full size is `tests/benchmarks/rpa_oracle.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_testing.postgresql import PostgreSQL
from samdrift_testing.robot_oracle import Oracle, Size
from samdrift_testing.robot_oracle_worker import Point

#: The two processes without a browser; the web form's own deaths are in test_web_form_killed.py.
SMALL = Size(
    invoices=120,
    letters=40,
    applications=0,
    kills_a_point=2,
    form_kills=0,
    kills_anywhere=2,
    sleeps_a_point=1,
    crashes=1,
    jumps=1,
    workers=4,
    patience_s=500.0,
)


@pytest.fixture
def crash(request: pytest.FixtureRequest, ledger_url: str) -> Callable[[], None] | None:
    """Stops PostgreSQL at once and starts it again."""
    if ledger_url.startswith("sqlite"):
        return None
    server: PostgreSQL = request.getfixturevalue("postgresql")

    def stop_and_start() -> None:
        server.stop("immediate")
        server.start()

    return stop_and_start


def test_nothing_is_lost_or_done_twice_by_robots_that_die_everywhere(
    ledger_url: str,
    crash: Callable[[], None] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)  # our own rules
    found = Oracle(url=ledger_url, folder=tmp_path, size=SMALL, crash=crash).run()
    assert (found.lost, found.doubled, found.unexpected) == ([], [], [])
    assert (found.unknown, found.unended, found.intact) == ([], [], True)
    assert found.expected == 2 * SMALL.invoices - _not_posted(SMALL.invoices) + 4 * SMALL.letters
    assert found.failed_after > 20
    assert found.jumps == 1
    assert found.crashes == (0 if crash is None else 1)
    assert found.slept > 0
    assert found.killed.total() >= len(Point)
    with capsys.disabled():
        killed, name = found.killed.total(), ledger_url.split(":")[0]
        line = (
            f"{found.expected} things done once; {killed} killed, {found.slept} slept, {found.asked_again} asked again"
        )
        print(f"\n{name}: {line}; {found.seconds:.0f} s", end=" ")  # noqa: T201 - a tally for whoever watches


def _not_posted(number: int) -> int:
    """Answered, not posted: every third breaks a rule; of every 20th, which a person decides, some are refused."""
    of_people = range(0, number, 20)
    broken = sum(n not in of_people for n in range(1, number, 3))
    return broken + sum(n // 20 % 5 == 1 for n in of_people)
