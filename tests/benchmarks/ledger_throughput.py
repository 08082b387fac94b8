"""Claim + complete, one by one, by 1, 2 and 4 worker processes; and how many items were held twice."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from samdrift_platform.contract import Item, Outcome, Priority, Verdict
from samdrift_platform.ledger import endings, migrations, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.submissions import Request
from samdrift_testing.benchmarking import Benchmark, benchmark, fsync_ms, percentile
from samdrift_testing.postgresql import NoPostgreSQLError, running_postgresql

ITEMS = 1_000
#: The median of so many runs is reported, and the best.
RUNS = 3
WORKERS = (1, 2, 4)
LEASE = timedelta(minutes=5)


def main() -> None:
    """SQLite with synchronous=FULL and PostgreSQL with fsync=on: what an installation runs."""
    with benchmark("ledger_throughput", "Claim + complete, one item a transaction") as measured:
        for database in ("SQLite", "PostgreSQL"):
            with _databases(database) as urls:
                for workers, batch in [(workers, 1) for workers in WORKERS] + [(2, 20)]:
                    _measure(measured, database, urls, workers, batch)
        (two,) = [
            row for row in measured.rows if (row["database"], row["workers"], row["batch"]) == ("PostgreSQL", 2, 1)
        ]
        measured.bar("500 a second on PostgreSQL, 2 workers (median)", float(str(two["median_per_s"])) >= 500)
        measured.bar("500 a second on PostgreSQL, 2 workers (best run)", float(str(two["best_per_s"])) >= 500)
        measured.bar("0 duplicates", not any(row["duplicates"] for row in measured.rows))
        measured.notes.append("claim and complete are two transactions, each on disk before it returns")


def _measure(measured: Benchmark, database: str, urls: Iterator[str], workers: int, batch: int) -> None:
    rates, duplicates = zip(*(_run(next(urls), workers, batch) for _ in range(RUNS)), strict=True)
    measured.row(
        database=database,
        workers=workers,
        batch=batch,
        items=ITEMS,
        median_per_s=percentile(rates, 0.5),
        best_per_s=max(rates),
        duplicates=sum(duplicates),
        fsync_ms=fsync_ms(),
    )


def _run(url: str, workers: int, batch: int) -> tuple[float, int]:
    """Items a second, and how often an item was held twice."""
    migrations.upgrade(url)
    _fill(url)
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(workers + 1), context.Queue()
    processes = [context.Process(target=_work, args=(url, batch, barrier, answers)) for _ in range(workers)]
    for process in processes:
        process.start()
    barrier.wait(timeout=60)
    began = time.perf_counter()
    done = Counter(reference for _ in processes for reference in answers.get(timeout=300))
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    assert set(done) == {f"item {n}" for n in range(ITEMS)}
    return ITEMS / seconds, sum(times - 1 for times in done.values())


def _work(url: str, batch: int, barrier: Barrier, answers: Queue[list[str]]) -> None:
    ledger = Ledger(url)
    mine: list[str] = []
    with ledger.read():
        pass  # connected before the clock starts
    barrier.wait(timeout=60)
    while claims := _claim(ledger, batch):
        finished = [
            (claim, Completion(outcome=Outcome(reference=claim.reference, verdict=Verdict.DONE))) for claim in claims
        ]
        with ledger.write() as connection:
            endings.complete(connection, "bench", finished, now=datetime.now(UTC))
        mine += [claim.reference for claim in claims]
    answers.put(mine)
    ledger.close()


def _claim(ledger: Ledger, batch: int) -> list[queue.Claim]:
    with ledger.write() as connection:
        return queue.claim(connection, workload="bench", worker="w", limit=batch, lease=LEASE, now=datetime.now(UTC))


def _fill(url: str) -> None:
    ledger = Ledger(url)
    request = Request(
        workload="bench",
        tenant="demo",
        reference="all",
        document={},
        items=[Item(reference=f"item {n}", payload={"n": n}) for n in range(ITEMS)],
        priority=Priority.BACKGROUND,
        submitted_by="bench",
    )
    with ledger.write() as connection:
        submissions.submit(connection, request, now=datetime.now(UTC))
    ledger.close()


@contextmanager
def _databases(name: str) -> Iterator[Iterator[str]]:
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield (f"sqlite:///{Path(folder) / str(n)}.db" for n in range(100))
        return
    try:
        with running_postgresql(fsync=True) as server:
            yield (server.create() for _ in range(100))
    except NoPostgreSQLError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
