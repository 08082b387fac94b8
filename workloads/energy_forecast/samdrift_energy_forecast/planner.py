"""From a building's document and objects to its plan: everything that `process` does for one item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.calendar import BuildingCalendar
from samdrift_energy_forecast.comfort import RoomExperience, lowest_room_c
from samdrift_energy_forecast.costs import Costs
from samdrift_energy_forecast.forecast import HORIZON_H, Forecast, forecast
from samdrift_energy_forecast.meters import Readings, read_meters
from samdrift_energy_forecast.notice import Notice, told
from samdrift_energy_forecast.operation import Operation, operation
from samdrift_energy_forecast.plan import PlanningProblem, solve
from samdrift_energy_forecast.reasons import Reason
from samdrift_energy_forecast.set_points import SetPoints, set_points
from samdrift_energy_forecast.thermal import ThermalModel, ThermalState, identify, present_state
from samdrift_energy_forecast.thermostat import lag_k, planned_heat_kwh, thermostat_heat_kwh
from samdrift_energy_forecast.weather import weather_as_known

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.ridge import FamilyModel
    from samdrift_energy_forecast.submission import Building
    from samdrift_platform.contract import Store

#: A thermal model that misses the rooms by more than this in 48-h runs (K) is not planned with.
LARGEST_RMSE_K = 1.5


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

    @property
    def setback_kwh(self) -> NDArray[np.float64]:
        """Expected heat under the fixed setback plan."""
        return self.forecast.heat_kwh


def plan_building(building: Building, issue: int, store: Store, family: FamilyModel) -> PlannedBuilding:
    """Plan hours `issue` to `issue + 47`. Raises ReadingsError when the input cannot carry a forecast."""
    readings = read_meters(store.get(building.readings), issue)
    weather = weather_as_known(
        store.get(building.weather_observed),
        store.get(building.weather_forecast),
        first=readings.first,
        issue=issue,
        horizon=HORIZON_H,
    )
    return plan(building, readings, operation(weather, BuildingCalendar(building)), family)


def plan(building: Building, readings: Readings, surroundings: Operation, family: FamilyModel) -> PlannedBuilding:
    """Plan the last 48 h of `surroundings`, which begins with the readings."""
    expected = forecast(readings, surroundings, family)
    issue = surroundings.end - HORIZON_H
    future = surroundings.window(issue, HORIZON_H)
    if not readings.has_room_temperature or readings.end < issue:
        return _safe(future, expected, None, NOT_MEASURED)
    past = surroundings.window(readings.first, len(readings.heat_kwh))
    model = identify(readings, past)
    if model.simulation_rmse_k > LARGEST_RMSE_K:
        return _safe(future, expected, model, NOT_DESCRIBED)
    return _planned(building, readings, past, future, expected, model)


NOT_MEASURED = told("rooms_not_measured")
NOT_DESCRIBED = told("rooms_not_described")


def _planned(
    building: Building,
    readings: Readings,
    past: Operation,
    future: Operation,
    expected: Forecast,
    model: ThermalModel,
) -> PlannedBuilding:
    start = present_state(model, readings)
    deliverable = np.clip(expected.heat_kwh, model.unavoidable_kwh(future), model.largest_heat_kwh)
    setback = model.temperatures(deliverable, future, start)
    experience = RoomExperience.of(readings, past, building.setback)
    problem = PlanningProblem(
        model=model,
        start=start,
        operation=future,
        lowest_c=lowest_room_c(future, experience, building.comfort, setback[:, 0]),
        # What fixed setback itself is expected to do is believed, or the plan would begin before it for nothing.
        fastest_rise_k=np.maximum(model.largest_rise_k, np.diff(setback[:, 0], prepend=start.room_c)),
        reference_end=ThermalState(room_c=float(setback[-1, 0]), mass_c=float(setback[-1, 1])),
        costs=Costs.of_heat_alone(len(future), peak_per_kw=_peak_price_h(building)),
    )
    chosen = set_points(problem, solve(problem), experience, building.comfort, building.setback)
    lag = lag_k(readings, past)
    fixed, held = (
        thermostat_heat_kwh(model, celsius, future, start, lag) for celsius in (future.setback_c, chosen.celsius)
    )
    planned_kwh = planned_heat_kwh(expected.heat_kwh, fixed, held)
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
    )


def _safe(future: Operation, expected: Forecast, model: ThermalModel | None, why: Notice) -> PlannedBuilding:
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
    )


def _peak_price_h(building: Building) -> float:
    """With heat free of charge the plan still spares heat, and the peak has no price relative to it."""
    price = building.tariff.price_per_kwh
    return building.tariff.peak_price_per_kw / price if price else 0.0
