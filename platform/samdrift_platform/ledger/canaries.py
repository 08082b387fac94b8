"""Where a canary could not answer and the champion did: kept in the audit chain, counted from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger.audit import Event
from samdrift_platform.ledger.tables import audit_events

if TYPE_CHECKING:
    from samdrift_registry.deployments import Deployment

ACTION = "canary.failed"


@dataclass(frozen=True, kw_only=True)
class CanaryFailure:
    """A canary that should have decided on an item and could not."""

    canary: Deployment
    #: The error's type: its message may quote personal data.
    error: str


def event(item_id: UUID, failed: CanaryFailure) -> Event:
    """What the chain keeps of it."""
    subject = f"model:{failed.canary.model}/{failed.canary.version}"
    details = {"item": str(item_id), "digest": failed.canary.digest, "error": failed.error}
    return Event(actor="dispatcher", action=ACTION, subject=subject, details=details)


def failures(connection: sa.Connection, model: str, version: int, *, since: datetime | None = None) -> int:
    """Items for which the champion stood in for this version as a canary, `since` then or ever."""
    query = sa.select(sa.func.count()).where(
        audit_events.c.subject == f"model:{model}/{version}", audit_events.c.action == ACTION
    )
    if since is not None:
        query = query.where(audit_events.c.at >= since.isoformat())
    return int(connection.execute(query).scalar_one())
