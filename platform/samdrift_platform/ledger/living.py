"""Which stored objects something living refers to: any text of any table, but for what only remembers."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger.tables import metadata, work_items

#: Digests in these are of content that may be gone: the record says that it was, and nobody fetches it. What a
#: submission names is named by its items, each for as long as it is kept.
_REMEMBERING = frozenset({"audit_events", "audit_head", "signatures", "expiring_objects", "submissions"})
_REFERENCE = re.compile(r"sha256:[0-9a-f]{64}")
#: Of items: what they are called, which may be after their document, is no use of it.
_NAMES = frozenset({"reference", "digest"})
#: Rows that are fetched at a time.
_AT_A_TIME = 1_000


def living(connection: sa.Connection, candidates: Collection[str], *, newer_than: int = 0) -> set[str]:
    """Those of `candidates` that a row still refers to; an item whose documents have expired refers to them no more.

    Looks at every text of the database once, those of workloads' own tables too.

    Args:
        connection: one consistent view (`Ledger.read`).
        candidates: object references.
        newer_than: looks only at items that came in after this one (`newest`).
    """
    wanted = frozenset(candidates)
    dead = _let_go(connection)
    found: set[str] = set()
    for table in _tables(connection):
        if newer_than and table.name != work_items.name:
            continue
        for row in _texts(connection, table, newer_than):
            named = wanted.intersection(_REFERENCE.findall(" ".join(text for text in row[1:] if text)))
            found |= named - dead.get(_as_uuid(row[0]), frozenset())
    return found


def newest(connection: sa.Connection) -> int:
    """The number of the item that came in last."""
    return connection.execute(sa.select(sa.func.max(work_items.c.seq))).scalar() or 0


def _let_go(connection: sa.Connection) -> Mapping[UUID | None, frozenset[str]]:
    """Item -> documents that are not kept for it any more."""
    query = sa.select(work_items.c.id, sa.cast(work_items.c.payload, sa.Text)).where(
        work_items.c.documents_erased_at.is_not(None), work_items.c.erased_at.is_(None)
    )
    return {item_id: frozenset(_REFERENCE.findall(payload)) for item_id, payload in connection.execute(query)}


def _tables(connection: sa.Connection) -> Iterator[sa.Table]:
    """The platform's own, and whatever else stands in the database: workloads keep tables there."""
    found = sa.MetaData()
    others = sorted(set(sa.inspect(connection).get_table_names()) - set(metadata.tables))
    with warnings.catch_warnings():  # an index over an expression is no column
        warnings.filterwarnings("ignore", "Skipped unsupported reflection", sa.exc.SAWarning)
        found.reflect(connection, only=others)
    yield from (table for table in metadata.sorted_tables if table.name not in _REMEMBERING)
    yield from found.sorted_tables


def _texts(connection: sa.Connection, table: sa.Table, newer_than: int) -> Iterator[tuple[Any, ...]]:
    """Whose a row is, and its texts; only of rows that name an object at all."""
    names = _NAMES if table.name == work_items.name else ()
    columns = [c for c in table.columns if isinstance(c.type, sa.String | sa.JSON) and c.name not in names]
    if not columns:
        return
    texts = [sa.cast(column, sa.Text) for column in columns]
    owner = table.c.get("id" if table.name == work_items.name else "item_id")
    query = sa.select(sa.literal(None) if owner is None else owner, *texts)
    query = query.where(sa.or_(*(text.like("%sha256:%") for text in texts)))
    if newer_than:
        query = query.where(table.c.seq > newer_than)
    with connection.execution_options(yield_per=_AT_A_TIME).execute(query) as rows:
        yield from (tuple(row) for row in rows)


def _as_uuid(owner: object) -> UUID | None:
    """Where a table was reflected, SQLite gives identifiers as text."""
    return UUID(owner) if isinstance(owner, str) else owner if isinstance(owner, UUID) else None
