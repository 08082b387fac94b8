"""Limits that contradict each other: each contradiction is told to a person and resolved to the side of people.

A plan is made in any case. What is resolved here holds for one plan; the building's own file stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from samdrift_energy_forecast.building.comfort_profiles import LEAST_WORKING_C, MOST_WORKING_C
from samdrift_energy_forecast.plans.notice import Notice, told

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import BuildingDescription, Comfort, Setback

    B = TypeVar("B", bound=BuildingDescription)
else:
    B = TypeVar("B")


#: Rooms that are this much colder than closed hours allow were not heated (K).
FAILURE_K = 1.5


@dataclass(frozen=True, kw_only=True)
class Resolved(Generic[B]):
    """A building whose limits agree, and what was changed for that."""

    building: B
    findings: tuple[Notice, ...]


def resolved(building: B) -> Resolved[B]:
    """The building with limits that agree: the same one, and no findings, where they did."""
    setback, of_setback = _setback(building.setback)
    comfort, of_comfort = _comfort(building.comfort)
    findings = (*of_setback, *of_comfort, *_compared(comfort, setback))
    agreeing = building.model_copy(update={"setback": setback, "comfort": comfort}) if findings else building
    return Resolved(building=agreeing, findings=findings)


def has_failed(building: BuildingDescription, room_c: float) -> bool:
    """Whether rooms are colder than any plan lets them get: the heating has failed."""
    return room_c < min(building.comfort.closed_c, building.setback.setback_c) - FAILURE_K


def _setback(setback: Setback) -> tuple[Setback, list[Notice]]:
    """The warm set-point is the higher of the two."""
    if setback.setback_c <= setback.warm_c:
        return setback, []
    higher, lower = setback.setback_c, setback.warm_c
    finding = told("set_back_above_warm", set_back_c=higher, warm_c=lower)
    return setback.model_copy(update={"warm_c": higher, "setback_c": lower}), [finding]


def _comfort(comfort: Comfort) -> tuple[Comfort, list[Notice]]:
    """From the most to the least important: health, what the owner asks for while people are there, the rest."""
    findings, open_c = [], comfort.open_c
    if open_c < LEAST_WORKING_C:
        findings.append(told("too_cold_to_work", asked_c=open_c, used_c=LEAST_WORKING_C))
        open_c = LEAST_WORKING_C
    if open_c > MOST_WORKING_C:
        findings.append(told("too_warm_to_work", asked_c=open_c, used_c=MOST_WORKING_C))
        open_c = MOST_WORKING_C
    highest_c = comfort.highest_c
    if highest_c < open_c:
        findings.append(told("lowest_above_highest", lowest_c=open_c, highest_c=highest_c))
        highest_c = open_c
    cap_c = comfort.highest_set_point_c
    if cap_c is not None and cap_c < open_c:
        findings.append(told("cap_below_lowest", cap_c=cap_c, lowest_c=open_c))
        cap_c = open_c
    closed_c = comfort.closed_c
    if closed_c > open_c:
        findings.append(told("closed_above_open", closed_c=closed_c, open_c=open_c))
        closed_c = open_c
    if closed_c < comfort.frost_c:
        findings.append(told("closed_below_frost", closed_c=closed_c, frost_c=comfort.frost_c))
        closed_c = comfort.frost_c
    agreed = {"open_c": open_c, "highest_c": highest_c, "highest_set_point_c": cap_c, "closed_c": closed_c}
    return (comfort.model_copy(update=agreed) if findings else comfort), findings


def _compared(comfort: Comfort, setback: Setback) -> list[Notice]:
    """Findings that nothing needs to be changed for: the fixed plan of today stays what it is, to be compared with."""
    findings = []
    cap_c = comfort.highest_set_point_c
    if cap_c is not None and setback.warm_c > cap_c:
        findings.append(told("warm_above_cap", warm_c=setback.warm_c, cap_c=cap_c))
    if setback.warm_c < comfort.open_c:
        findings.append(told("warm_below_lowest", warm_c=setback.warm_c, lowest_c=comfort.open_c))
    return findings
