"""Opens the ledger: SQLite in WAL mode by default, PostgreSQL by its URL."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from samdrift_platform.errors import SamdriftError, UnavailableError
from samdrift_platform.ledger.plain import NotPlainError, plain_json

#: How long a writer waits for another one, in seconds.
BUSY_TIMEOUT_S = 10.0
#: A PostgreSQL connection that was not used for so long is tried before it is trusted, in seconds.
IDLE_S = 1.0


class LedgerUnavailableError(UnavailableError):
    """The ledger's database does not answer. Nothing was recorded; send the same again when it is back."""


class LedgerRefusedError(SamdriftError):
    """The ledger cannot hold this value, so nothing was recorded. Look for one too long, NUL, NaN or a repeated key."""

    status = 422


class Ledger:
    """One database; every change happens inside `write()`, in one transaction."""

    def __init__(self, url: str) -> None:
        """Prepare the engine for `url`; nothing is opened yet."""
        self.url = url
        self.engine = _engine(url)
        postgres = self.engine.dialect.name == "postgresql"
        one_view = {"isolation_level": "REPEATABLE READ"} if postgres else {"samdrift_begin": "DEFERRED"}
        self._reader = self.engine.execution_options(**one_view)
        self._writer = self.engine.execution_options(samdrift_begin="IMMEDIATE")

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, committed at the end. On SQLite it takes the write lock at once, so it never deadlocks."""
        with _transaction(self._writer) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view; never waits for writers."""
        with _transaction(self._reader) as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


@contextmanager
def _transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    try:
        with engine.begin() as connection:
            yield connection
    except (OperationalError, InterfaceError) as error:
        raise LedgerUnavailableError(_say(error)) from error
    except PoolTimeoutError as error:
        raise LedgerUnavailableError from error
    except (StatementError, NotPlainError, UnicodeEncodeError) as error:
        # Without the cause, whose text quotes values: they may be personal.
        kind = type(getattr(error, "orig", error)).__name__
        raise LedgerRefusedError(f"{LedgerRefusedError.__doc__} ({kind})") from None


def insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those that a unique key already holds are left as they are."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


#: Values stay out of error texts and logs; JSON is the same on both databases.
_DISCREET: dict[str, Any] = {"hide_parameters": True, "json_serializer": plain_json}


#: PostgreSQL: give a connection up after ten seconds of silence, where the kernel would wait a quarter of an hour.
_PATIENCE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


def _engine(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        engine = sa.create_engine(url, connect_args=_PATIENCE, **_DISCREET)
        sa.event.listen(engine, "checkin", _note_use)
        sa.event.listen(engine, "checkout", _ping_after_a_pause)
        return engine
    path = sa.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, **_DISCREET)
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def take_turns(connection: sa.Connection, what: str) -> None:
    """Let one transaction at a time do `what`. On SQLite the write lock does so already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(crc32(what.encode()))))


def _note_use(connection: Any, record: Any) -> None:
    record.info["used_s"] = time.monotonic()


def _ping_after_a_pause(connection: Any, record: Any, proxy: Any) -> None:
    """Replace a connection that died in the pool. Asking before each transaction would cost three round trips."""
    now_s = time.monotonic()
    if now_s - record.info.get("used_s", now_s) < IDLE_S:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except connection.OperationalError as error:
        raise sa.exc.DisconnectionError from error


def _configure_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    # What retention erases is overwritten, not only let go of.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    mode = connection.get_execution_options().get("samdrift_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _say(error: DBAPIError) -> str:
    """Message of the class with the database's own first line, without statement and values (they may be personal)."""
    first = str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__
    return f"{LedgerUnavailableError.__doc__} (The database says: {first})"
