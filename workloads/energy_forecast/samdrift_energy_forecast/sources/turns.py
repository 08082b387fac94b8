"""Turns at a source, shared by all processes of this installation through the ledger's database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samdrift_energy_forecast.sources.errors import SourcePausedError
from samdrift_energy_forecast.tables import source_calls, source_pauses
from samdrift_platform.ledger.database import take_turns

if TYPE_CHECKING:
    from samdrift_energy_forecast.sources.source import Source
    from samdrift_platform.ledger.database import Ledger


class Turns:
    """Who may ask when. One transaction a turn, one at a time, so that two processes never count the same free turn."""

    def __init__(self, ledger: Ledger) -> None:
        """Keep the turns in `ledger`."""
        self._ledger = ledger

    def take(self, source: Source, now: datetime) -> float:
        """0 when the turn is ours, and then it is counted; else how many seconds to wait before trying again.

        Raises:
            SourcePausedError: the source asked us to wait until later than `now`.
        """
        since = now - timedelta(seconds=source.within_s)
        with self._ledger.write() as connection:
            take_turns(connection, f"energy_forecast source {source.name}")
            self._refuse_while_paused(connection, source, now)
            mine = source_calls.c.source == source.name
            connection.execute(sa.delete(source_calls).where(mine, source_calls.c.called_at <= since))
            query = sa.select(sa.func.count(), sa.func.min(source_calls.c.called_at)).where(mine)
            count, oldest = connection.execute(query).one()
            if count < source.calls:
                connection.execute(sa.insert(source_calls).values(source=source.name, called_at=now))
                return 0.0
        until_the_oldest_leaves: float = (oldest - since).total_seconds()
        return max(0.001, until_the_oldest_leaves)

    def pause(self, source: Source, until: datetime) -> None:
        """Nobody asks `source` before `until`; a pause that is there already is not shortened."""
        with self._ledger.write() as connection:
            take_turns(connection, f"energy_forecast source {source.name}")
            there = self._paused_until(connection, source)
            if there is None:
                connection.execute(sa.insert(source_pauses).values(source=source.name, until=until))
            elif until > there:
                mine = source_pauses.c.source == source.name
                connection.execute(sa.update(source_pauses).where(mine).values(until=until))

    def _refuse_while_paused(self, connection: sa.Connection, source: Source, now: datetime) -> None:
        until = self._paused_until(connection, source)
        if until is not None and until > now:
            raise SourcePausedError(f"{source.name}: {SourcePausedError.__doc__} (until {until:%Y-%m-%dT%H:%M:%SZ})")

    def _paused_until(self, connection: sa.Connection, source: Source) -> datetime | None:
        query = sa.select(source_pauses.c.until).where(source_pauses.c.source == source.name)
        found: datetime | None = connection.execute(query).scalar_one_or_none()
        return found
