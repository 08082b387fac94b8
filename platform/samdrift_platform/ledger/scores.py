"""Named numbers of outcomes, by the model version that decided: what shadow runs, drift watch and delayed truth use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger.database import insert_new
from samdrift_platform.ledger.tables import scores

if TYPE_CHECKING:
    from samdrift_registry.deployments import Deployment


def rows(
    item_id: UUID, decided_by: Iterable[Deployment], values: Mapping[str, float], now: datetime
) -> list[dict[str, Any]]:
    """What `add` takes: every number under each of the versions that decided together."""
    return [
        {
            "item_id": item_id,
            "model": deployment.model,
            "version": deployment.version,
            "slot": deployment.slot,
            "name": name,
            "value": float(value),
            "recorded_at": now,
        }
        for deployment in decided_by
        for name, value in values.items()
    ]


def add(connection: sa.Connection, found: list[dict[str, Any]]) -> None:
    """Record numbers; those of an item, version and slot that are there already stay as they are."""
    insert_new(connection, scores, found)


def of_item(connection: sa.Connection, item_id: UUID, model: str, slot: str) -> dict[str, float]:
    """Name -> number of what the version in `slot` found."""
    query = sa.select(scores.c.name, scores.c.value).where(
        scores.c.item_id == item_id, scores.c.model == model, scores.c.slot == slot
    )
    return {name: value for name, value in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy
