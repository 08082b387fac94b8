"""Delayed truth: what a biopsy, a meter or the end of a case said about a score, long after it was given.

Truths are appended; of an item and name the newest counts. With them live performance is measured on the items that
were really decided, and the watch can tell whether the model still is calibrated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger import audit, items
from samdrift_platform.ledger.tables import scores, truths


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A score and what turned out to be true."""

    item_id: UUID
    version: int
    value: float
    truth: float
    #: When the score was given, and when the truth was observed; aware, UTC.
    recorded_at: datetime
    observed_at: datetime


def record(
    connection: sa.Connection,
    item_id: UUID,
    *,
    name: str,
    value: float,
    source: str,
    observed_at: datetime,
    actor: str,
    now: datetime,
) -> None:
    """Keep what turned out to be true of the score `name` of an item.

    Args:
        connection: inside `Ledger.write()`.
        item_id: the item.
        name: the score's name, as `Workload.scores` gives it.
        value: in the score's unit; 1.0 and 0.0 for yes and no.
        source: where it is known from: "histology", "meter", "case closed". No personal data.
        observed_at: aware.
        actor: who says so.
        now: aware.

    Raises:
        NotFoundError: there is no such item.
    """
    items.get(connection, item_id)
    values = {"item_id": item_id, "name": name, "value": value, "source": source, "observed_at": observed_at}
    connection.execute(sa.insert(truths).values(**values, recorded_by=actor, recorded_at=now))
    event = audit.Event(actor=actor, action="item.truth", subject=f"item:{item_id}", details={"name": name})
    audit.append(connection, [event], now=now)


def judged(connection: sa.Connection, model: str, name: str, *, since: datetime) -> list[Judged]:
    """Scores of the champion given at or after `since` whose truth is known, oldest first."""
    newest = sa.select(sa.func.max(truths.c.seq)).where(truths.c.name == name).group_by(truths.c.item_id)
    query = (
        sa.select(
            scores.c.item_id,
            scores.c.version,
            scores.c.value,
            truths.c.value.label("truth"),
            scores.c.recorded_at,
            truths.c.observed_at,
        )
        .join(truths, truths.c.item_id == scores.c.item_id)
        .where(
            truths.c.seq.in_(newest),
            scores.c.model == model,
            scores.c.name == name,
            scores.c.slot == "champion",
            scores.c.recorded_at >= since,
        )
        .order_by(scores.c.seq)
    )
    return [Judged(**row) for row in connection.execute(query).mappings()]
