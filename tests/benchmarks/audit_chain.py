"""Audit events appended one a transaction, and the verification of 100,000 rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from samdrift_platform.ledger import audit, migrations
from samdrift_platform.ledger.audit import Event
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.benchmarking import Benchmark, benchmark, fsync_ms, timed
from samdrift_testing.postgresql import running_postgresql

APPENDED = 1_000
VERIFIED = 100_000


def main() -> None:
    """Both databases as an installation runs them: every commit on disk."""
    with benchmark("audit_chain", "Audit chain: append one a transaction, verify 100,000 rows") as measured:
        for database in ("SQLite", "PostgreSQL"):
            with _ledger(database) as ledger:
                _measure(measured, database, ledger)
        rows = measured.rows
        measured.bar("at least 500 appended a second", all(float(str(row["appended_per_s"])) >= 500 for row in rows))
        measured.bar("100,000 rows verified in 5 s", all(float(str(row["verify_s"])) < 5 for row in rows))


def _measure(measured: Benchmark, database: str, ledger: Ledger) -> None:
    with timed() as appending:
        for _ in range(APPENDED):
            with ledger.write() as connection:
                audit.append(connection, [_event()], now=datetime.now(UTC))
    with ledger.write() as connection:
        for _ in range((VERIFIED - APPENDED) // 1_000):
            audit.append(connection, [_event() for _ in range(1_000)], now=datetime.now(UTC))
    with timed() as verifying, ledger.read() as connection:
        found = audit.verify(connection)
    assert found.intact
    measured.row(
        database=database,
        appended_per_s=APPENDED / appending[0],
        rows=found.rows,
        verify_s=verifying[0],
        fsync_ms=fsync_ms(),
    )


def _event() -> Event:
    details = {"attempt": 1, "models": {}, "input": "sha256:" + "0" * 64, "result": "sha256:" + "f" * 64}
    return Event(actor="dispatcher", action="item.done", subject=f"item:{uuid4()}", details=details)


@contextmanager
def _ledger(name: str) -> Iterator[Ledger]:
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            yield from _opened(f"sqlite:///{Path(folder) / 'ledger.db'}")
    else:
        with running_postgresql(fsync=True) as server:
            yield from _opened(server.create())


def _opened(url: str) -> Iterator[Ledger]:
    migrations.upgrade(url)
    ledger = Ledger(url)
    yield ledger
    ledger.close()


if __name__ == "__main__":
    main()
