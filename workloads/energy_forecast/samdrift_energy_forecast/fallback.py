"""What applies when no plan can be made: always a plan, with the reason and a word to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building import Weekday
from samdrift_energy_forecast.calendar import BuildingCalendar
from samdrift_energy_forecast.forecast import HORIZON_H
from samdrift_energy_forecast.notice import Notice, told
from samdrift_energy_forecast.plan_document import Entry, Plan, PlannedFor, Summary
from samdrift_energy_forecast.reasons import Reason

if TYPE_CHECKING:
    from samdrift_energy_forecast.building import BuildingDescription

#: Why the fixed setback plan applies while the workload is stopped.
STOPPED = told("stopped")


def fixed_setback(building: BuildingDescription, issue: int, why: Notice) -> Plan:
    """The safe state: needs no model, no readings and no weather, and nothing is known of the heat."""
    calendar = BuildingCalendar(building)
    is_open, setback_c = calendar.is_open(issue, HORIZON_H), calendar.setback_c(issue, HORIZON_H)
    changes = [k for k in range(HORIZON_H) if k == 0 or setback_c[k] != setback_c[k - 1]]
    return Plan(
        building=planned_for(building),
        issue_time=hours.start_of(issue),
        safe_state=why,
        attention=(),
        entries=tuple(
            Entry(
                begins=hours.start_of(issue + k),
                set_point_c=float(setback_c[k]),
                reason=Reason.FIXED_SETBACK,
                facts={},
            )
            for k in changes
        ),
        series={"open": tuple(map(float, is_open)), "setback_c": tuple(map(float, setback_c))},
        binding=(None,) * HORIZON_H,
        summary=Summary(currency=building.tariff.currency, method="fixed setback; nothing was forecast"),
        thermal_model=None,
        forecast_check={"mean_absolute_error_kwh": None, "hours": 0},
    )


def planned_for(building: BuildingDescription) -> PlannedFor:
    """The building as its plan names it."""
    return PlannedFor(
        id=building.id,
        name=building.name,
        time_zone=building.time_zone,
        language=building.language,
        weekly_setback=tuple(_setback_of(building, day) for day in Weekday),
    )


def _setback_of(building: BuildingDescription, day: Weekday) -> tuple[tuple[str, float], ...]:
    """A weekday's fixed setback plan, as local clock and set-point: warm on a day that opens."""
    setback = building.setback
    night, warm = ("00:00", setback.setback_c), setback.warm
    if day not in building.calendar.opening:
        return (night,)
    begins, ends = warm.begins.strftime("%H:%M"), warm.ends.strftime("%H:%M")
    held = {night[0]: night[1], begins: setback.warm_c}
    return tuple((held if ends == "00:00" else {**held, ends: setback.setback_c}).items())
