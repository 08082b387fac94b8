"""The nightly run: a plan for every building, and what became of it, in sentences and by building.

A run orders what this night still lacks and looks at how far it is. It holds nothing that the tables do not, so it may
be killed, repeated and started twice; a schedule with several times in the night makes it whole again by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.ordering import orders
from samdrift_energy_forecast.ordering.making import OrderDesk
from samdrift_energy_forecast.ordering.orders import Ordered
from samdrift_energy_forecast.plan_list.entry import WANTED
from samdrift_platform.ledger.items import ItemState

if TYPE_CHECKING:
    import sqlalchemy as sa

    from samdrift_platform.ledger.database import Ledger

#: Whose midnight plans begin at.
ZONE = ZoneInfo("Europe/Copenhagen")
ACTOR = "nightly"
#: Codes for what a person should look at that no plan names: it was never made.
FAILED, REJECTED, WAITING = "plan_failed", "plan_rejected", "plan_waiting"


@dataclass(frozen=True, kw_only=True)
class Concern:
    """One building that a person should look at."""

    building: str
    #: Codes: of the order, of the plan's notices, or of a plan that was not made.
    codes: tuple[str, ...]


@dataclass(kw_only=True)
class Night:
    """How far a night is."""

    issue_time: datetime
    #: Active buildings, and those of them that are ordered.
    buildings: int
    ordered: int = 0
    #: Plans made by forecast and optimisation.
    planned: int = 0
    #: Plans that fall back to the plan before or to the fixed setback plan, for a reason that each says.
    fallback: int = 0
    #: Fixed setback on purpose: it is the building's week for comparison, see `verification`.
    compared: int = 0
    #: Rejected or failed: no plan; the one before holds for its 72 h, and then the fixed setback plan.
    without: int = 0
    #: Not made yet.
    waiting: int = 0
    #: Heat of all plans and under fixed setback, kWh, over the hours of the plans: planned, not measured.
    planned_kwh: float = 0.0
    setback_kwh: float = 0.0
    #: Code -> buildings that a person should look at for it.
    attention: Counter[str] = field(default_factory=Counter)

    @property
    def is_over(self) -> bool:
        """Whether every active building has its answer."""
        return not self.waiting and self.ordered >= self.buildings

    def count(self, found: Ordered) -> None:
        """Add one building's order."""
        self.ordered += 1
        self.attention.update(codes(found))
        if found.state in (ItemState.FAILED, ItemState.REJECTED, ItemState.CANCELLED):
            self.without += 1
        elif not found.result:
            self.waiting += 1
        elif safe := found.result.get("safe_state"):
            self.compared += safe["code"] == WANTED
            self.fallback += safe["code"] != WANTED
        else:
            self.planned += 1
            summary = found.result.get("summary") or {}
            self.planned_kwh += summary.get("planned_kwh") or 0.0
            self.setback_kwh += summary.get("setback_kwh") or 0.0

    def sentences(self) -> Sequence[str]:
        """For a person who reads the run's history."""
        told = [
            f"Night of {self.issue_time:%Y-%m-%d %H:%M} UTC: {self.ordered} of {self.buildings} buildings ordered; "
            f"{self.planned} planned, {self.fallback} on a fallback plan, {self.without} without a plan, "
            f"{self.waiting} not made yet."
        ]
        if self.planned:
            told.append(
                f"Planned, not measured: {self.planned_kwh:,.0f} kWh against {self.setback_kwh:,.0f} kWh under fixed "
                f"setback in {self.planned} buildings."
            )
        if self.compared:
            told.append(f"Fixed setback for comparison, as was drawn: {self.compared} buildings.")
        told += [f"A person should look: {code} in {number}." for code, number in self.attention.most_common()]
        return told


def codes(found: Ordered) -> tuple[str, ...]:
    """What a person should look at in one building, each code once; empty where all is well."""
    told = [str(lack) for lack in found.order.lacks]
    told += {ItemState.FAILED: [FAILED], ItemState.REJECTED: [REJECTED]}.get(found.state, [])
    notices = [*(found.result.get("attention") or ())]
    safe = found.result.get("safe_state")
    if safe and safe["code"] != WANTED:
        notices.append(safe)
    return tuple(dict.fromkeys([*told, *(notice["code"] for notice in notices)]))


def run(desk: OrderDesk, *, now: datetime) -> Night:
    """Order what tonight lacks; how far the night is then."""
    issue_time = midnight(now)
    desk.order_night(issue_time, now=now)
    with desk.ledger.read() as connection:
        return night(connection, issue_time)


def night(connection: sa.Connection, issue_time: datetime) -> Night:
    """How far the night of `issue_time` is."""
    told = Night(issue_time=issue_time, buildings=register.count(connection))
    for found in orders.of_night(connection, issue_time):
        told.count(found)
    return told


def concerns(connection: sa.Connection, issue_time: datetime) -> Iterator[Concern]:
    """The buildings of a night that a person should look at, in the order of their ids."""
    for found in orders.of_night(connection, issue_time):
        if told := codes(found):
            yield Concern(building=found.order.building, codes=told)


def midnight(now: datetime) -> datetime:
    """The last midnight in Denmark, UTC: every run of a night and of the day after it has the same one."""
    day: date = now.astimezone(ZONE).date()
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def desk(ledger: Ledger, objects_url: str, tenant: str, *, by: str = ACTOR) -> OrderDesk:
    """A desk as the installation's settings say."""
    from samdrift_platform.objects import ObjectStore

    return OrderDesk(ledger=ledger, store=ObjectStore(objects_url), tenant=tenant, ordered_by=by)
