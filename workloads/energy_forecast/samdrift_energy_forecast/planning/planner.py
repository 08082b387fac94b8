"""From a building's document and objects to its plan: everything that `process` does for one item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.forecasting.heat import HORIZON_H, Forecast, forecast
from samdrift_energy_forecast.metering.readings import Readings
from samdrift_energy_forecast.planning.by_programme import Situation, Solved, programmed
from samdrift_energy_forecast.planning.by_response import LearntBuilding, ResponsivePlan, learn, respond_to
from samdrift_energy_forecast.planning.inputs import read_inputs
from samdrift_energy_forecast.planning.pricing import HeatPrices, heat_prices
from samdrift_energy_forecast.planning.set_points import SetPoints
from samdrift_energy_forecast.plans.in_force import changes_before, in_force_c
from samdrift_energy_forecast.plans.notice import Notice, told
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_energy_forecast.surroundings.signals import Signals
from samdrift_energy_forecast.thermal.model import ThermalModel, identify
from samdrift_energy_forecast.thermal.response import QUARTERS
from samdrift_energy_forecast.thermal.thermostat import planned_heat_kwh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.forecasting.ridge import FamilyModel
    from samdrift_energy_forecast.submission import Building
    from samdrift_platform.contract import Store

#: A thermal model that misses the rooms by more than this in 48-h runs (K) is not planned with.
LARGEST_RMSE_K = 1.5
#: Readings that are pushed each hour are so late at times; nobody need look.
USUALLY_LATE_H = 2
#: For so many hours that are not read yet the building's own response is believed to tell how warm its rooms are.
LONGEST_CARRIED_H = 6


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
    before = inputs.surroundings.window(inputs.readings.first, issue - inputs.readings.first)
    made = plan(
        building,
        inputs.readings,
        inputs.surroundings,
        family,
        inputs.signals,
        inputs.forecast_age_h,
        in_force_c(before, changes_before(building, issue, store)),
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

    `followed_c` has the set-points in force by the quarter-hour, from the first reading to the plan's beginning; fixed
    setback's where it is None.
    """
    expected = forecast(readings, surroundings, family)
    issue = surroundings.end - HORIZON_H
    future = surroundings.window(issue, HORIZON_H)
    prices = heat_prices(building, signals or Signals.unknown(HORIZON_H), future.temperature_c)
    if _is_compared_with(building, issue):
        return _safe(future, expected, None, COMPARISON_WEEK, prices)
    if not readings.has_room_temperature:
        return _safe(future, expected, None, NOT_MEASURED, prices)
    past = surroundings.window(readings.first, len(readings.heat_kwh))
    model = identify(readings, past)
    if model.simulation_rmse_k > LARGEST_RMSE_K:
        return _safe(future, expected, model, NOT_DESCRIBED, prices)
    situation = Situation(
        building=building,
        readings=readings,
        past=past,
        future=future,
        between=surroundings.window(readings.end, issue - readings.end),
        expected_kwh=expected.heat_kwh,
        model=model,
        prices=prices,
        forecast_age_h=forecast_age_h,
    )
    made = _as_planned(situation, expected)
    late_h = issue - readings.end
    if late_h > USUALLY_LATE_H:
        made = replace(made, attention=(told("readings_late", hours=float(late_h)),))
    if late_h > LONGEST_CARRIED_H or np.isfinite(situation.held_c).any():
        return made  # the programme bridges more hours, and plans around what people hold
    if followed_c is None:
        followed_c = surroundings.window(readings.first, issue - readings.first).setback_c.repeat(QUARTERS)
    read_q = QUARTERS * len(past)
    learnt = learn(readings, past, followed_c[:read_q], building.comfort.open_c)
    if learnt is not None:
        learnt = learnt.carried(situation.between, followed_c[read_q:])
    return _by_response(building, made, learnt, forecast_age_h)


COMPARISON_WEEK = told("comparison_week")
NOT_MEASURED = told("rooms_not_measured")
NOT_DESCRIBED = told("rooms_not_described")


def _as_planned(situation: Situation, expected: Forecast) -> PlannedBuilding:
    made = programmed(situation)
    return PlannedBuilding(
        operation=situation.future,
        forecast=expected,
        set_points=made.set_points,
        setback_c=situation.future.setback_c,
        planned_kwh=made.planned_kwh,
        planned_room_c=made.planned_room_c,
        setback_room_c=made.setback_room_c,
        thermal=situation.model,
        safe_state=None,
        prices=situation.prices,
        solved=made.solved,
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
