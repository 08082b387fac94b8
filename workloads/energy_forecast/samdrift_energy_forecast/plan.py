"""The linear programme: the cheapest heat that keeps the rooms as warm as they must be.

Variables of each hour: room and mass temperature, heat, and how far the room falls short of its lowest temperature.
Falling short is allowed at a price far above heat's, so there is a solution from any start, a building at 12 C
included; it is used only when full heat does not suffice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samdrift_energy_forecast.errors import NoPlanError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.operation import Operation
    from samdrift_energy_forecast.thermal import ThermalModel, ThermalState

#: Price of a Kelvin-hour under the lowest temperature, in hours of full heat: cold is worth any heat.
SHORTFALL_PRICE = 20.0
#: Price of a K an hour above the fastest rise believed, in hours of full heat: rather begin to heat earlier.
STEEPNESS_PRICE = 5.0
#: A multiplier or a shortfall under this is rounding (the objective is in kWh, temperatures in C).
TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class PlanningProblem:
    """One building over the hours of `operation`; all series have its length `n`."""

    model: ThermalModel
    start: ThermalState
    operation: Operation
    #: Lowest room temperature of each hour in C, shape `(n,)`.
    lowest_c: NDArray[np.float64]
    #: Fastest rise of the room in each hour in K, shape `(n,)`: faster is not believed.
    fastest_rise_k: NDArray[np.float64]
    #: State at the end under the fixed setback plan: heat left in the building beyond it is worth its price.
    reference_end: ThermalState
    #: Price of the highest hour in kWh per kW: peak price / heat price.
    peak_price_h: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """The solution; all series have shape `(n,)`."""

    heat_kwh: NDArray[np.float64]
    room_c: NDArray[np.float64]
    mass_c: NDArray[np.float64]
    #: K below the lowest temperature, 0 where it is kept.
    shortfall_k: NDArray[np.float64]
    #: What a degree less in this hour would save, in kWh: above 0 where the lowest temperature decides.
    comfort_price_kwh_per_k: NDArray[np.float64]
    #: The objective in kWh: heat, shortfall, steepness and peak at their prices, less the heat left in the building.
    objective_kwh: float


@dataclass(frozen=True, kw_only=True)
class _Variables:
    """HiGHS's variables, one an hour, and one peak."""

    room: Any
    mass: Any
    heat: list[Any]
    shortfall: Any
    #: K by which the room rises faster than is believed.
    steepness: Any
    peak: Any


def solve(problem: PlanningProblem) -> Trajectory:
    """Solve with HiGHS. Raises NoPlanError if that fails, which no input is known to cause."""
    import highspy

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy annotates only half of itself
    solver.silent()
    solver.setOptionValue("threads", 1)
    variables = _variables(solver, problem)
    _add_physics(solver, problem, variables)
    kept = [
        solver.addConstr(room + shortfall >= float(lowest))
        for room, shortfall, lowest in zip(variables.room, variables.shortfall, problem.lowest_c, strict=True)
    ]
    solver.minimize(_objective(solver, problem, variables))
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise NoPlanError(f"HiGHS ended with {solver.modelStatusToString(solver.getModelStatus())}.")
    return Trajectory(
        heat_kwh=np.array(solver.vals(variables.heat)),
        room_c=np.array(solver.vals(variables.room)),
        mass_c=np.array(solver.vals(variables.mass)),
        shortfall_k=np.maximum(0.0, solver.vals(variables.shortfall)),
        comfort_price_kwh_per_k=np.array(solver.constrDuals(kept)),
        objective_kwh=float(solver.getObjectiveValue()),
    )


def _variables(solver: Any, problem: PlanningProblem) -> _Variables:
    n, most = len(problem.operation), problem.model.largest_heat_kwh
    least = problem.model.unavoidable_kwh(problem.operation)
    return _Variables(
        room=solver.addVariables(n, lb=-solver.inf),
        mass=solver.addVariables(n, lb=-solver.inf),
        heat=[solver.addVariable(lb=float(kwh), ub=most) for kwh in least],
        shortfall=solver.addVariables(n, lb=0.0),
        steepness=solver.addVariables(n, lb=0.0),
        peak=solver.addVariable(lb=0.0),
    )


def _add_physics(solver: Any, problem: PlanningProblem, variables: _Variables) -> None:
    """The balance of `thermal`, hour by hour, how fast rooms rise, and the peak above every hour."""
    model, room, mass = problem.model, variables.room, variables.mass
    fixed, loss = model.fixed_kwh(problem.operation).tolist(), model.room_kw_per_k(problem.operation).tolist()
    room_before, mass_before = problem.start.room_c, problem.start.mass_c
    for k, heat in enumerate(variables.heat):
        stored = model.capacity_kwh_per_k * (room[k] - room_before) + model.mass_kw_per_k * (room[k] - mass[k])
        solver.addConstr(heat == stored + loss[k] * room[k] + fixed[k])
        solver.addConstr(mass[k] == (1 - model.mass_share) * mass_before + model.mass_share * room[k])
        solver.addConstr(room[k] - room_before - variables.steepness[k] <= float(problem.fastest_rise_k[k]))
        solver.addConstr(variables.peak >= heat)
        room_before, mass_before = room[k], mass[k]


def _objective(solver: Any, problem: PlanningProblem, variables: _Variables) -> Any:
    """In kWh. Heat that the setback plan would leave in the building and this one does not must be paid later."""
    model, end = problem.model, problem.reference_end
    left = model.capacity_kwh_per_k * (variables.room[-1] - end.room_c)
    left += model.mass_kw_per_k * model.time_constant_h * (variables.mass[-1] - end.mass_c)
    return (
        solver.qsum(variables.heat)
        + SHORTFALL_PRICE * model.largest_heat_kwh * solver.qsum(variables.shortfall)
        + STEEPNESS_PRICE * model.largest_heat_kwh * solver.qsum(variables.steepness)
        + problem.peak_price_h * variables.peak
        - left
    )
