"""The legacy application's own log: what was saved, in the order in which it was. It survives `kill -9`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

_FILE = "legacy-form.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS cases (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL,
    fields TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX IF NOT EXISTS cases_by_reference ON cases (reference);
CREATE TABLE IF NOT EXISTS begun (number INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS requests (number INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (fault TEXT NOT NULL);
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case that was saved."""

    #: From 1.
    number: int
    #: What was typed into the reference field. The same twice means that something was entered twice.
    reference: str
    #: Name of a field as the form sends it -> what was in it; of a file its name, media type and digest.
    fields: Mapping[str, str]
    #: UTC, ISO 8601.
    at: str

    @property
    def case_number(self) -> str:
        """As its pages show it: `KK-000012`."""
        return f"KK-{self.number:06d}"


class Log:
    """The log in a folder. Every write is on disk before it returns."""

    def __init__(self, folder: Path) -> None:
        """Open or begin the log in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / _FILE
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_TABLES)

    def begin(self) -> int:
        """Count one more application that somebody begins to fill in; its number, from 1."""
        with self._connection() as connection:
            number = connection.execute("INSERT INTO begun DEFAULT VALUES RETURNING number").fetchone()[0]
        return int(number)

    def note_request(self, what: str) -> None:
        """Write down that a form was sent: `POST /ansoegning/gem`."""
        with self._connection() as connection:
            connection.execute("INSERT INTO requests (what) VALUES (?)", (what,))

    def requests(self) -> list[str]:
        """The forms that were sent so far, in order."""
        with self._connection() as connection:
            return [str(row[0]) for row in connection.execute("SELECT what FROM requests ORDER BY number")]

    def note_fault(self, fault: str) -> None:
        """Write down that something is about to go wrong."""
        with self._connection() as connection:
            connection.execute("INSERT INTO faults VALUES (?)", (fault,))

    def faults(self) -> list[str]:
        """The faults so far, in order."""
        with self._connection() as connection:
            return [str(row[0]) for row in connection.execute("SELECT fault FROM faults")]

    def save(self, reference: str, fields: Mapping[str, str]) -> Case:
        """Save a case, also when there is one with this reference."""
        with self._connection() as connection:
            row = connection.execute(
                "INSERT INTO cases (reference, fields) VALUES (?, ?) RETURNING number, reference, fields, at",
                (reference, json.dumps(dict(fields), ensure_ascii=False)),
            ).fetchone()
        return _case(row)

    def cases(self, reference: str | None = None) -> list[Case]:
        """All cases in order, or those with a reference."""
        query = "SELECT number, reference, fields, at FROM cases WHERE ? IS NULL OR reference = ? ORDER BY number"
        with self._connection() as connection:
            rows = connection.execute(query, (reference, reference)).fetchall()
        return [_case(row) for row in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10.0)) as connection, connection:
            connection.execute("PRAGMA synchronous=FULL")
            yield connection


def _case(row: tuple[int, str, str, str]) -> Case:
    number, reference, fields, at = row
    return Case(number=number, reference=reference, fields=json.loads(fields), at=at)
