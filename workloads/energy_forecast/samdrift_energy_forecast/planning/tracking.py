"""Set-points that follow the programme's trajectory: what prices, peaks and return temperature ask for.

A thermostat that is told the warm set-point heats at full power until it is reached. That is right where only the
latest start matters, and wrong where heat is to be spread, or to come in cheap hours: there the set-point follows the
room temperature that the programme planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.planning.programme import TOLERANCE
from samdrift_energy_forecast.planning.set_points import DECIMALS, LEAST_SHARE, SetPoints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import Comfort, Setback
    from samdrift_energy_forecast.planning.programme import PlanningProblem, Trajectory
    from samdrift_energy_forecast.thermal.droop import Droop


def tracked(
    chosen: SetPoints,
    problem: PlanningProblem,
    trajectory: Trajectory,
    comfort: Comfort,
    setback: Setback,
    droop: Droop,
) -> SetPoints:
    """`chosen` with the planned room temperature as set-point wherever the programme heats rooms up.

    While open it is never below what was chosen, and never above the highest set-point; it is never below the set-back.
    """
    heats = _heats_up(problem, trajectory)
    highest = max(highest_set_point_c(comfort, setback), setback.setback_c)
    follows = np.clip(droop.set_point_c(trajectory.room_c, trajectory.heat_kwh), setback.setback_c, highest)
    least = np.where(problem.operation.is_open, chosen.celsius, setback.setback_c)
    celsius: NDArray[np.float64] = np.where(heats, np.maximum(least, follows), least)
    return SetPoints(celsius=celsius.round(DECIMALS), reasons=chosen.reasons)


def highest_set_point_c(comfort: Comfort, setback: Setback) -> float:
    """The cap on set-points; today's warm one where there is none: who wants heat stored above it has to say so."""
    return setback.warm_c if comfort.highest_set_point_c is None else comfort.highest_set_point_c


def allowed(chosen: SetPoints, comfort: Comfort) -> SetPoints:
    """`chosen` within the cap on set-points and the frost limit, whatever it asked for."""
    return SetPoints(celsius=within(chosen.celsius, comfort), reasons=chosen.reasons)


def within(set_points_c: NDArray[np.float64], comfort: Comfort) -> NDArray[np.float64]:
    """Set-points in C within the cap and the frost limit."""
    cap_c = np.inf if comfort.highest_set_point_c is None else comfort.highest_set_point_c
    return np.array([min(max(one, comfort.frost_c), cap_c) for one in set_points_c.tolist()])


def _heats_up(problem: PlanningProblem, trajectory: Trajectory) -> NDArray[np.bool_]:
    """Steps in which rooms get warmer by heat that is worth switching on for, by the plan's own most or the plant's."""
    room_heat = trajectory.heat_kwh - problem.least_kwh
    worth = LEAST_SHARE * min(float((problem.largest_kwh - problem.least_kwh).max()), float(room_heat.max()))
    rises = np.diff(trajectory.room_c, prepend=problem.start.room_c) > TOLERANCE
    return np.asarray(rises & (room_heat > max(worth, TOLERANCE)))
