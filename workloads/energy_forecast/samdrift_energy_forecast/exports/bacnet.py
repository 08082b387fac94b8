"""A plan in the shape of a BACnet schedule object (ASHRAE 135, clause 12.24), as JSON for a building-management system.

The week of fixed setback is the weekly schedule, and the plan lies over it as an exception for each of its days. So
when no newer plan comes, the building falls back to what it did without plans, by itself. Times are the building's
local clock, which repeats an hour in autumn and leaves one out in spring; in the repeated one the warmer set-point
stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from samdrift_energy_forecast.plans.document import QUARTER, Plan

FORMAT = "samdrift-bacnet-schedule/1"
#: Of the exceptions, 1 (highest) to 16: there is room above for the building's own.
EVENT_PRIORITY = 10
#: In the written property's priority array (clause 19.2): the lowest, so that everything else at the building decides.
PRIORITY_FOR_WRITING = 16
#: Local clock time ("06:15") -> set-point in C; None gives way to the weekly schedule (a BACnet NULL).
_DayPlan: TypeAlias = dict[time, float | None]


def to_bacnet(plan: Plan) -> bytes:
    """UTF-8 JSON with sorted keys: the same plan, the same bytes."""
    days = _days(plan)
    document = {
        "format": FORMAT,
        "object_type": "schedule",
        "object_name": f"{plan.building.id} heating set-point",
        "description": plan.building.name,
        "building": plan.building.id,
        "issue_time": plan.issue_time.isoformat(),
        "version": plan.version,
        "time_zone": plan.building.time_zone,
        "units": "degrees-celsius",
        "effective_period": {"start_date": min(days).isoformat(), "end_date": None},
        "weekly_schedule": [_listed(day) for day in _week(plan)],
        "exception_schedule": [
            {
                "period": {"calendar_entry": {"date": day.isoformat()}},
                "list_of_time_values": _listed(changes),
                "event_priority": EVENT_PRIORITY,
            }
            for day, changes in sorted(days.items())
        ],
        "schedule_default": _default_c(plan),
        "priority_for_writing": PRIORITY_FOR_WRITING,
        "list_of_object_property_references": [],
        "out_of_service": False,
    }
    return json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1).encode("utf-8")


def _default_c(plan: Plan) -> float:
    """The coldest set-point of the week of fixed setback."""
    return min(celsius for day in _week(plan) for celsius in day.values() if celsius is not None)


def _week(plan: Plan) -> list[_DayPlan]:
    """Monday first. A plan that does not say the week gets its own first set-point for all of it."""
    known = plan.building.weekly_setback
    if not known:
        return [{time(): plan.entries[0].set_point_c}] * 7
    return [{time.fromisoformat(clock): celsius for clock, celsius in day} for day in known]


def _days(plan: Plan) -> dict[date, _DayPlan]:
    """For each local day of the plan when its set-point changes; where the plan ends within a day, it gives way."""
    days: dict[date, dict[time, float]] = {}
    for local, celsius in _quarters(plan):
        day = days.setdefault(local.date(), {})
        day[local.time()] = max(day.get(local.time(), celsius), celsius)
    changes = {day: _changes(values) for day, values in days.items()}
    end = plan.ends.astimezone(ZoneInfo(plan.building.time_zone))
    if end.time() != time():
        changes[end.date()][end.time()] = None
    return changes


def _quarters(plan: Plan) -> Iterator[tuple[datetime, float]]:
    zone = ZoneInfo(plan.building.time_zone)
    for number, celsius in enumerate(plan.set_points_c()):
        yield (plan.issue_time + number * QUARTER).astimezone(zone), celsius


def _changes(values: Mapping[time, float]) -> _DayPlan:
    """The first value and each that differs from the one before it on the clock."""
    ordered: Sequence[tuple[time, float]] = sorted(values.items())
    changed = [after for before, after in pairwise(ordered) if before[1] != after[1]]
    return dict([ordered[0], *changed])


def _listed(changes: _DayPlan) -> list[dict[str, Any]]:
    """BACnetTimeValues in the order of the clock."""
    return [{"time": clock.strftime("%H:%M:%S"), "value": value} for clock, value in sorted(changes.items())]
