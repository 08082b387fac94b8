"""A plan's plots: temperatures, heat, and what a kWh costs and emits. Each leaves out what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from samdrift_energy_forecast.plans.document import HOUR, Plan
from samdrift_platform.portal.plot import Plot, Series, Style


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a plot: the plan's series, and how it is drawn."""

    #: The series' name in the plan; "set_point_c" stands for the entries.
    name: str
    unit: str
    style: Style = Style.LINE
    digits: int = 1


SET_POINT = "set_point_c"
TEMPERATURES = (
    Line(name=SET_POINT, unit="°C", style=Style.STEPS),
    Line(name="setback_c", unit="°C", style=Style.STEPS),
    Line(name="lowest_c", unit="°C", style=Style.STEPS),
    Line(name="planned_room_c", unit="°C"),
    Line(name="outdoor_c", unit="°C"),
)
HEAT = (
    Line(name="setback_kwh_q10", unit="kWh", style=Style.LOWER, digits=0),
    Line(name="setback_kwh_q90", unit="kWh", style=Style.UPPER, digits=0),
    Line(name="setback_kwh", unit="kWh", digits=0),
    Line(name="planned_kwh", unit="kWh", digits=0),
)


def price_and_co2(plan: Plan) -> tuple[Line, ...]:
    """Their lines, of those that change with the hours; each has an axis of its own."""
    lines = (
        Line(name="price_per_kwh", unit=f"{plan.summary.currency}/kWh", style=Style.STEPS, digits=2),
        Line(name="kg_co2_per_kwh", unit="kg/kWh", style=Style.STEPS, digits=3),
    )
    return tuple(line for line in lines if flat(plan, line.name) is None)


def flat(plan: Plan, name: str) -> float | None:
    """The one value of a series that is the same in every hour; None where it changes, or nothing is known."""
    values = set(plan.values(name))
    return values.pop() if len(values) == 1 else None


def figure(plan: Plan, lines: Sequence[Line], *, id_: str, title: str, labels: Mapping[str, str]) -> Plot | None:
    """A plot of those `lines` of which anything is known, with texts in the reader's language; None where none is."""
    known = [line for line in lines if line.name == SET_POINT or any(v is not None for v in plan.values(line.name))]
    if not known or all(line.name == SET_POINT for line in known):
        return None
    times = _times(plan, with_entries=any(line.name == SET_POINT for line in known))
    series = [
        Series(
            label=labels[line.name],
            unit=line.unit,
            values=_values(plan, line.name, times),
            style=line.style,
            digits=line.digits,
        )
        for line in known
    ]
    return Plot(id=id_, title=title, times=times, series=series)


def _times(plan: Plan, *, with_entries: bool) -> list[datetime]:
    """Every hour, and where entries begin between them."""
    entries = {entry.begins for entry in plan.entries} if with_entries else set()
    return sorted({*plan.hours, *entries})


def _values(plan: Plan, name: str, times: Sequence[datetime]) -> list[float | None]:
    if name == SET_POINT:
        return [plan.entry_at(moment).set_point_c for moment in times]
    hourly = plan.values(name)
    return [hourly[(moment - plan.issue_time) // HOUR] for moment in times]
