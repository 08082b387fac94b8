"""Series as they were known: every table fetched or imported is kept with when it was known; none is overwritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.sources.issued_table import IssuedTable, read_issued_table
from samdrift_energy_forecast.tables import known_series
from samdrift_platform.ledger.database import insert_new

if TYPE_CHECKING:
    from samdrift_platform.contract import Store
    from samdrift_platform.ledger.database import Ledger


#: An hour that a source lacks for longer than this it will not have any more.
SETTLED = timedelta(days=2)


class KnownSeries:
    """Weather, prices and CO2 in the object store, found by series, issue time and hours through the ledger."""

    def __init__(self, ledger: Ledger, store: Store) -> None:
        """Keep tables in `store` and where they are in `ledger`."""
        self._ledger, self._store = ledger, store

    def keep(
        self, series: str, table: IssuedTable, fetched: datetime, *, asked: tuple[int, int] | None = None
    ) -> str | None:
        """Keep `table` under the name `series`; its reference, or None when it has no rows. Kept twice, it is one.

        `asked`, the first hour and the one behind the last, says what was asked for where that is more than came.
        """
        if not len(table):
            return None
        first, end = asked or (min(table.hours), max(table.hours) + 1)
        reference = self._store.put(table.to_csv())
        row = {
            "series": series,
            "issued_at": min(table.issued),
            "fetched_at": fetched,
            "first": hours.start_of(first),
            "end": hours.start_of(end),
            "object": reference,
        }
        with self._ledger.write() as connection:
            insert_new(connection, known_series, [row])
        return reference

    def as_known(self, series: str, at: datetime, *, first: int, end: int) -> IssuedTable | None:
        """Hours `first` to `end - 1` as known at `at`: of rows issued by then the latest an hour; None: nothing was.

        Neither a table nor a row that was issued later has any influence.
        """
        whole: IssuedTable | None = None
        for reference in self._references(series, at, first, end):
            table = read_issued_table(self._store.get(reference)).window(first, end)
            whole = table if whole is None else whole.joined(table)
        known = None if whole is None else whole.as_known(at)
        return known if known is not None and len(known) else None

    def latest_fetch(self, series: str) -> datetime | None:
        """When a table of `series` was kept last."""
        query = sa.select(sa.func.max(known_series.c.fetched_at)).where(known_series.c.series == series)
        with self._ledger.read() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
        return found

    def missing(self, series: str, at: datetime, *, first: int, end: int) -> list[int]:
        """Hours of `first` to `end - 1` of which nothing is known at `at`."""
        known = self.as_known(series, at, first=first, end=end)
        there = set(known.hours) if known is not None else set()
        return [hour for hour in range(first, end) if hour not in there]

    def to_ask(self, series: str, now: datetime, *, first: int, end: int) -> list[int]:
        """Hours of `first` to `end - 1` that are not here, without those that were asked for when they were settled.

        What a source still lacked two days after the hour, it will not have: it is not asked again every hour.
        """
        mine = known_series.c
        query = sa.select(mine.first, mine.end, mine.fetched_at).where(
            mine.series == series, mine.first < hours.start_of(end), mine.end > hours.start_of(first)
        )
        with self._ledger.read() as connection:
            spans = connection.execute(query).all()
        asked: set[int] = set()
        for begins, ends, fetched in spans:
            settled = hours.beginning_at(begins), min(hours.beginning_at(ends), _hour(fetched - SETTLED))
            asked.update(range(*settled))
        return [hour for hour in self.missing(series, now, first=first, end=end) if hour not in asked]

    def _references(self, series: str, at: datetime, first: int, end: int) -> list[str]:
        mine = known_series.c
        query = (
            sa.select(mine.object)
            .where(mine.series == series, mine.issued_at <= at.astimezone(UTC))
            .where(mine.first < hours.start_of(end), mine.end > hours.start_of(first))
            .order_by(mine.issued_at, mine.seq)
        )
        with self._ledger.read() as connection:
            return list(connection.execute(query).scalars())


def _hour(instant: datetime) -> int:
    """The hour that `instant` lies in."""
    return int(instant.timestamp() // hours.SECONDS)
