"""The benefit ledger: what was saved, set against what computing it cost."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from samdrift_platform.ledger.tables import benefits


@dataclass(frozen=True, kw_only=True)
class Total:
    """A sum over all items of a workload; `method` says how each quantity is known."""

    workload: str
    #: "saved" or "spent".
    kind: str
    measure: str
    quantity: float
    unit: str
    method: str
    items: int


def totals(connection: sa.Connection) -> list[Total]:
    """Sums by workload, kind, measure, unit and method."""
    keys = [benefits.c[name] for name in ("workload", "kind", "measure", "unit", "method")]
    quantity = sa.func.sum(benefits.c.quantity).label("quantity")
    items = sa.func.count(benefits.c.item_id.distinct()).label("items")
    query = sa.select(*keys, quantity, items).group_by(*keys).order_by(*keys)
    return [Total(**row) for row in connection.execute(query).mappings()]
