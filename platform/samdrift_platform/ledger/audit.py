"""The audit chain: append-only events, each hashed with the one before.

Changing, removing or inserting a row breaks every hash from there on; `verify` names the first bad row.
Personal data stays out: events name items and submissions by their own random identifiers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from samdrift_platform.ledger.tables import audit_events, audit_head

#: The hash before the first row.
GENESIS = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that an auditor will ask about."""

    actor: str
    #: "item.done", "effect.delivered", "model.pinned"
    action: str
    #: "item:7c9e…", "submission:…", "model:mammography-triage/3"
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Record:
    """An event as it stands in the chain."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What `verify` found: how many rows hold, and the first that does not."""

    rows: int
    first_bad_seq: int | None = None
    why: str = ""

    @property
    def intact(self) -> bool:
        """No row was changed, removed or inserted."""
        return self.first_bad_seq is None


_LOCK_HEAD = sa.select(audit_head.c.seq, audit_head.c.hash).with_for_update()
_APPEND = sa.insert(audit_events)
_MOVE_HEAD = sa.update(audit_head)
_COLUMNS = tuple(column.name for column in audit_events.columns)


def append(connection: sa.Connection, events: Sequence[Event], *, now: datetime) -> None:
    """Add `events` to the end of the chain; the head's row lock keeps writers in line until they commit."""
    if not events:
        return
    last, previous = connection.execute(_LOCK_HEAD).one()
    at = now.astimezone(UTC).isoformat()
    rows = []
    for seq, event in enumerate(events, last + 1):
        details = json.dumps(event.details, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        previous = _hash(previous, seq, at, event.actor, event.action, event.subject, details)
        rows.append((seq, at, event.actor, event.action, event.subject, details, previous))
    connection.execute(_APPEND, [dict(zip(_COLUMNS, row, strict=True)) for row in rows])
    connection.execute(_MOVE_HEAD, {"seq": last + len(events), "hash": previous})


def verify(connection: sa.Connection) -> Verification:
    """Recompute every hash from the first row on; time grows with the rows, memory does not.

    Needs one consistent view (`Ledger.read`). Whoever can write the whole database can also write a whole new chain:
    against that, keep a copy of the head's hash elsewhere.
    """
    last, last_hash = connection.execute(sa.select(audit_head.c.seq, audit_head.c.hash)).one()
    previous, good = GENESIS, 0
    query = sa.select(audit_events).order_by(audit_events.c.seq).execution_options(yield_per=2000)
    with connection.execute(query) as rows:
        for seq, *columns, stored in rows:
            previous = _hash(previous, seq, *columns)
            if why := _fault(seq, good + 1, last, matches=previous == stored):
                return Verification(rows=good, first_bad_seq=min(seq, good + 1), why=why)
            good = seq
    if good < last:
        return Verification(rows=good, first_bad_seq=good + 1, why=f"rows {good + 1} to {last} are missing")
    if previous != last_hash:
        return Verification(rows=good, first_bad_seq=last, why=f"row {last} is not the one that was recorded last")
    return Verification(rows=good)


def _fault(seq: int, expected: int, last: int, *, matches: bool) -> str:
    if seq > expected:
        return f"row {expected} is missing"
    if seq < expected or seq > last:
        return f"row {seq} was not recorded by the ledger"
    return "" if matches else f"row {seq} does not match its hash"


def events_of(connection: sa.Connection, subject: str, *, limit: int = 200) -> list[Record]:
    """The events about `subject`, in order."""
    query = sa.select(audit_events).where(audit_events.c.subject == subject).order_by(audit_events.c.seq).limit(limit)
    return list(_records(connection.execute(query)))


def latest(connection: sa.Connection, *, limit: int = 100) -> list[Record]:
    """The newest events first."""
    query = sa.select(audit_events).order_by(audit_events.c.seq.desc()).limit(limit)
    return list(_records(connection.execute(query)))


def _records(rows: sa.CursorResult[Any]) -> Iterator[Record]:
    for row in rows.mappings():
        yield Record(**{**row, "details": json.loads(row["details"])})


def _hash(previous: str, *columns: object) -> str:
    body = json.dumps([previous, *columns], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()
