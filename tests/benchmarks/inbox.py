"""How soon a decided item is done, alone and behind a backlog, and how fast an inbox with 10,000 questions answers."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from samdrift_platform.contract import Outcome, Verdict
from samdrift_platform.ledger import endings, inbox, migrations
from samdrift_platform.ledger.asked import Asked, Ruling
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.inbox import Filter
from samdrift_platform.ledger.items import WorkItem
from samdrift_testing import work
from samdrift_testing.asking import PAY
from samdrift_testing.benchmarking import Benchmark, benchmark, percentile, timed
from samdrift_testing.plugin import install_plugin
from samdrift_testing.postgresql import NoPostgreSQLError, running_postgresql
from samdrift_testing.station import Station, running_station
from samdrift_testing.work import NOW, WORKLOAD

DECISIONS = 40
BACKLOG = 1_500
OPEN = 10_000
LOOKS = 30


def main() -> None:
    """One dispatcher on two cores; then the ledger alone."""
    with tempfile.TemporaryDirectory() as folder:
        site = install_plugin(Path(folder) / "plugin")
        with running_station(Path(folder) / "station", site, workloads=("errands", "chores")) as station:
            station.wait_until(lambda: station.report().ready)
            station.finished(station.errands("chores", "warm", "rest"))
            with benchmark("inbox_resume", "From a decision to the item's end, 2 cores (SQLite)") as measured:
                _resumes(measured, station)
    with benchmark("inbox_reading", "An inbox with 10,000 open questions") as measured:
        for name, ledger in _ledgers():
            _reads(measured, name, ledger)


def _resumes(measured: Benchmark, station: Station) -> None:
    first, second = _asked(station, "first"), _asked(station, "second")  # before the backlog, which they would wait for
    alone = _resume(measured, station, "alone", first)
    backlog = station.errands("chores", "backlog", *["toil"] * BACKLOG)
    station.wait_until(lambda: any(item.state == "done" for item in station.items(backlog)))
    behind = _resume(measured, station, f"behind {BACKLOG} items of 50 ms in its own workload", second)
    left = [item for item in station.items(backlog) if item.state == "queued"]
    assert left, "the backlog ended before the measurement did"
    measured.bar("each of them done within 2 s", max(alone, behind) < 2_000)
    measured.notes.append(
        "from the decision's commit to the commit of the result; an idle dispatcher looks every 50 ms"
    )


def _resume(measured: Benchmark, station: Station, how: str, waiting: list[WorkItem]) -> float:
    """The longest wait, ms."""
    waits = []
    for item in waiting:
        decided_at = datetime.now(UTC)
        with station.ledger.write() as connection:
            inbox.decide(connection, item.id, Ruling(question="may_i", choice="go"), actor="karen", now=decided_at)
        done = station.finished_item(item.id)
        assert done.finished_at is not None
        waits.append((done.finished_at - decided_at).total_seconds() * 1e3)
    median, most = percentile(waits, 0.5), percentile(waits, 0.95)
    measured.row(how=how, n=len(waits), median_ms=median, p95_ms=most, max_ms=max(waits))
    return max(waits)


def _asked(station: Station, name: str) -> list[WorkItem]:
    submission = station.errands("chores", f"asking {name}", *["ask"] * DECISIONS)

    def all_wait() -> bool:
        return all(item.state == "waiting_for_person" for item in station.items(submission))

    station.wait_until(all_wait)
    return station.items(submission)


def _ledgers() -> Iterator[tuple[str, Ledger]]:
    with tempfile.TemporaryDirectory() as folder:
        yield from _migrated("SQLite", f"sqlite:///{folder}/ledger.db")
    with contextlib.suppress(NoPostgreSQLError), running_postgresql() as server:
        yield from _migrated("PostgreSQL", server.create("inbox"))


def _migrated(name: str, url: str) -> Iterator[tuple[str, Ledger]]:
    migrations.upgrade(url)
    with contextlib.closing(Ledger(url)) as ledger:
        yield name, ledger


def _reads(measured: Benchmark, name: str, ledger: Ledger) -> None:
    _fill(ledger)
    reads: dict[str, Callable[[], object]] = {
        "the first 50": lambda: _read(ledger, lambda c: inbox.waiting(c, limit=50)),
        "the number in the menu": lambda: _read(ledger, inbox.audiences),
        "what it can be filtered by": lambda: _read(ledger, inbox.groups),
        "the first 50 of one code": lambda: _read(ledger, lambda c: inbox.waiting(c, Filter(code="pay_3"), limit=50)),
    }
    if name == "PostgreSQL":  # it collects them by itself, usually within a minute
        for what in ("the first 50", "the number in the menu", "what it can be filtered by"):
            _row(measured, name, f"{what}, before it has statistics", [_ms(reads[what]) for _ in range(3)])
        with ledger.write() as connection:
            connection.exec_driver_sql("ANALYZE")
    for what, read in reads.items():
        _row(measured, name, what, [_ms(read) for _ in range(LOOKS)])
    with ledger.read() as connection:
        asked = inbox.waiting(connection, limit=LOOKS)
    _row(measured, name, "one decision", [_ms(partial(_decide, ledger, each)) for each in asked])


def _row(measured: Benchmark, name: str, what: str, times: list[float]) -> None:
    measured.row(database=name, what=what, n=len(times), median_ms=percentile(times, 0.5), max_ms=max(times))


def _read(ledger: Ledger, look: Callable[..., object]) -> object:
    with ledger.read() as connection:
        return look(connection)


def _decide(ledger: Ledger, asked: Asked) -> None:
    ruling = Ruling(question=asked.question.code, choice="no", fields={"why": "Paid before."})
    with ledger.write() as connection:
        inbox.decide(connection, asked.item_id, ruling, actor="karen", now=NOW)


def _ms(what: Callable[[], object]) -> float:
    with timed() as seconds:
        what()
    return seconds[0] * 1e3


def _fill(ledger: Ledger) -> None:
    """As many items that ask, with seven different questions."""
    work.submit(ledger, "all", [work.item(f"bill {n}") for n in range(OPEN)])
    claims = work.claim(ledger, OPEN)
    finished = []
    for number, claim in enumerate(claims):
        question = replace(PAY, code=f"pay_{number % 7}")
        waits = Verdict.WAITING_FOR_PERSON
        outcome = Outcome(reference=claim.reference, verdict=waits, reason="Above the limit.", question=question)
        finished.append((claim, Completion(outcome=outcome)))
    with ledger.write() as connection:
        endings.complete(connection, WORKLOAD, finished, now=NOW)


if __name__ == "__main__":
    main()
