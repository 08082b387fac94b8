"""Pins: which version and digest of a registered model the replicas load. No request resolves an alias."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from samdrift_platform.ledger import audit
from samdrift_platform.ledger.tables import pins


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One model's pinned version."""

    model: str
    version: int
    #: Of the signed manifest.
    digest: str
    pinned_by: str
    pinned_at: datetime

    def __str__(self) -> str:
        """As it stands with every decision: `3@sha256:…`."""
        return f"{self.version}@{self.digest}"


def pin(connection: sa.Connection, model: str, version: int, digest: str, *, actor: str, now: datetime) -> None:
    """Serve exactly this version from now on."""
    values = {"version": version, "digest": digest, "pinned_by": actor, "pinned_at": now}
    if not connection.execute(sa.update(pins).where(pins.c.model == model).values(**values)).rowcount:
        connection.execute(sa.insert(pins).values(model=model, **values))
    details = {"digest": digest}
    event = audit.Event(actor=actor, action="model.pinned", subject=f"model:{model}/{version}", details=details)
    audit.append(connection, [event], now=now)


def current(connection: sa.Connection) -> dict[str, Pin]:
    """Model -> its pin."""
    return {row["model"]: Pin(**row) for row in connection.execute(sa.select(pins)).mappings()}
