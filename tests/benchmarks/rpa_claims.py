"""Claim + complete of robots' items, one by one and in batches, by 1, 2 and 4 workers; beside OpenOrchestrator's."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psutil
import sqlalchemy as sa

from samdrift_platform.contract import Item, Outcome, Priority, Verdict
from samdrift_platform.ledger import endings, lanes, migrations, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.submissions import Request
from samdrift_testing.benchmarking import Benchmark, benchmark, fsync_ms, percentile
from samdrift_testing.open_orchestrator import NotInstallableError, OpenOrchestrator, installed
from samdrift_testing.postgresql import NoPostgreSQLError, PostgreSQL, running_postgresql

#: Of one run, by the size of a batch; the peer gets fewer, and its last ones are what is left.
ITEMS = {1: 3_000, 20: 20_000}
PEERS_ITEMS = 600
#: The median of so many runs is reported, and the best.
RUNS = 5
WORKERS = (1, 2, 4)
BATCHES = (1, 20)
PAUSED = 100_000
#: Items of one submission.
MOST_TOGETHER = 10_000
LEASE = timedelta(minutes=5)
#: The aims, with two workers: items a second one by one and in batches of 20.
AIMS = {1: 1_000, 20: 10_000}


def main() -> None:
    """PostgreSQL with fsync on, every commit on disk before it returns."""
    with benchmark("rpa_claims", "Claim + complete on PostgreSQL, beside OpenOrchestrator 3.0.0") as measured:
        try:
            with running_postgresql(fsync=True) as server:
                for workers in WORKERS:
                    for batch in BATCHES:
                        _ours(measured, server, workers, batch)
                for batch in BATCHES:
                    _ours(measured, server, 2, batch, together=True)
                    _ours(measured, server, 2, batch, behind=PAUSED)
                _peer(measured, server)
        except NoPostgreSQLError as error:
            raise SystemExit(str(error)) from error
        _judge(measured)


def _judge(measured: Benchmark) -> None:
    ours = {
        (row["workers"], row["batch"], row["behind_paused"], row["transactions"]): row
        for row in measured.rows
        if row["queue"] == "samdrift"
    }
    for batch, aim in AIMS.items():
        for transactions in ("two", "one"):
            row = ours[2, batch, 0, transactions]
            for figure in ("median_per_s", "best_per_s"):
                what = f"{aim:,} a second, 2 workers, batches of {batch}, in {transactions} ({figure})"
                measured.bar(what, _number(row, figure) >= aim)
        slower = _number(ours[2, batch, PAUSED, "two"], "best_per_s") / _number(ours[2, batch, 0, "two"], "best_per_s")
        measured.bar(
            f"at least 0.8 as fast behind {PAUSED:,} items of a paused lane, batches of {batch} ({slower:.2f}, best)",
            slower >= 0.8,
        )
    measured.bar("no item held twice", not any(row["held_twice"] for row in ours.values()))
    measured.notes += [
        "transactions: two, claim and complete, as the dispatcher has them; or one, in which a worker completes what "
        "it has and claims what comes next; each is on disk before it returns; complete writes the outcome and an "
        "event in the audit chain for every item, which lets one transaction at a time through; no effects",
        "behind_paused: so many items of a paused lane stand before all others",
        "OpenOrchestrator: get_next_queue_element and set_queue_element_status, one by one (it has no batches); its "
        "usual database is MSSQL, which was not tried",
        "cpu_ms_per_item: processor time of the workers and of all of PostgreSQL's processes, the least of the runs",
    ]


def _number(row: Mapping[str, object], name: str) -> float:
    return float(str(row[name]))


def _ours(
    measured: Benchmark, server: PostgreSQL, workers: int, batch: int, *, behind: int = 0, together: bool = False
) -> None:
    template = _filled(server, ITEMS[batch], behind)
    mode = Mode(workers=workers, batch=batch, items=ITEMS[batch], behind=behind, together=together)
    found = [_run(server, server.create(template=template), mode) for _ in range(RUNS)]
    _row(measured, "samdrift", mode, found)


@dataclass(frozen=True, kw_only=True)
class Mode:
    """What is run."""

    workers: int
    batch: int
    items: int
    #: Items of a paused lane that stand before all others.
    behind: int = 0
    #: What comes next is claimed in the transaction that completes what was held.
    together: bool = False


def _row(measured: Benchmark, queue: str, mode: Mode, found: Sequence[Run]) -> None:
    rates = [run.per_s for run in found]
    measured.row(
        queue=queue,
        workers=mode.workers,
        batch=mode.batch,
        transactions="one" if mode.together else "two",
        items=mode.items,
        behind_paused=mode.behind,
        runs=len(rates),
        median_per_s=percentile(rates, 0.5),
        best_per_s=max(rates),
        cpu_ms_per_item=min(run.cpu_ms for run in found),
        held_twice=sum(run.held_twice for run in found),
        fsync_ms=fsync_ms(),
        load=os.getloadavg()[0],
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of one run."""

    per_s: float
    #: Of workers and database together, an item: what another load on the machine changes little.
    cpu_ms: float
    #: Items that more than one worker held, or one worker twice.
    held_twice: int

    @classmethod
    def of(cls, held: Counter[str], items: int, spent: Spent) -> Run:
        """From what was held; none may be missing."""
        assert set(held) == {f"item {n}" for n in range(items)}
        twice = sum(times > 1 for times in held.values())
        return cls(per_s=items / spent.wall_s, cpu_ms=spent.cpu_s / items * 1e3, held_twice=twice)


