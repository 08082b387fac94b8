"""The statistics of processes over 120,000 cases: how fast their table follows the ledger, how fast the pages are.

Rows are written as a dispatcher leaves them, in bulk: what is measured is following and asking, not how they came.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import sqlalchemy as sa

from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.tables import (
    audit_events,
    audit_head,
    benefits,
    questions,
    submissions,
    work_items,
)
from samdrift_platform.portal.testing import portal_of
from samdrift_rpa.process import Process
from samdrift_rpa.statistics.following import catch_up
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.benchmarking import Benchmark, benchmark, percentile, timed
from samdrift_testing.errand_process import errands
from samdrift_testing.in_process import in_process
from samdrift_testing.postgresql import NoPostgreSQLError, running_postgresql

CASES, CHUNK = 120_000, 5_000
BEGINS = datetime(2026, 10, 1, tzinfo=UTC)
#: Between two cases: four weeks in all.
APART = timedelta(seconds=20)
#: Of ten cases seven are done, one is rejected, one waits, one has failed.
STATES = ("done",) * 7 + ("rejected", "waiting_for_person", "failed")
PROCESSES = ("errands", "chores", "visits")
MEASURES = (
    ("saved", "working_time", "min"),
    ("spent", "cpu_time", "s"),
    ("spent", "electricity", "kWh"),
    ("spent", "emission", "g CO2"),
)
PAGES = {
    "overview": "/rpa/",
    "ever": "/rpa/statistics",
    "day": "/rpa/statistics?from=2026-10-05&to=2026-10-05",
    "process": "/rpa/statistics?process=errands",
    "csv": "/rpa/statistics.csv",
}
#: Times that each page is asked for.
VISITS = 10
SLOWEST_P95_MS, SLOWEST_EVENTS_PER_S = 1_000.0, 1_000.0


def main() -> int:
    with benchmark("rpa_statistics", f"Robots: statistics over {CASES:,} cases of three processes") as measured:
        for database, url in databases():
            with closing(Ledger(url)) as ledger:
                measure(measured, database, ledger)
        p95 = [float(str(row[name])) for row in measured.rows for name in row if name.endswith("_p95_ms")]
        measured.bar(f"every page's 95th percentile within {SLOWEST_P95_MS:,.0f} ms", max(p95) <= SLOWEST_P95_MS)
        followed = [float(str(row["events_per_s"])) for row in measured.rows]
        measured.bar(
            f"the table follows at least {SLOWEST_EVENTS_PER_S:,.0f} events/s", min(followed) >= SLOWEST_EVENTS_PER_S
        )
        measured.notes.append(f"{CASES:,} cases, {CASES * len(MEASURES):,} benefit rows, {2 * CASES:,} audit events.")
    return 0 if all(measured.bars.values()) else 1


def databases() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        yield "SQLite", f"sqlite:///{Path(folder) / 'ledger.db'}"
    try:
        with running_postgresql() as server:
            yield "PostgreSQL", server.create()
    except NoPostgreSQLError as error:
        sys.stderr.write(f"{error}\n")


def measure(measured: Benchmark, database: str, ledger: Ledger) -> None:
    migrations.upgrade(ledger.url)
    fill(ledger)
    with timed() as seconds:
        events = catch_up(ledger)
    times = {name: asked(ledger, path) for name, path in PAGES.items()}
    columns = {
        f"{name}_{part}_ms": percentile(found, share) * 1e3
        for name, found in times.items()
        for part, share in (("p50", 0.5), ("p95", 0.95))
    }
    measured.row(database=database, cases=CASES, events_per_s=events / seconds[0], **columns)


def asked(ledger: Ledger, path: str) -> list[float]:
    base: Process[Any, Any] = errands
    app = portal_of(RobotWorkload({name: replace(base, name=name) for name in PROCESSES}))
    app.state.ledger = ledger
    took = []
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://portal.test") as browser:
        browser.get(path).raise_for_status()
        for _ in range(VISITS):
            with timed() as seconds:
                browser.get(path).raise_for_status()
            took.append(seconds[0])
    return took


def fill(ledger: Ledger) -> None:
    submission = uuid4()
    document = {"id": submission, "workload": "rpa", "tenant": "t", "reference": "r", "digest": "d", "document": {}}
    with ledger.write() as connection:
        connection.execute(sa.insert(submissions).values(**document, submitted_by="olga", submitted_at=BEGINS))
        for first in range(0, CASES, CHUNK):
            numbers = range(first, min(first + CHUNK, CASES))
            ids = [uuid4() for _ in numbers]
            write(connection, submission, numbers, ids)
        connection.execute(sa.update(audit_head).values(seq=2 * CASES))
    if not ledger.url.startswith("sqlite"):
        with ledger.write() as connection:
            connection.execute(sa.text("ANALYZE"))


def write(connection: sa.Connection, submission: UUID, numbers: Sequence[int], ids: Sequence[UUID]) -> None:
    pairs = list(zip(numbers, ids, strict=True))
    connection.execute(sa.insert(work_items), [item(submission, number, key) for number, key in pairs])
    connection.execute(sa.insert(benefits), [row for _, key in pairs for row in benefit_rows(key)])
    waiting = [question(key, number) for number, key in pairs if STATES[number % 10] == "waiting_for_person"]
    connection.execute(sa.insert(questions), waiting)
    connection.execute(sa.insert(audit_events), [row for number, key in pairs for row in event_rows(number, key)])


def item(submission: UUID, number: int, key: UUID) -> dict[str, Any]:
    received, state, process = BEGINS + number * APART, STATES[number % 10], PROCESSES[number % 3]
    exception = {"exception": {"code": f"code_{number % 7}"}} if state == "rejected" else {}
    ended = state != "waiting_for_person"
    times = dict.fromkeys(("ages_at", "due", "available_at", "queued_at", "started_at"), received)
    return {
        "id": key,
        "submission_id": submission,
        "workload": "rpa",
        "tenant": "t",
        "reference": f"{process}/{number}",
        "digest": "d",
        "payload": {"process": process, "case": {"document": "sha256:" + "0" * 64}},
        "state": state,
        "priority": 2,
        "urgency": 2,
        "lane": process,
        "result": {"process": process, "steps": ["read"], "facts": "x" * 1_500, **exception},
        "finished_at": received + timedelta(seconds=number % 997) if ended else None,
        **times,
    }


def benefit_rows(key: UUID) -> Iterator[dict[str, Any]]:
    for kind, name, unit in MEASURES:
        yield {
            "item_id": key,
            "workload": "rpa",
            "kind": kind,
            "measure": name,
            "quantity": 1.0,
            "unit": unit,
            "method": f"how {name} is known",
            "recorded_at": BEGINS,
        }


def question(key: UUID, number: int) -> dict[str, Any]:
    asked_at = BEGINS + number * APART
    return {"item_id": key, "code": "allow", "document": {}, "people": 1, "asked_at": asked_at, "due": asked_at}


def event_rows(number: int, key: UUID) -> Iterator[dict[str, Any]]:
    for place, action in enumerate(("item.processed", "item.done")):
        seq = 2 * number + 1 + place
        yield {
            "seq": seq,
            "at": BEGINS.isoformat(),
            "actor": "dispatcher",
            "action": action,
            "subject": f"item:{key}",
            "details": "{}",
            "hash": "h",
        }


if __name__ == "__main__":
    sys.exit(main())
