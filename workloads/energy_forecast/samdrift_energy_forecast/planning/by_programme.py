"""A plan by the linear programme: from a building's model, limits and prices to set-points and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.building.limits import has_failed
from samdrift_energy_forecast.planning.hedge import margin_k, with_reserve
from samdrift_energy_forecast.planning.pricing import costs
from samdrift_energy_forecast.planning.programme import PlanningProblem, Trajectory, plant_of, solve
from samdrift_energy_forecast.planning.set_points import SetPoints, set_points
from samdrift_energy_forecast.planning.tracking import allowed, highest_set_point_c, tracked
from samdrift_energy_forecast.plans.held import held_c
from samdrift_energy_forecast.thermal.comfort import RoomExperience, lowest_room_c
from samdrift_energy_forecast.thermal.droop import Droop
from samdrift_energy_forecast.thermal.model import ThermalModel, ThermalState, present_state
from samdrift_energy_forecast.thermal.thermostat import planned_heat_kwh, thermostat_heat_kwh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.metering.readings import Readings
    from samdrift_energy_forecast.planning.pricing import HeatPrices
    from samdrift_energy_forecast.submission import Building
    from samdrift_energy_forecast.surroundings.operation import Operation


@dataclass(frozen=True, kw_only=True)
class Solved:
    """The programme behind a plan and its solution; series have shape `(n,)`."""

    problem: PlanningProblem
    trajectory: Trajectory
    #: The reserve for uncertainty in K.
    hedge_k: NDArray[np.float64]
    #: Heat of the thermostat model under fixed setback and under the plan, in kWh: comparable hour by hour.
    fixed_kwh: NDArray[np.float64]
    held_kwh: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Programmed:
    """What comes out; series have shape `(n,)`."""

    set_points: SetPoints
    solved: Solved
    #: Heat under the plan in kWh, and the rooms' mean temperature under the plan and under fixed setback in C.
    planned_kwh: NDArray[np.float64]
    planned_room_c: NDArray[np.float64]
    setback_room_c: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One building at the beginning of its plan."""

    building: Building
    readings: Readings
    #: Surroundings of the readings and of the plan's hours.
    past: Operation
    future: Operation
    #: Of the hours between them, which no reading has reached yet; usually none.
    between: Operation
    #: Heat forecast under fixed setback in kWh, shape `(n,)`.
    expected_kwh: NDArray[np.float64]
    model: ThermalModel
    prices: HeatPrices
    forecast_age_h: float

    @cached_property
    def start(self) -> ThermalState:
        """The rooms now: as read, and behind the thermostat of fixed setback where readings are some hours late."""
        read = present_state(self.model, self.readings)
        if not len(self.between):
            return read
        heat = thermostat_heat_kwh(self.model, self.between.setback_c, self.between, read, self.droop)
        room_c, mass_c = self.model.temperatures(heat, self.between, read)[-1]
        return ThermalState(room_c=float(room_c), mass_c=float(mass_c))

    @cached_property
    def setback(self) -> NDArray[np.float64]:
        """Room and mass temperature under fixed setback by the heat forecast, shape `(n, 2)`."""
        deliverable = np.clip(self.expected_kwh, self.model.unavoidable_kwh(self.future), self.model.largest_heat_kwh)
        return self.model.temperatures(deliverable, self.future, self.start)

    @cached_property
    def experience(self) -> RoomExperience:
        """What the coldest room taught."""
        return RoomExperience.of(self.readings, self.past, self.building.setback)

    @cached_property
    def droop(self) -> Droop:
        """How far rooms stay below their set-point."""
        return Droop.learnt(self.readings, self.past)

    @cached_property
    def hedge_k(self) -> NDArray[np.float64]:
        """The reserve for uncertainty."""
        return margin_k(self.model, len(self.future), forecast_age_h=self.forecast_age_h)

    @cached_property
    def held_c(self) -> NDArray[np.float64]:
        """Set-points that people hold, NaN where none does."""
        return held_c(self.building.overrides, self.future.first, len(self.future))

    @property
    def lowest_c(self) -> NDArray[np.float64]:
        """Lowest mean room temperature that is planned."""
        # After a failure the forecast of fixed setback knows nothing of cold rooms, and is no measure of what to reach.
        has_no_measure = has_failed(self.building, self.start.room_c)
        reached_c = np.full(len(self.future), np.inf) if has_no_measure else self.setback[:, 0]
        wanted_c = lowest_room_c(self.future, self.experience, self.building.comfort, reached_c)
        reserved_c = with_reserve(wanted_c, self.hedge_k, reached_c, self.future)
        return np.where(np.isnan(self.held_c), reserved_c, self.held_c - self.droop.lag_k)


def programmed(situation: Situation) -> Programmed:
    """Plan by the programme. Raises NoPlanError when the solver fails, which no input is known to cause."""
    model, future, start, droop = situation.model, situation.future, situation.start, situation.droop
    problem = _problem(situation)
    trajectory = solve(problem, plant_of(situation.building.plant))
    chosen = _chosen(situation, problem, trajectory)
    followed = np.where(np.isnan(situation.held_c), chosen.celsius, situation.held_c)
    fixed, held = (
        thermostat_heat_kwh(model, celsius, future, start, droop) for celsius in (future.setback_c, followed)
    )
    planned_kwh = planned_heat_kwh(situation.expected_kwh, fixed, held)
    return Programmed(
        set_points=chosen,
        solved=Solved(
            problem=problem, trajectory=trajectory, hedge_k=situation.hedge_k, fixed_kwh=fixed, held_kwh=held
        ),
        planned_kwh=planned_kwh,
        planned_room_c=model.temperatures(planned_kwh, future, start)[:, 0],
        setback_room_c=situation.setback[:, 0],
    )


def _problem(situation: Situation) -> PlanningProblem:
    model, setback, lowest_c = situation.model, situation.setback, situation.lowest_c
    return PlanningProblem(
        model=model,
        start=situation.start,
        operation=situation.future,
        lowest_c=lowest_c,
        # What fixed setback itself is expected to do is believed, or the plan would begin before it for nothing.
        fastest_rise_k=np.maximum(model.largest_rise_k, np.diff(setback[:, 0], prepend=situation.start.room_c)),
        reference_end=ThermalState(room_c=float(setback[-1, 0]), mass_c=float(setback[-1, 1])),
        costs=costs(situation.building, situation.prices),
        highest_c=_highest_c(situation.building, lowest_c),
        frost_c=situation.building.comfort.frost_c,
    )


def _highest_c(building: Building, lowest_c: NDArray[np.float64]) -> float:
    """Heat is not stored above the highest set-point; the lowest temperature may ask for more (coldest room)."""
    stored_c = min(building.comfort.highest_c, highest_set_point_c(building.comfort, building.setback))
    return max(stored_c, float(lowest_c.max()))


def _chosen(situation: Situation, problem: PlanningProblem, trajectory: Trajectory) -> SetPoints:
    """Set-points, which follow the trajectory where it matters when heat is bought."""
    comfort, setback = situation.building.comfort, situation.building.setback
    chosen = set_points(problem, trajectory, situation.experience, comfort, setback)
    if problem.prices.shapes_heat:
        chosen = tracked(chosen, problem, trajectory, comfort, setback, situation.droop)
    return allowed(chosen, comfort)
