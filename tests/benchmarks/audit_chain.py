"""Audit events appended one a transaction, and the verification of 100,000 rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa

from samdrift_platform.ledger import audit, checkpoints, migrations, statements, verification
from samdrift_platform.ledger.audit import Event
from samdrift_platform.ledger.database import Ledger
from samdrift_registry.keys import SigningKey, signing_key, trusted_keys
from samdrift_registry.statements import Kind, Statement, sign_statement
from samdrift_testing.benchmarking import Benchmark, benchmark, fsync_ms, timed
from samdrift_testing.postgresql import running_postgresql

APPENDED = 1_000
VERIFIED = 100_000
#: Of these so many tell of statements: each is compared with its row, and its signature checked.
STATED = 2_000


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
    with tempfile.TemporaryDirectory() as keys:
        _fill(ledger, signing_key(Path(keys)))
        trusted = trusted_keys(Path(keys))
    with timed() as verifying, ledger.read() as connection:
        found = verification.verify(connection, trusted)
    assert found.intact
    assert found.rows >= VERIFIED
    measured.row(
        database=database,
        appended_per_s=APPENDED / appending[0],
        rows=found.rows,
        statements=found.statements,
        verify_s=verifying[0],
        fsync_ms=fsync_ms(),
    )


def _fill(ledger: Ledger, key: SigningKey) -> None:
    with ledger.write() as connection:
        for number in range(STATED):
            _state(connection, key, number)
        for _ in range((VERIFIED - APPENDED - STATED) // 1_000):
            audit.append(connection, [_event() for _ in range(1_000)], now=datetime.now(UTC))
        checkpoints.checkpoint(connection, key, now=datetime.now(UTC))


def _state(connection: sa.Connection, key: SigningKey, number: int) -> None:
    now, facts = datetime.now(UTC), {"report": "sha256:" + "0" * 64, "role": "clinical"}
    statement = Statement(kind=Kind.APPROVED, subject=f"model:bench/{number}", facts=facts, made_at=now, made_by="anna")
    statements.add(connection, sign_statement(statement, key), now=now)


def _event() -> Event:
    digest = "hmac-sha256:" + "0" * 64
    details = {"attempt": 1, "models": {}, "input": digest, "result": digest}
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