@dataclass
class Spent:
    """Seconds of a `with` block."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def _timed(server: PostgreSQL, workers: Sequence[int | None]) -> Iterator[Spent]:
    """Workers must live until the end of the block; connections of theirs that end before are not counted."""
    postmaster = int((server.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    spent, watched = Spent(), _Watched(postmaster, [pid for pid in workers if pid])
    before, began = watched.cpu_s(), time.perf_counter()
    yield spent
    spent.wall_s, spent.cpu_s = time.perf_counter() - began, watched.cpu_s() - before


@dataclass
class _Watched:
    """Processor time of processes, the last known of those that have ended."""

    postmaster: int
    workers: Sequence[int]
    _last_s: dict[int, float] = field(default_factory=dict)

    def cpu_s(self) -> float:
        backends = [each.pid for each in psutil.Process(self.postmaster).children()]
        for pid in {*backends, *self.workers}:
            with suppress(psutil.NoSuchProcess):
                times = psutil.Process(pid).cpu_times()
                self._last_s[pid] = times.user + times.system
        return sum(self._last_s.values())


@cache
def _filled(server: PostgreSQL, items: int, behind: int) -> str:
    """The name of a database with so many items, to be copied for each run."""
    name = f"filled_{items}_{behind}"
    url = server.create(name)
    migrations.upgrade(url)
    _fill(url, items, behind)
    return name


def _run(server: PostgreSQL, url: str, mode: Mode) -> Run:
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(mode.workers + 1), context.Queue()
    processes = [context.Process(target=_work, args=(url, mode, barrier, answers)) for _ in range(mode.workers)]
    for process in processes:
        process.start()
    barrier.wait(timeout=60)
    with _timed(server, [process.pid for process in processes]) as spent:
        held = Counter(reference for _ in processes for reference in answers.get(timeout=300))
    barrier.wait(timeout=60)
    for process in processes:
        process.join()
    return Run.of(held, mode.items, spent)


def _work(url: str, mode: Mode, barrier: Barrier, answers: Queue[list[str]]) -> None:
    ledger = Ledger(url)
    mine: list[str] = []
    with ledger.read():
        pass  # connected before the clock starts
    barrier.wait(timeout=60)
    claims: list[queue.Claim] = []
    while True:
        if not mode.together or not claims:
            with ledger.write() as connection:
                claims = _claim(connection, mode.batch)
        if not claims:
            break
        mine += [claim.reference for claim in claims]
        claims = _complete(ledger, claims, mode)
    answers.put(mine)
    barrier.wait(timeout=300)  # its processor time is read first
    ledger.close()


def _complete(ledger: Ledger, claims: Sequence[queue.Claim], mode: Mode) -> list[queue.Claim]:
    """What was claimed next, before the audit chain is locked, where that is one transaction."""
    finished = [
        (claim, Completion(outcome=Outcome(reference=claim.reference, verdict=Verdict.DONE))) for claim in claims
    ]
    with ledger.write() as connection:
        further = _claim(connection, mode.batch) if mode.together else []
        endings.complete(connection, "bench", finished, now=datetime.now(UTC))
    return further


def _claim(connection: sa.Connection, batch: int) -> list[queue.Claim]:
    now = datetime.now(UTC)
    return queue.claim(connection, workload="bench", worker="w", limit=batch, lease=LEASE, now=now)


def _fill(url: str, items: int, behind: int) -> None:
    """Items in a lane, as a robot's are; those of the paused lane are due before them."""
    ledger, now = Ledger(url), datetime.now(UTC)
    paused = [Item(reference=f"paused {n}", payload={"n": n}, deadline=now, lane="letters") for n in range(behind)]
    open_ = [Item(reference=f"item {n}", payload={"n": n}, lane="invoices") for n in range(items)]
    for found in (paused, open_):
        for start in range(0, len(found), MOST_TOGETHER):
            with ledger.write() as connection:
                part = found[start : start + MOST_TOGETHER]
                submissions.submit(connection, _request(part[0].reference, part), now=now)
    if behind:
        with ledger.write() as connection:
            lanes.pause(connection, "bench", "letters", "measured", actor="bench", now=now)
    with ledger.engine.connect() as connection:  # as the server does by itself after a while
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE work_items"))
    ledger.close()


def _request(name: str, items: Iterable[Item]) -> Request:
    return Request(
        workload="bench",
        tenant="demo",
        reference=name,
        document={},
        items=list(items),
        priority=Priority.ADMINISTRATIVE,
        submitted_by="bench",
    )


def _peer(measured: Benchmark, server: PostgreSQL) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            peer = installed(Path(folder) / "environment")
        except NotInstallableError as error:
            measured.notes.append(f"OpenOrchestrator was skipped: {error}")
            return
        for workers in WORKERS:
            found = [_run_peer(peer, server, workers) for _ in range(RUNS)]
            _row(measured, "OpenOrchestrator 3.0.0", Mode(workers=workers, batch=1, items=PEERS_ITEMS), found)


def _run_peer(peer: OpenOrchestrator, server: PostgreSQL, workers: int) -> Run:
    url = server.create()
    peer.fill(url, PEERS_ITEMS)
    processes = peer.workers(url, workers)
    with _timed(server, [process.pid for process in processes]) as spent:
        held = Counter(peer.run(processes))
    peer.end(processes)
    return Run.of(held, PEERS_ITEMS, spent)


if __name__ == "__main__":
    main()
