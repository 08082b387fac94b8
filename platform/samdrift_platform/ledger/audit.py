"""The audit chain: append-only events, each hashed with the one before.

Changing, removing or inserting a row breaks every hash from there on; `verification.verify` names the first bad row.
Personal data stays out: events name items and submissions by their own random identifiers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from samdrift_platform.cpr import mask, mask_value
from samdrift_platform.ledger.tables import Json, audit_events, audit_head

#: The hash before the first row.
GENESIS = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that an auditor will ask about."""

    actor: str
    #: "item.done", "effect.delivered", "statement.approved"
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


# Made once, as every row needs both.
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode
_body = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=repr).encode
#: At the end of a JSON text. A number cannot lie partly in it: none goes on across the quotation mark.
_DIGEST = re.compile(r'sha256:[0-9a-f]{64}"')
_LOCK_HEAD = sa.select(audit_head.c.seq, audit_head.c.hash).with_for_update()
_APPEND = sa.insert(audit_events)
_MOVE_HEAD = sa.update(audit_head).values(seq=sa.bindparam("head_seq"), hash=sa.bindparam("head_hash"))
_COLUMNS = tuple(column.name for column in audit_events.columns)


def append(connection: sa.Connection, events: Sequence[Event], *, now: datetime) -> None:
    """Add `events` to the end of the chain; the head's row lock keeps writers in line until they commit."""
    if not events:
        return
    at = now.astimezone(UTC).isoformat()
    written = [_columns(event, at) for event in events]  # before all other writers wait for us
    last, previous = connection.execute(_LOCK_HEAD).one()
    rows = []
    for seq, columns in enumerate(written, last + 1):
        previous = chained(previous, seq, *columns)
        rows.append(dict(zip(_COLUMNS, (seq, *columns, previous), strict=True)))
    moved = {"head_seq": last + len(events), "head_hash": previous}
    if connection.dialect.name == "postgresql":
        connection.execute(_append_at_once(), {"rows": rows} | moved)
        return
    connection.execute(_APPEND, rows)
    connection.execute(_MOVE_HEAD, moved)


def _columns(event: Event, at: str) -> tuple[str, str, str, str, str]:
    """What an event's row holds between its number and its hash."""
    return at, mask(event.actor), event.action, mask(event.subject), _written(event.details)


@cache
def _append_at_once() -> sa.Insert:
    """PostgreSQL: the rows, as JSON, and the head in one statement, while all other writers wait."""
    columns = [sa.column(column.name, column.type) for column in audit_events.columns]
    sent = sa.bindparam("rows", type_=Json)
    rows = sa.func.jsonb_to_recordset(sent).table_valued(*columns, name="rows").render_derived(with_types=True)
    return sa.insert(audit_events).from_select(_COLUMNS, sa.select(*rows.c)).add_cte(_MOVE_HEAD.cte("moved"))


def _written(details: Mapping[str, Any]) -> str:
    """Canonical JSON without CPR numbers; most details have none, so they are written once and looked through.

    Without the digests: in their digits `mask` finds beginnings of numbers, and looks at the whole text again.
    """
    text = _canonical(details)
    bare = _DIGEST.sub('"', text)
    if mask(bare) == bare:
        return text
    return _canonical(mask_value(json.loads(text)))


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


def chained(previous: str, *columns: object) -> str:
    """The hash of a row after the hash `previous`."""
    return hashlib.sha256(_body([previous, *columns]).encode(errors="surrogateescape")).hexdigest()
