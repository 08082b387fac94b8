"""What of a plan is kept in its item's result for ledger and account: plans of 72 h are made every night."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from samdrift_energy_forecast.plans.document import Plan


def counted_share(plan: Plan) -> float:
    """Share of the plan's expected heat that falls into its first day; 1 where nothing is expected.

    The saving is right in sum over the plan, not hour by hour, so it is shared out by the heat under fixed setback.
    """
    expected = [kwh or 0.0 for kwh in plan.values("setback_kwh")]
    total = sum(expected)
    return sum(expected[: hours.DAY]) / total if total else 1.0


def day_setback_kwh(plan: Plan) -> float | None:
    """Heat of the local day that the plan begins with, under fixed setback; None where the plan does not know it all.

    A plan that begins later than at midnight knows only the rest of the day.
    """
    zone = ZoneInfo(plan.building.time_zone)
    day = plan.issue_time.astimezone(zone).date()
    begins, ends = (datetime.combine(one, time(), zone).timestamp() for one in (day, day + timedelta(days=1)))
    count = int(ends - begins) // hours.SECONDS
    first = plan.values("setback_kwh")[:count]
    if plan.issue_time.timestamp() != begins or len(first) < count:
        return None
    known = [kwh for kwh in first if kwh is not None]
    return round(sum(known), 3) if len(known) == count else None
