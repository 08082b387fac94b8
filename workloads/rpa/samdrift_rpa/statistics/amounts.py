"""Sums of the benefit ledger by process and day: kept by what each look at a case adds to them.

A case's own part stands in its row, so that looking at it twice adds nothing, and adding up 100,000 cases takes no
longer than adding up their days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from samdrift_platform.ledger.database import insert_new
from samdrift_platform.ledger.tables import benefits
from samdrift_rpa.statistics.period import Period
from samdrift_rpa.tables import amounts, measures

_KEYS = ("kind", "measure", "unit", "method")


@dataclass(frozen=True, kw_only=True)
class Amount:
    """A sum of the benefit ledger: what was saved, or spent on computing."""

    #: "saved" or "spent".
    kind: str
    measure: str
    quantity: float
    unit: str
    #: How it is known.
    method: str
    #: Cases in the sum.
    items: int


def parts_of(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, dict[str, float]]:
    """Item -> id of a measure -> quantity, by the item's rows in the benefit ledger."""
    keys = [benefits.c[name] for name in _KEYS]
    query = (
        sa.select(benefits.c.item_id, *keys, sa.func.sum(benefits.c.quantity).label("quantity"))
        .where(benefits.c.item_id.in_(item_ids))
        .group_by(benefits.c.item_id, *keys)
    )
    rows = connection.execute(query).mappings().all()
    known = _identified(connection, {tuple(row[name] for name in _KEYS) for row in rows})
    parts: dict[UUID, dict[str, float]] = {}
    for row in rows:
        identifier = known[tuple(row[name] for name in _KEYS)]
        parts.setdefault(row["item_id"], {})[str(identifier)] = row["quantity"]
    return parts


def add(connection: sa.Connection, changes: Iterable[tuple[Mapping[str, Any], Mapping[str, float]]]) -> None:
    """Add what cases' rows have gained: each row as it is now, with the part that was added up of it before."""
    gained: dict[tuple[str, date, int], list[float]] = {}
    for row, before in changes:
        for identifier in {*row["amounts"], *before}:
            key = (row["process"], row["received_on"], int(identifier))
            sums = gained.setdefault(key, [0.0, 0])
            sums[0] += row["amounts"].get(identifier, 0.0) - before.get(identifier, 0.0)
            sums[1] += (identifier in row["amounts"]) - (identifier in before)
    rows = [
        {"process": process, "received_on": on, "measure": identifier, "quantity": quantity, "items": int(items)}
        for (process, on, identifier), (quantity, items) in gained.items()
        if quantity or items
    ]
    if not rows:
        return
    new = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(amounts)
    more = {name: amounts.c[name] + new.excluded[name] for name in ("quantity", "items")}
    connection.execute(new.on_conflict_do_update(index_elements=["process", "received_on", "measure"], set_=more), rows)


def of_processes(connection: sa.Connection, period: Period) -> dict[str, list[Amount]]:
    """Process -> sums over the period, as the page of benefits adds up the same rows."""
    keys = [measures.c[name] for name in _KEYS]
    query = (
        sa.select(
            amounts.c.process,
            *keys,
            sa.func.sum(amounts.c.quantity).label("quantity"),
            sa.func.sum(amounts.c["items"]).label("items"),
        )
        .join(measures, measures.c.id == amounts.c.measure)
        .where(period.of(amounts))
        .group_by(amounts.c.process, *keys)
        .order_by(amounts.c.process, *keys)
    )
    added: dict[str, list[Amount]] = {}
    for row in connection.execute(query).mappings():
        values = {name: row[name] for name in (*_KEYS, "quantity")}
        added.setdefault(row["process"], []).append(Amount(**values, items=int(row["items"])))
    return added


def _identified(connection: sa.Connection, wanted: set[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Kind, measure, unit and method -> id; what is new is numbered."""
    found = _numbered(connection)
    if new := wanted - set(found):
        insert_new(connection, measures, [dict(zip(_KEYS, each, strict=True)) for each in sorted(new)])
        found = _numbered(connection)
    return found


def _numbered(connection: sa.Connection) -> dict[tuple[Any, ...], int]:
    keys = [measures.c[name] for name in _KEYS]
    return {tuple(row[1:]): row[0] for row in connection.execute(sa.select(measures.c.id, *keys))}
