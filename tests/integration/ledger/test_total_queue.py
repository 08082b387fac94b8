"""What goes in must come out, once: the oracle of Jepsen's total-queue, over workers that die at every point.

The oracle is the receiver's own log, which repeats nothing away, against what was submitted.
"""

from __future__ import annotations

import multiprocessing
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing import connection as waiting
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from samdrift_platform.contract import Item, Priority
from samdrift_platform.ledger import items, submissions, tables, verification
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.submissions import Request
from samdrift_testing.crashing import LEASE, WORKLOAD, Plan, Point, work
from samdrift_testing.postgresql import PostgreSQL
from samdrift_testing.receivers import read_log

ITEMS = 2_000
AT_ONCE = 4
PATIENCE_S = 240.0
#: A process that stalls between looking at the clock and calling is beyond us: the receiver has the key for that.
ASLEEP = tuple(point for point in Point if point is not Point.CALLING)
PLANS = [Plan(point=point, nth=nth) for point in Point for nth in (2, 9)]
ZOMBIES = [Plan(point=point, nth=3, number=signal.SIGSTOP) for point in ASLEEP]


class Crowd:
    """Worker processes, some with a plan to die."""

    def __init__(self, url: str, log: Path) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["samdrift_testing.crashing"])
        self._url, self._log = url, log
        self.alive: dict[ForkServerProcess, Plan | None] = {}
        self.killed: Counter[Point] = Counter()
        self.slept: Counter[Point] = Counter()
        self._deadline = time.monotonic() + PATIENCE_S

    def start(self, plan: Plan | None) -> None:
        process = self._context.Process(target=work, args=(self._url, str(self._log), plan), daemon=True)
        process.start()
        self.alive[process] = plan

    def wait(self) -> None:
        """Until one ends: killed as planned, or because nothing is left."""
        waiting.wait([process.sentinel for process in self.alive], timeout=1.0)
        self.check_time()
        for process in [process for process in self.alive if process.exitcode is not None]:
            plan = self.alive.pop(process)
            assert process.exitcode in (0, -signal.SIGKILL), f"a worker ended with {process.exitcode}"
            if process.exitcode:
                assert plan is not None
                self.killed[plan.point] += 1

    def check_time(self) -> None:
        assert time.monotonic() < self._deadline, f"not within {PATIENCE_S} s"

    def sleepers(self) -> list[ForkServerProcess]:
        return [process for process in self.alive if _is_stopped(process)]

    def wake(self, sleepers: list[ForkServerProcess]) -> None:
        for process in sleepers:
            plan = self.alive[process]
            assert plan is not None
            self.slept[plan.point] += 1
            assert process.pid is not None
            psutil.Process(process.pid).resume()

    def end(self) -> None:
        for process in self.alive:
            process.kill()
            process.join()


@pytest.fixture
def crowd(ledger_url: str, tmp_path: Path) -> Iterator[Crowd]:
    crowd = Crowd(ledger_url, tmp_path / "receiver.log")
    yield crowd
    crowd.end()


@pytest.fixture
def trouble(request: pytest.FixtureRequest, ledger_url: str) -> Callable[[], str]:
    """What happens in mid-run beside dying workers: PostgreSQL crashes and comes back."""
    if ledger_url.startswith("sqlite"):
        return lambda: ""
    server: PostgreSQL = request.getfixturevalue("postgresql")

    def crash() -> str:
        server.stop("immediate")
        server.start()
        return ", PostgreSQL crashed once"

    return crash


def submit_all(url: str) -> list[str]:
    """In submissions that overlap, some of them sent twice."""
    references = [f"letter {number}" for number in range(ITEMS)]
    ledger = Ledger(url)
    for start in range(0, ITEMS, 100):
        found = [Item(reference=name, payload={}) for name in references[max(0, start - 10) : start + 100]]
        request = Request(
            workload=WORKLOAD,
            tenant="demo",
            reference=f"from {start}",
            document={"start": start},
            items=found,
            priority=Priority.ADMINISTRATIVE,
            submitted_by="olga",
        )
        for _ in range(1 + start % 200 // 100):
            with ledger.write() as connection:
                submissions.submit(connection, request, now=datetime.now(UTC))
    ledger.close()
    return references


def test_every_reference_comes_out_exactly_once(
    ledger_url: str, crowd: Crowd, trouble: Callable[[], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began, log = time.monotonic(), tmp_path / "receiver.log"
    submitted = submit_all(ledger_url)
    plans: list[Plan | None] = list(PLANS)
    random.Random(1).shuffle(plans)  # the same order on every run
    for zombie in ZOMBIES:
        crowd.start(zombie)
    while plans:
        while plans and len(crowd.alive) - len(ZOMBIES) < AT_ONCE:
            crowd.start(plans.pop())
        crowd.wait()
    crowd.start(None)
    crowd.start(None)
    happened = trouble()
    assert len(read_log(log)) < ITEMS, "it happened in mid-run"
    _wake_when_all_sleep(crowd)
    while crowd.alive:
        crowd.wait()
    tally = check(ledger_url, submitted, read_log(log))
    assert crowd.killed == Counter(dict.fromkeys(Point, 2))
    assert crowd.slept == Counter(ASLEEP)
    with capsys.disabled():
        seconds = time.monotonic() - began
        name = ledger_url.split(":")[0]
        killed, slept = crowd.killed.total(), crowd.slept.total()
        line = f"\n{name}: {tally}; {killed} workers killed, {slept} woken as zombies{happened}; {seconds:.0f} s"
        print(line, end=" ")  # noqa: T201 - a tally for whoever watches


def check(url: str, submitted: list[str], log: list[str]) -> str:
    ledger = Ledger(url)
    with ledger.read() as connection:
        found = items.find(connection, limit=ITEMS * 2)
        rows = connection.execute(sa.select(tables.effects.c.state, sa.func.count()).group_by("state")).all()
        verified = verification.verify(connection)
    ledger.close()
    arrived = Counter(line.split(" ", 1)[1] for line in log)
    unknown = sorted(item.reference for item in found if item.state == "waiting_for_person")
    assert unknown == []
    assert sorted(set(submitted) - set(arrived)) == [], "lost"
    assert sorted(set(arrived) - set(submitted)) == [], "unexpected"
    assert {name: times for name, times in arrived.items() if times > 1} == {}, "repeated"
    assert Counter(item.state for item in found) == {"done": ITEMS}
    assert [tuple(row) for row in rows] == [("delivered", ITEMS)]
    assert verified.intact
    again = sum(item.attempt > 1 for item in found)
    return (
        f"{ITEMS} in, {len(arrived)} out, 0 lost, 0 repeated, 0 unexpected, {len(unknown)} unknown, {again} tried again"
    )


def _wake_when_all_sleep(crowd: Crowd) -> None:
    pause = threading.Event()
    while len(crowd.sleepers()) < len(ZOMBIES):
        pause.wait(0.05)
        crowd.check_time()
    pause.wait(LEASE.total_seconds() + 0.5)  # no event tells that a lease is over
    crowd.wake(crowd.sleepers())


def _is_stopped(process: ForkServerProcess) -> bool:
    assert process.pid is not None
    try:
        return bool(psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:  # it has just died, as planned
        return False
