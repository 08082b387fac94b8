"""Cases day by day, for plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from samdrift_platform.ledger.items import ItemState
from samdrift_rpa.statistics.period import Period
from samdrift_rpa.tables import cases

#: Days that are drawn, at most: the newest.
MOST_DAYS = 366


@dataclass(frozen=True, kw_only=True)
class Day:
    """What became of the cases that were received on a day, by Danish clocks."""

    on: date
    received: int = 0
    done: int = 0
    #: Rejected: business exceptions.
    rejected: int = 0
    #: Failed: system exceptions.
    failed: int = 0


def days(connection: sa.Connection, period: Period, process: str | None = None) -> Sequence[Day]:
    """Every day from the first with a case to the last, days without one included; the newest `MOST_DAYS`."""
    query = (
        sa.select(cases.c.received_on, cases.c.state, sa.func.count())
        .where(period.holds(process))
        .group_by(cases.c.received_on, cases.c.state)
    )
    counted: dict[date, dict[str, int]] = {}
    for on, state, number in connection.execute(query):
        counted.setdefault(on, {})[state] = number
    if not counted:
        return []
    last = max(counted)
    first = max(min(counted), last - timedelta(days=MOST_DAYS - 1))
    return [_day(first + timedelta(days=n), counted) for n in range((last - first).days + 1)]


def _day(on: date, counted: dict[date, dict[str, int]]) -> Day:
    states = counted.get(on, {})
    return Day(
        on=on,
        received=sum(states.values()),
        done=states.get(ItemState.DONE, 0),
        rejected=states.get(ItemState.REJECTED, 0),
        failed=states.get(ItemState.FAILED, 0),
    )
