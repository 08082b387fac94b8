"""The figures of a process: counted, not sampled, so they have no interval; what is estimated says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from samdrift_platform.ledger.items import ItemState
from samdrift_rpa.process import TimeSaved
from samdrift_rpa.statistics.amounts import Amount, of_processes
from samdrift_rpa.statistics.period import Period
from samdrift_rpa.tables import cases

#: Nearest-rank percentiles: the smallest duration that at least this share of the cases does not exceed.
MEDIAN, P95 = 0.5, 0.95
#: The measure of what is taken off.
_DECIDING = "time_for_decisions"


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How long something took, in seconds; None where there is no case."""

    n: int
    median_s: float | None
    p95_s: float | None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Cases that wait for a person now, whenever they were received."""

    n: int
    #: The longest of them so far, in seconds; None where none waits.
    longest_s: float | None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What became of a process's cases of a period."""

    process: str
    received: int
    #: Item state -> cases.
    states: Mapping[str, int]
    #: Code of a business exception -> cases; the input's fault. "" has no code.
    exceptions: Mapping[str, int]
    #: Ended without any person: no question, not by hand.
    untouched: int
    #: Handled by a person in the robot's place.
    by_hand: int
    #: From receipt to end, waiting included.
    handling: Spread
    #: Of cases that people decided about: how long those decisions took, together.
    decisions: Spread
    waiting: Waiting
    amounts: Sequence[Amount]

    @property
    def done(self) -> int:
        """Cases that were done."""
        return self.states.get(ItemState.DONE, 0)

    @property
    def rejected(self) -> int:
        """Business exceptions."""
        return self.states.get(ItemState.REJECTED, 0)

    @property
    def failed(self) -> int:
        """System exceptions, after all attempts."""
        return self.states.get(ItemState.FAILED, 0)

    @property
    def success(self) -> float | None:
        """Share of done among those that have ended; None: none has."""
        ended = self.done + self.rejected + self.failed
        return self.done / ended if ended else None

    @property
    def saved_min(self) -> float:
        """Working time saved, in minutes, as the organisation estimates it: what people spent on decisions is off."""
        return sum(each.quantity for each in self._minutes)

    @property
    def decided_min(self) -> float:
        """What people spent on decisions, in minutes, as the organisation estimates it."""
        return -sum(each.quantity for each in self._minutes if each.measure == _DECIDING)

    @property
    def minutes_per_case(self) -> float | None:
        """What each of these cases was counted with; None: none was."""
        by_hand = [each for each in self._minutes if each.measure != _DECIDING]
        items = sum(each.items for each in by_hand)
        return sum(each.quantity for each in by_hand) / items if items else None

    @property
    def _minutes(self) -> list[Amount]:
        return [each for each in self.amounts if each.kind == "saved" and each.unit == "min"]


#: People took their time over it. A literal, so that both databases see that the partial index covers it.
_WAITED = cases.c.waited_s > sa.literal_column("0")


def of_all(connection: sa.Connection, processes: Sequence[str], period: Period, *, now: datetime) -> Sequence[Figures]:
    """The figures of each of `processes`, in their order. The table must have caught up."""
    states = _by(connection, cases.c.state, period)
    codes = _by(connection, cases.c.code, period, cases.c.state == ItemState.REJECTED)
    touched = sa.or_(cases.c.was_asked, cases.c.by_hand)
    untouched = _by(connection, sa.literal(""), period, cases.c.state == ItemState.DONE, ~touched)
    by_hand = _by(connection, sa.literal(""), period, cases.c.by_hand)
    added = of_processes(connection, period)
    return [
        Figures(
            process=process,
            received=sum(states.get(process, {}).values()),
            states=states.get(process, {}),
            exceptions=codes.get(process, {}),
            untouched=untouched.get(process, {}).get("", 0),
            by_hand=by_hand.get(process, {}).get("", 0),
            handling=_spread(connection, cases.c.handled_s, period.holds(process)),
            decisions=_spread(connection, cases.c.waited_s, period.holds(process), _WAITED),
            waiting=_waiting(connection, process, now),
            amounts=added.get(process, ()),
        )
        for process in processes
    ]


def found(connection: sa.Connection) -> list[str]:
    """Names of the processes that have cases, whether they are still installed or not."""
    return list(connection.execute(sa.select(cases.c.process).distinct().order_by(cases.c.process)).scalars())


def catalogue_min(time_saved: TimeSaved) -> float:
    """What the process takes by hand in a year, in minutes, as the OS2autoproces catalogue counts it.

    `timeSpendOccurancesPerEmployee x timeSpendPerOccurance x timeSpendEmployeesDoingProcess`; 0 where the
    organisation has not said how often it is done.
    """
    return (
        time_saved.time_spend_occurances_per_employee
        * time_saved.time_spend_per_occurance_min
        * time_saved.time_spend_employees_doing_process
    )


def _by(
    connection: sa.Connection, what: sa.ColumnElement[str], period: Period, *where: sa.ColumnElement[bool]
) -> dict[str, dict[str, int]]:
    """Process -> what -> cases."""
    query = sa.select(cases.c.process, what, sa.func.count()).where(period.holds(), *where)
    counted: dict[str, dict[str, int]] = {}
    for process, value, number in connection.execute(query.group_by(cases.c.process, what)):
        counted.setdefault(process, {})[value] = number
    return counted


def _spread(connection: sa.Connection, seconds: sa.Column[float], *where: sa.ColumnElement[bool]) -> Spread:
    which = sa.and_(seconds.is_not(None), *where)
    number = connection.execute(sa.select(sa.func.count()).select_from(cases).where(which)).scalar_one()
    ranked = sa.select(seconds).where(which).order_by(seconds)

    def at(share: float) -> float | None:
        rank = -int(-share * number // 1)  # rounded up: nearest rank, from 1
        return connection.execute(ranked.limit(1).offset(rank - 1)).scalar() if number else None

    return Spread(n=number, median_s=at(MEDIAN), p95_s=at(P95))


def _waiting(connection: sa.Connection, process: str, now: datetime) -> Waiting:
    query = sa.select(sa.func.count(), sa.func.min(cases.c.waits_since)).where(
        cases.c.process == process, cases.c.waits_since.is_not(None)
    )
    number, since = connection.execute(query).one()
    return Waiting(n=number, longest_s=max((now - since).total_seconds(), 0.0) if since else None)
