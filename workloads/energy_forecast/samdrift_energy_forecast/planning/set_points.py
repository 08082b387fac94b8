"""From a trajectory to what a caretaker or a controller can set: one set-point an hour, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.planning.programme import TOLERANCE
from samdrift_energy_forecast.plans.reasons import Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import Comfort, Setback
    from samdrift_energy_forecast.planning.programme import PlanningProblem, Trajectory
    from samdrift_energy_forecast.surroundings.operation import Operation
    from samdrift_energy_forecast.thermal.comfort import RoomExperience

#: Less room heat than this share of the plant's is not worth switching on for.
LEAST_SHARE = 0.35
#: Set-points are given in tenths of a degree.
DECIMALS = 1


@dataclass(frozen=True, kw_only=True)
class SetPoints:
    """Set-points and their reasons, one an hour."""

    #: In C, shape `(n,)`.
    celsius: NDArray[np.float64]
    reasons: tuple[Reason, ...]


def set_points(
    problem: PlanningProblem, trajectory: Trajectory, experience: RoomExperience, comfort: Comfort, setback: Setback
) -> SetPoints:
    """Translate `trajectory`: warm while preheating, as low as the coldest room allows while open, else set back."""
    operation = problem.operation
    preheats = _preheats(operation, _heats(problem, trajectory) & _warms(problem, trajectory))
    while_open = _while_open_c(operation, experience, comfort, setback)
    closed = np.where(preheats, setback.warm_c, setback.setback_c)
    reasons = tuple(_reason(k, operation, problem, trajectory, preheats) for k in range(len(operation)))
    celsius = np.where(operation.is_open, while_open, closed)
    return SetPoints(celsius=celsius.round(DECIMALS), reasons=reasons)


def _heats(problem: PlanningProblem, trajectory: Trajectory) -> NDArray[np.bool_]:
    """Hours with room heat on top of what ventilation takes anyway."""
    unavoidable = problem.model.unavoidable_kwh(problem.operation)
    range_kwh = problem.model.largest_heat_kwh - unavoidable
    return np.asarray(trajectory.heat_kwh - unavoidable > np.maximum(LEAST_SHARE * range_kwh, TOLERANCE))


def _warms(problem: PlanningProblem, trajectory: Trajectory) -> NDArray[np.bool_]:
    return np.diff(trajectory.room_c, prepend=problem.start.room_c) > TOLERANCE


def _preheats(operation: Operation, warms: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Closed hours of an unbroken run of heated hours that ends with an opening, and in which the rooms get warmer.

    Heat that only holds the lowest temperature of closed hours is left to the set-back thermostat.
    """
    preheats = np.zeros(len(operation), dtype=np.bool_)
    for k in reversed(range(len(operation) - 1)):
        leads = operation.is_open[k + 1] or preheats[k + 1]
        preheats[k] = warms[k] and leads and not operation.is_open[k]
    return preheats


def _while_open_c(
    operation: Operation, experience: RoomExperience, comfort: Comfort, setback: Setback
) -> NDArray[np.float64]:
    """The set-point at which the coldest room keeps the limit; the setback plan's where that is not known or less."""
    needed = comfort.open_c + experience.set_point_above_coldest.at(operation)
    known = np.where(np.isnan(needed), setback.warm_c, needed)
    return np.clip(known, min(comfort.open_c, setback.warm_c), setback.warm_c)


def _reason(
    k: int, operation: Operation, problem: PlanningProblem, trajectory: Trajectory, preheats: NDArray[np.bool_]
) -> Reason:
    if trajectory.shortfall_k[k] > TOLERANCE:
        return Reason.FULL_HEAT
    binding = trajectory.comfort_price_per_k[k] > TOLERANCE
    if operation.is_open[k]:
        return Reason.COMFORT_LIMIT if binding else Reason.OPEN_FREE
    if preheats[k]:
        at_full = trajectory.heat_kwh[k] >= problem.model.largest_heat_kwh - TOLERANCE
        return Reason.PREHEAT_FULL if at_full else Reason.PREHEAT
    if binding:
        return Reason.CLOSED_LIMIT
    return Reason.VENTILATION if operation.is_ventilated[k] else Reason.SET_BACK
