"""The platform's processes as they report themselves: what readiness is made of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from samdrift_platform.ledger.tables import processes

#: A process that was not heard of for this long counts as gone.
SILENCE = timedelta(seconds=15)


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process's last word."""

    name: str
    pid: int
    started_at: datetime
    seen_at: datetime
    ready: bool
    detail: Mapping[str, Any]

    def alive(self, now: datetime) -> bool:
        """It was heard of lately."""
        return abs(now - self.seen_at) < SILENCE  # a time in the future says that a clock was set


def report(connection: sa.Connection, name: str, *, ready: bool, detail: Mapping[str, Any], now: datetime) -> None:
    """Say that process `name` is here, and whether it can do its work."""
    values = {"pid": os.getpid(), "seen_at": now, "ready": ready, "detail": dict(detail)}
    same = sa.and_(processes.c.name == name, processes.c.pid == os.getpid())
    if connection.execute(sa.update(processes).where(same).values(**values)).rowcount:
        return
    connection.execute(sa.delete(processes).where(processes.c.name == name))
    connection.execute(sa.insert(processes).values(name=name, started_at=now, **values))


def all_of(connection: sa.Connection) -> list[Process]:
    """Every process that ever reported, by name."""
    rows = connection.execute(sa.select(processes).order_by(processes.c.name)).mappings()
    return [Process(**row) for row in rows]
