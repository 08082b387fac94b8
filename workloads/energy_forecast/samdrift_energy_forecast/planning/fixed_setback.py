"""The fixed setback plan as a plan document: the safe state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.building.description import Weekday
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.plans.document import Entry, Plan, PlannedFor, Summary
from samdrift_energy_forecast.plans.reasons import Reason

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.plans.notice import Notice


def fixed_setback(building: BuildingDescription, issue: int, why: Notice, attention: tuple[Notice, ...] = ()) -> Plan:
    """Needs no model, no readings and no weather; nothing is known of the heat."""
    calendar = BuildingCalendar(building)
    is_open, setback_c = calendar.is_open(issue, HORIZON_H), calendar.setback_c(issue, HORIZON_H)
    celsius = [max(float(one), building.comfort.frost_c) for one in setback_c]
    return Plan(
        building=planned_for(building),
        issue_time=hours.start_of(issue),
        safe_state=why,
        attention=attention,
        entries=tuple(
            Entry(begins=hours.start_of(issue + k), set_point_c=celsius[k], reason=Reason.FIXED_SETBACK, facts={})
            for k in range(HORIZON_H)
            if k == 0 or celsius[k] != celsius[k - 1]
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
    """A weekday's fixed setback plan, as local clock and set-point: warm on a day that opens, never below frost."""
    setback, frost_c = building.setback, building.comfort.frost_c
    night_c, warm_c = max(setback.setback_c, frost_c), max(setback.warm_c, frost_c)
    if day not in building.calendar.opening:
        return (("00:00", night_c),)
    held = {"00:00": night_c, f"{setback.warm.begins_h:02d}:00": warm_c}
    if setback.warm.ends_h < hours.DAY:
        held[f"{setback.warm.ends_h:02d}:00"] = night_c
    return tuple(held.items())
