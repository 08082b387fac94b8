"""Always a plan: a new one, or the one before as long as it lasts, or the fixed setback plan; and a word to a person.

A new plan is made with weather forecasts that are stale, short or missing, with prices that are missing or old, with
limits that contradict each other, and from 12 C after a failure; the fault is told. Where the meter is dead or silent,
the history too short, rooms are not measured or not described, files cannot be read or the solver fails, the plan
before goes on to its end, and fixed setback behind it; without a plan before, fixed setback applies at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.limits import resolved
from samdrift_energy_forecast.errors import (
    MeterSilentError,
    NoPlanError,
    PlanDocumentError,
    ReadingsError,
    ShortHistoryError,
)
from samdrift_energy_forecast.metering.readings import FEWEST_HOURS, OLDEST_LATEST_READING_H
from samdrift_energy_forecast.planning.fixed_setback import fixed_setback
from samdrift_energy_forecast.plans.document import Plan
from samdrift_energy_forecast.plans.held import with_overrides
from samdrift_energy_forecast.plans.in_force import changes_before
from samdrift_energy_forecast.plans.notice import Notice, told
from samdrift_platform.errors import NotFoundError

if TYPE_CHECKING:
    from samdrift_energy_forecast.forecasting.ridge import FamilyModel
    from samdrift_energy_forecast.submission import Building
    from samdrift_platform.contract import Store


log = structlog.get_logger(__name__)


def plan_in_any_case(building: Building, issue: int, store: Store, family: FamilyModel) -> Plan:
    """The building's plan from hour `issue` on, with what people hold in place of it. Never fails for its input."""
    limits = resolved(building)
    plan = _best(limits.building, issue, store, family)
    held = with_overrides(plan, building.overrides, limits.building.comfort.frost_c)
    return replace(
        held,
        attention=(*held.attention, *_raised(building), *limits.findings),
        set_points_before=changes_before(building, issue, store),
    )


def stopped(building: Building, issue: int) -> Plan:
    """While the workload is stopped: the fixed setback plan, with what people hold in place of it."""
    limits = resolved(building)
    plan = fixed_setback(limits.building, issue, told("stopped"), limits.findings)
    return with_overrides(plan, building.overrides, limits.building.comfort.frost_c)


def _best(building: Building, issue: int, store: Store, family: FamilyModel) -> Plan:
    """A new plan, or what applies instead."""
    from samdrift_energy_forecast.planning.composition import composed
    from samdrift_energy_forecast.planning.planner import plan_building

    try:
        plan = composed(building, plan_building(building, issue, store, family))
    except (ReadingsError, NoPlanError, NotFoundError) as error:
        return _instead(building, issue, store, (_told_of(error),))
    except Exception as error:
        log.exception("no plan", building=building.id)
        return _instead(building, issue, store, (told("planner_failed", why=type(error).__name__),))
    if plan.safe_state is None or plan.safe_state.code == "comparison_week":
        return plan
    # A forecast without a plan: the plan before knows the rooms better than fixed setback does.
    earlier, unreadable = _earlier(building, issue, store)
    if earlier is None:
        return replace(plan, attention=(*plan.attention, *unreadable))
    return _continued(building, issue, earlier, (plan.safe_state, *plan.attention))


def _instead(building: Building, issue: int, store: Store, attention: tuple[Notice, ...]) -> Plan:
    """Without a forecast: the plan before as long as it lasts, else fixed setback."""
    earlier, unreadable = _earlier(building, issue, store)
    if earlier is None:
        return fixed_setback(building, issue, told("fixed_setback"), (*attention, *unreadable))
    return _continued(building, issue, earlier, attention)


def _earlier(building: Building, issue: int, store: Store) -> tuple[Plan | None, tuple[Notice, ...]]:
    """The plan before, if it was one and still holds; and what is to be said if it cannot be read."""
    if building.previous_plan is None:
        return None, ()
    try:
        earlier = Plan.from_json(store.get(building.previous_plan))
    except (PlanDocumentError, NotFoundError) as error:
        return None, (told("previous_plan_unusable", why=error.message),)
    was_planned = earlier.safe_state is None or earlier.safe_state.code == "previous_plan"
    holds = earlier.issue_time <= hours.start_of(issue) < earlier.ends
    return (earlier if was_planned and holds and earlier.building.id == building.id else None), ()


def _continued(building: Building, issue: int, earlier: Plan, attention: tuple[Notice, ...]) -> Plan:
    """`earlier` from `issue` on; fixed setback behind its end. What it foresaw stays foreseen; no saving is claimed."""
    why = _goes_on(earlier, building)
    rest = fixed_setback(building, issue, why, attention)
    begins, ends = rest.issue_time, min(earlier.ends, rest.ends)
    kept = [replace(earlier.entry_at(begins), begins=begins)]
    kept += [entry for entry in earlier.entries if begins < entry.begins < ends]
    after = [replace(rest.entry_at(ends), begins=ends)] if ends < rest.ends else []
    after += [entry for entry in rest.entries if entry.begins > ends]
    skipped = issue - hours.beginning_at(earlier.issue_time)
    known = {
        name: (*values[skipped : skipped + rest.horizon_h], *[None] * rest.horizon_h)[: rest.horizon_h]
        for name, values in earlier.series.items()
    }
    return replace(rest, entries=(*kept, *after), series={**known, **rest.series}, thermal_model=earlier.thermal_model)


def _goes_on(earlier: Plan, building: Building) -> Notice:
    """Names the plan that was really made, also when it goes on for the second night."""
    if earlier.safe_state is not None:
        return earlier.safe_state
    planned, until = (instant.astimezone(building.zone).isoformat() for instant in (earlier.issue_time, earlier.ends))
    return told("previous_plan", planned_at=planned, until_at=until)


def _told_of(error: ReadingsError | NoPlanError | NotFoundError) -> Notice:
    if isinstance(error, MeterSilentError):
        return told("meter_silent", hours=float(OLDEST_LATEST_READING_H))
    if isinstance(error, ShortHistoryError):
        return told("history_short", needed=float(FEWEST_HOURS))
    code = "solver_failed" if isinstance(error, NoPlanError) else "readings_unusable"
    return told(code, why=error.message)


def _raised(building: Building) -> tuple[Notice, ...]:
    """What people hold below the frost limit."""
    frost_c = building.comfort.frost_c
    return tuple(
        told("override_raised", set_point_c=one.set_point_c, frost_c=frost_c)
        for one in building.overrides
        if one.set_point_c < frost_c
    )
