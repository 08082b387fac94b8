"""What was known of weather, prices and CO2 at an issue time, as objects that orders refer to.

A night's buildings share few places and price areas, so each table is made once and its reference used by all.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.sources.issued_table import IssuedTable, read_issued_table
from samdrift_energy_forecast.tables import known_series

if TYPE_CHECKING:
    from samdrift_energy_forecast.sources.place import Place
    from samdrift_platform.contract import Store

#: Forecasts that travel with an order: the newest, and those before it, whose later hours may reach further.
FORECASTS = 3


class KnownInputs:
    """The shared inputs of the orders of one issue time; remembers what it has made."""

    def __init__(self, store: Store, *, issue_time: datetime, first: datetime) -> None:
        """For plans that begin at `issue_time`, on the hour, with weather observed since `first`."""
        self._store, self._issue_time, self._first = store, issue_time, first
        self._made: dict[str, str | None] = {}

    def weather_observed(self, connection: sa.Connection, place: Place) -> str | None:
        """Observed weather at a place, an object; None where nothing is known."""
        return self._remembered(connection, place.observed_series, self._first, self._issue_time, newest=None)

    def weather_forecast(self, connection: sa.Connection, place: Place) -> str | None:
        """The newest forecasts for a place that were issued by then, an object; None where there are none."""
        return self._remembered(connection, place.forecast_series, self._issue_time, None, newest=FORECASTS)

    def _remembered(
        self, connection: sa.Connection, series: str, first: datetime, end: datetime | None, *, newest: int | None
    ) -> str | None:
        if series not in self._made:
            references = self._objects(connection, series, first, newest)
            self._made[series] = self._table(references, first, end) if references else None
        return self._made[series]

    def _objects(self, connection: sa.Connection, series: str, first: datetime, newest: int | None) -> list[str]:
        """Tables of the series that were issued by the issue time and hold hours after `first`, the newest first."""
        column = known_series.c
        query = (
            sa.select(column.object)
            .where(column.series == series, column.issued_at <= self._issue_time, column.end > first)
            .order_by(column.issued_at.desc(), column.seq.desc())
            .limit(newest)
        )
        return list(connection.execute(query).scalars())

    def _table(self, references: list[str], first: datetime, end: datetime | None) -> str | None:
        """One table of all of them with the hours from `first` on, stored; None where no row is left."""
        tables = [read_issued_table(self._store.get(reference)) for reference in references]
        joined = reduce(IssuedTable.joined, tables)
        last = hours.beginning_at(end) if end is not None else max(joined.hours, default=0) + 1
        chosen = joined.window(hours.beginning_at(first), last)
        if end is not None:  # of what was observed only the last word counts; of forecasts the issue is chosen later
            chosen = chosen.as_known(self._issue_time)
        return self._store.put(chosen.to_csv()) if len(chosen) else None
