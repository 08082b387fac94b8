"""The loopback's own log: what was posted and sent, under which key. It survives `kill -9`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_FILE = "loopback.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX IF NOT EXISTS entries_by_key ON entries (kind, key);
CREATE TABLE IF NOT EXISTS requests (
    kind TEXT NOT NULL,
    verb TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, verb)
);
CREATE TABLE IF NOT EXISTS faults (kind TEXT NOT NULL, fault TEXT NOT NULL);
"""
_FIRST = "SELECT number, kind, key, body, at FROM entries WHERE kind = ? AND key = ? ORDER BY number LIMIT 1"


class Kind(StrEnum):
    """What an entry is."""

    #: Posted by the ERP system.
    VOUCHER = "voucher"
    #: Sent by the access point.
    DOCUMENT = "document"
    #: Created by the case system.
    CASE = "case"
    #: Journalised by the case system.
    ENTRY = "entry"
    #: Taken by the case system.
    ASSIGNMENT = "assignment"
    #: Sent by Digital Post.
    MESSAGE = "message"

    @property
    def letter(self) -> str:
        """What the party's own numbers begin with."""
        return {Kind.ENTRY: "J", Kind.CASE: "S"}.get(self, self.value[0].upper())


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that was done."""

    #: From 1, over all kinds.
    number: int
    kind: Kind
    #: The sender's key. The same key twice means that something happened twice.
    key: str
    #: JSON of a voucher, XML of a document, and so on.
    body: str
    #: UTC, ISO 8601.
    at: str

    @property
    def identifier(self) -> str:
        """The number that the party gives it: `V000012`."""
        return f"{self.kind.letter}{self.number:06d}"


class Log:
    """The log in a folder. Every write is on disk before it returns."""

    def __init__(self, folder: Path) -> None:
        """Open or begin the log in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / _FILE
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_TABLES)

    def count_request(self, kind: Kind, verb: str) -> int:
        """Count one more request; its number, from 1. Counted on disk, so that faults go on after a restart."""
        with self._connection() as connection:
            row = connection.execute(
                "INSERT INTO requests VALUES (?, ?, 1) ON CONFLICT (kind, verb) DO UPDATE SET count = count + 1"
                " RETURNING count",
                (kind, verb),
            ).fetchone()
        return int(row[0])

    def note_fault(self, kind: Kind, fault: str) -> None:
        """Write down that the next answer will be a fault."""
        with self._connection() as connection:
            connection.execute("INSERT INTO faults VALUES (?, ?)", (kind, fault))

    def faults(self, kind: Kind) -> list[str]:
        """The faults so far, in order."""
        with self._connection() as connection:
            return [str(row[0]) for row in connection.execute("SELECT fault FROM faults WHERE kind = ?", (kind,))]

    def add(self, kind: Kind, key: str, body: str) -> Entry:
        """Write an entry, also when there is one with this key."""
        with self._connection() as connection:
            row = connection.execute(
                "INSERT INTO entries (kind, key, body) VALUES (?, ?, ?) RETURNING number, kind, key, body, at",
                (kind, key, body),
            ).fetchone()
        return _entry(row)

    def add_once(self, kind: Kind, key: str, body: str) -> tuple[Entry, bool]:
        """Write an entry unless there is one with this key; the one that stands, and whether it is new."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(_FIRST, (kind, key)).fetchone()
            if row is not None:
                return _entry(row), False
            connection.execute("INSERT INTO entries (kind, key, body) VALUES (?, ?, ?)", (kind, key, body))
            return _entry(connection.execute(_FIRST, (kind, key)).fetchone()), True

    def find(self, kind: Kind, key: str) -> Entry | None:
        """The first entry under `key`."""
        with self._connection() as connection:
            row = connection.execute(_FIRST, (kind, key)).fetchone()
        return _entry(row) if row is not None else None

    def entries(self, kind: Kind) -> list[Entry]:
        """All entries of a kind, in order."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT number, kind, key, body, at FROM entries WHERE kind = ? ORDER BY number", (kind,)
            ).fetchall()
        return [_entry(row) for row in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10.0)) as connection, connection:
            connection.execute("PRAGMA synchronous=FULL")
            yield connection


def read_log(folder: Path) -> Log:
    """The log in `folder`, with or without a running loopback; an empty one where it never ran."""
    return Log(folder)


def _entry(row: tuple[int, str, str, str, str]) -> Entry:
    number, kind, key, body, at = row
    return Entry(number=number, kind=Kind(kind), key=key, body=body, at=at)
