"""From a building's document and objects to its plan: everything that `process` does for one item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.calendar import BuildingCalendar
from samdrift_energy_forecast.comfort import RoomExperience, lowest_room_c
from samdrift_energy_forecast.droop import Droop
from samdrift_energy_forecast.forecast import HORIZON_H, Forecast, forecast
from samdrift_energy_forecast.hedge import margin_k, with_reserve
from samdrift_energy_forecast.held import held_c
from samdrift_energy_forecast.in_force import changes_before, in_force_c
from samdrift_energy_forecast.inputs import read_inputs
from samdrift_energy_forecast.limits import has_failed
from samdrift_energy_forecast.meters import Readings
from samdrift_energy_forecast.notice import Notice, told
from samdrift_energy_forecast.operation import Operation
from samdrift_energy_forecast.plan import PlanningProblem, Trajectory, plant_of, solve
from samdrift_energy_forecast.pricing import HeatPrices, costs, heat_prices
from samdrift_energy_forecast.reasons import Reason
from samdrift_energy_forecast.response import QUARTERS
from samdrift_energy_forecast.responsive import LearntBuilding, ResponsivePlan, learn, respond_to
from samdrift_energy_forecast.set_points import SetPoints, set_points
from samdrift_energy_forecast.signals import Signals
from samdrift_energy_forecast.thermal import ThermalModel, ThermalState, identify, present_state
from samdrift_energy_forecast.thermostat import planned_heat_kwh, thermostat_heat_kwh
from samdrift_energy_forecast.tracking import allowed, highest_set_point_c, tracked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.ridge import FamilyModel
    from samdrift_energy_forecast.submission import Building
    from samdrift_platform.contract import Store

#: A thermal model that misses the rooms by more than this in 48-h runs (K) is not planned with.
LARGEST_RMSE_K = 1.5


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
class PlannedBuilding:
    """A plan for the 48 h of `operation`; all series have shape `(48,)`."""

    operation: Operation
    #: Heat under the fixed setback plan.
    forecast: Forecast
    set_points: SetPoints
    #: Set-points of the fixed setback plan in C.
    setback_c: NDArray[np.float64]
    #: Heat under the plan, by the building's thermal model, in kWh.
    planned_kwh: NDArray[np.float64]
    #: Mean room temperature in C under the plan and under fixed setback, by the thermal model; None in the safe state.
    planned_room_c: NDArray[np.float64] | None
    setback_room_c: NDArray[np.float64] | None
    #: None where rooms are not measured.
    thermal: ThermalModel | None
    #: Why the fixed setback plan stays, for a person, by language; None when there is a plan.
    safe_state: Notice | None
    #: What a kWh of heat costs and emits in each hour.
    prices: HeatPrices
    #: What the set-points come from; None in the safe state.
    solved: Solved | None = None
    #: Set-points by the quarter-hour, where the building's own response is known well enough; they take the place of
    #: `set_points`.
    responsive: ResponsivePlan | None = None
    #: What a person should look at.
    attention: tuple[Notice, ...] = ()

    @property
    def setback_kwh(self) -> NDArray[np.float64]:
        """Expected heat under the fixed setback plan."""
        return self.forecast.heat_kwh


def plan_building(building: Building, issue: int, store: Store, family: FamilyModel) -> PlannedBuilding:
    """Plan the hours from `issue` on. Raises ReadingsError when the input cannot carry a forecast."""
    inputs = read_inputs(building, issue, store)
    past = inputs.surroundings.window(inputs.readings.first, len(inputs.readings.heat_kwh))
    made = plan(
        building,
        inputs.readings,
        inputs.surroundings,
        family,
        inputs.signals,
        inputs.forecast_age_h,
        in_force_c(past, changes_before(building, issue, store)),
    )
    return replace(made, attention=(*made.attention, *inputs.attention))


def plan(
    building: Building,
    readings: Readings,
    surroundings: Operation,
    family: FamilyModel,
    signals: Signals | None = None,
    forecast_age_h: float = 0.0,
    followed_c: NDArray[np.float64] | None = None,
) -> PlannedBuilding:
    """Plan the last hours of `surroundings`, which begins with the readings; flat prices apply without `signals`.

    `followed_c` has the set-points in force by the quarter-hour of the readings; fixed setback's where it is None.
    """
    expected = forecast(readings, surroundings, family)
    issue = surroundings.end - HORIZON_H
    future = surroundings.window(issue, HORIZON_H)
    prices = heat_prices(building, signals or Signals.unknown(HORIZON_H), future.temperature_c)
    if _is_compared_with(building, issue):
        return _safe(future, expected, None, COMPARISON_WEEK, prices)
    if not readings.has_room_temperature or readings.end < issue:
        return _safe(future, expected, None, NOT_MEASURED, prices)
    past = surroundings.window(readings.first, len(readings.heat_kwh))
    model = identify(readings, past)
    if model.simulation_rmse_k > LARGEST_RMSE_K:
        return _safe(future, expected, model, NOT_DESCRIBED, prices)
    made = _planned(building, readings, past, future, expected, model, prices, forecast_age_h)
    if followed_c is None:
        followed_c = np.repeat(past.setback_c, QUARTERS)
    learnt = learn(readings, past, followed_c, building.comfort.open_c)
    return _by_response(building, made, learnt, forecast_age_h)


COMPARISON_WEEK = told("comparison_week")
NOT_MEASURED = told("rooms_not_measured")
NOT_DESCRIBED = told("rooms_not_described")


def _planned(
    building: Building,
    readings: Readings,
    past: Operation,
    future: Operation,
    expected: Forecast,
    model: ThermalModel,
    prices: HeatPrices,
    forecast_age_h: float,
) -> PlannedBuilding:
    start = present_state(model, readings)
    deliverable = np.clip(expected.heat_kwh, model.unavoidable_kwh(future), model.largest_heat_kwh)
    setback = model.temperatures(deliverable, future, start)
    experience = RoomExperience.of(readings, past, building.setback)
    hedge_k = margin_k(model, len(future), forecast_age_h=forecast_age_h)
    # After a failure the forecast of fixed setback knows nothing of cold rooms, and is no measure of what to reach.
    reached_c = np.full(len(future), np.inf) if has_failed(building, start.room_c) else setback[:, 0]
    wanted_c = lowest_room_c(future, experience, building.comfort, reached_c)
    held = held_c(building.overrides, future.first, len(future))
    droop = Droop.learnt(readings, past)
    lowest_c = np.where(np.isnan(held), with_reserve(wanted_c, hedge_k, reached_c, future), held - droop.lag_k)
    problem = PlanningProblem(
        model=model,
        start=start,
        operation=future,
        lowest_c=lowest_c,
        # What fixed setback itself is expected to do is believed, or the plan would begin before it for nothing.
        fastest_rise_k=np.maximum(model.largest_rise_k, np.diff(setback[:, 0], prepend=start.room_c)),
        reference_end=ThermalState(room_c=float(setback[-1, 0]), mass_c=float(setback[-1, 1])),
        costs=costs(building, prices),
        highest_c=_highest_c(building, lowest_c),
        frost_c=building.comfort.frost_c,
    )
    trajectory = solve(problem, plant_of(building.plant))
    chosen = set_points(problem, trajectory, experience, building.comfort, building.setback)
    if problem.prices.shapes_heat:
        chosen = tracked(chosen, problem, trajectory, building.comfort, building.setback, droop)
    chosen = allowed(chosen, building.comfort)
    followed = np.where(np.isnan(held), chosen.celsius, held)
    fixed, planned = (
        thermostat_heat_kwh(model, celsius, future, start, droop) for celsius in (future.setback_c, followed)
    )
    planned_kwh = planned_heat_kwh(expected.heat_kwh, fixed, planned)
    return PlannedBuilding(
        operation=future,
        forecast=expected,
        set_points=chosen,
        setback_c=future.setback_c,
        planned_kwh=planned_kwh,
        planned_room_c=model.temperatures(planned_kwh, future, start)[:, 0],
        setback_room_c=setback[:, 0],
        thermal=model,
        safe_state=None,
        prices=prices,
        solved=Solved(problem=problem, trajectory=trajectory, hedge_k=hedge_k, fixed_kwh=fixed, held_kwh=planned),
    )


def _by_response(
    building: Building, made: PlannedBuilding, learnt: LearntBuilding | None, forecast_age_h: float
) -> PlannedBuilding:
    """`made` with the set-points that the building's own response asks for; unchanged where that is not known.

    Where prices, peaks or return temperature shape the heat, the programme's trajectory is followed instead.
    """
    if learnt is None or not learnt.describes_rooms or made.solved is None or made.solved.problem.prices.shapes_heat:
        return made
    problem = made.solved.problem
    calendar = BuildingCalendar(building)
    largest_kwh = problem.model.largest_heat_kwh
    answered = respond_to(building, learnt, made.operation, calendar, problem.prices, largest_kwh, forecast_age_h)
    if answered is None:
        return made
    (fixed_kwh, fixed_room_c), (held_kwh, room_c) = (answered.by_hour(one) for one in (answered.setback, answered.best))
    celsius = answered.best.set_points_c[::QUARTERS]
    return replace(
        made,
        set_points=replace(made.set_points, celsius=celsius, reasons=answered.reasons[::QUARTERS]),
        planned_kwh=planned_heat_kwh(made.setback_kwh, fixed_kwh, held_kwh),
        planned_room_c=room_c,
        setback_room_c=fixed_room_c,
        solved=replace(made.solved, hedge_k=answered.hedge_k, fixed_kwh=fixed_kwh, held_kwh=held_kwh),
        responsive=answered,
    )


def _is_compared_with(building: Building, issue: int) -> bool:
    """Whether the plan begins on a day that the lot has put under fixed setback."""
    day = hours.start_of(issue).astimezone(building.zone).date()
    return building.verification is not None and building.verification.is_comparison_day(building.id, day)


def _highest_c(building: Building, lowest_c: NDArray[np.float64]) -> float:
    """Heat is not stored above the highest set-point; the lowest temperature may ask for more (coldest room)."""
    stored_c = min(building.comfort.highest_c, highest_set_point_c(building.comfort, building.setback))
    return max(stored_c, float(lowest_c.max()))


def _safe(
    future: Operation, expected: Forecast, model: ThermalModel | None, why: Notice, prices: HeatPrices
) -> PlannedBuilding:
    return PlannedBuilding(
        operation=future,
        forecast=expected,
        set_points=SetPoints(celsius=future.setback_c, reasons=(Reason.FIXED_SETBACK,) * len(future)),
        setback_c=future.setback_c,
        planned_kwh=expected.heat_kwh,
        planned_room_c=None,
        setback_room_c=None,
        thermal=model,
        safe_state=why,
        prices=prices,
    )
