"""From what the planner decided to the document that is handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.limits import has_failed
from samdrift_energy_forecast.forecasting.heat import LEVELS
from samdrift_energy_forecast.planning.explanation import explained
from samdrift_energy_forecast.planning.fixed_setback import planned_for
from samdrift_energy_forecast.planning.supply import offsets_k
from samdrift_energy_forecast.planning.tracking import within
from samdrift_energy_forecast.plans.document import HOUR, QUARTER, Entry, Plan, Series, Summary, rounded
from samdrift_energy_forecast.plans.notice import Notice, told

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.planning.by_programme import Solved
    from samdrift_energy_forecast.planning.planner import PlannedBuilding

    Columns = dict[str, NDArray[np.float64]]

#: Said wherever a saving is shown.
PLANNED_NOT_MEASURED = (
    "planned, not measured: what the building's own thermal model, behind a thermostat, needs less under this plan "
    "than under the fixed setback plan"
)
QUANTILES = tuple(f"setback_kwh_q{round(level * 100):02d}" for level in LEVELS)


def composed(building: BuildingDescription, planned: PlannedBuilding) -> Plan:
    """The plan document of `planned`."""
    solved = planned.solved
    binding = (None,) * len(planned.operation) if solved is None else solved.trajectory.binding
    return Plan(
        building=planned_for(building),
        issue_time=hours.start_of(planned.operation.first),
        safe_state=planned.safe_state,
        attention=(*_failure(building, planned), *planned.attention),
        entries=_entries(building, planned),
        series={name: _series(values) for name, values in _columns(building, planned).items()},
        binding=tuple(None if one is None else one.value for one in binding),
        summary=_summary(building, planned),
        thermal_model=planned.thermal.to_document() if planned.thermal else None,
        forecast_check={
            "mean_absolute_error_kwh": rounded(planned.forecast.backtest_mae_kwh),
            "hours": planned.forecast.backtest_hours,
        },
    )


def _failure(building: BuildingDescription, planned: PlannedBuilding) -> tuple[Notice, ...]:
    """Rooms colder than any plan lets them get: the heating has failed, and this plan brings it back."""
    solved, comfort = planned.solved, building.comfort
    if solved is None or not has_failed(building, solved.problem.start.room_c):
        return ()
    room_c = solved.problem.start.room_c
    warm = np.flatnonzero(solved.trajectory.room_c >= comfort.open_c)
    if not len(warm):
        return (told("heating_failure_lasting", room_c=room_c, open_c=comfort.open_c),)
    reached = hours.end_of(planned.operation.first + int(warm[0])).astimezone(building.zone)
    return (told("heating_failure", room_c=room_c, open_c=comfort.open_c, reached_at=reached.isoformat()),)


def _entries(building: BuildingDescription, planned: PlannedBuilding) -> tuple[Entry, ...]:
    """One entry for each stretch of equal set-points and reasons, with the facts of its first hour."""
    step = HOUR if planned.responsive is None else QUARTER
    chosen_c = planned.set_points.celsius if planned.responsive is None else planned.responsive.best.set_points_c
    celsius, explanations = within(chosen_c, building.comfort).tolist(), explained(building, planned)
    stands = [(rounded(celsius[k]), one.reason) for k, one in enumerate(explanations)]
    begins = hours.start_of(planned.operation.first)
    return tuple(
        Entry(
            begins=begins + k * step,
            set_point_c=set_point_c,
            reason=reason,
            facts=explanations[k].facts,
        )
        for k, (set_point_c, reason) in enumerate(stands)
        if k == 0 or stands[k] != stands[k - 1]
    )


def _columns(building: BuildingDescription, planned: PlannedBuilding) -> Columns:
    columns: Columns = {
        "open": planned.operation.is_open.astype(np.float64),
        "setback_c": planned.setback_c,
        "outdoor_c": planned.operation.temperature_c,
        "setback_kwh": planned.setback_kwh,
        **dict(zip(QUANTILES, map(planned.forecast.quantile, LEVELS), strict=True)),
        "planned_kwh": planned.planned_kwh,
        "price_per_kwh": planned.prices.price_per_kwh,
        "kg_co2_per_kwh": planned.prices.kg_co2_per_kwh,
    }
    rooms = {"planned_room_c": planned.planned_room_c, "setback_room_c": planned.setback_room_c}
    columns |= {name: values for name, values in rooms.items() if values is not None}
    return columns | (_solved_columns(building, planned.solved) if planned.solved else {})


def _solved_columns(building: BuildingDescription, solved: Solved) -> Columns:
    problem, model, supply = solved.problem, solved.problem.model, building.plant.supply
    columns: Columns = {"lowest_c": problem.lowest_c, "hedge": solved.hedge_k}
    if supply is not None:
        outdoor_c, warm_c = problem.operation.temperature_c, building.setback.warm_c
        holding_kwh = model.room_kw_per_k(problem.operation) * np.maximum(0.0, warm_c - outdoor_c)
        room_heat = solved.trajectory.heat_kwh - problem.least_kwh
        columns["supply_offset_k"] = offsets_k(supply, room_heat, holding_kwh, outdoor_c, warm_c)
    return columns


def _series(values: NDArray[np.float64]) -> Series:
    return tuple(rounded(value) for value in values.tolist())


def _summary(building: BuildingDescription, planned: PlannedBuilding) -> Summary:
    tariff, emission = building.tariff, building.emission
    saved, peaks = _saved_by_hour(planned), _peaks_kw(planned)
    paid_kw = [max(peak, tariff.peak_paid_kw) for peak in peaks]
    saved_peak = tariff.peak_price_per_kw * (paid_kw[0] - paid_kw[1])
    factor = f"emission factor {emission.kg_co2_per_kwh:g} kg CO2/kWh, {emission.year}, {emission.method}"
    hourly = f"; by the hour: {emission.hourly_method or 'of electricity'}" if planned.prices.has_hourly_co2 else ""
    return Summary(
        setback_kwh=rounded(planned.setback_kwh.sum()),
        planned_kwh=rounded(planned.planned_kwh.sum()),
        saved_kwh=rounded(float((planned.setback_kwh - planned.planned_kwh).sum())),
        saved_cost=rounded(float(saved @ planned.prices.price_per_kwh) + saved_peak),
        currency=tariff.currency,
        saved_kg_co2=rounded(float(saved @ planned.prices.kg_co2_per_kwh)),
        peak_kw_setback=rounded(peaks[0]),
        peak_kw_planned=rounded(peaks[1]),
        method=f"{PLANNED_NOT_MEASURED}; {factor}{hourly}",
    )


def _saved_by_hour(planned: PlannedBuilding) -> NDArray[np.float64]:
    """What the plan saves in each hour in kWh: both plans behind the same thermostat, so that hours can be priced.

    The forecast has its heat at other times than the thermostat model; its difference to a plan is right in sum alone.
    """
    if planned.solved is None:
        return planned.setback_kwh - planned.planned_kwh
    return planned.solved.fixed_kwh - planned.solved.held_kwh


def _peaks_kw(planned: PlannedBuilding) -> tuple[float, float]:
    """The highest hour under fixed setback by the forecast, and under the plan by what the thermostat model changes."""
    peak = float(planned.setback_kwh.max())
    if planned.solved is None:
        return peak, peak
    return peak, max(0.0, peak + float(planned.solved.held_kwh.max() - planned.solved.fixed_kwh.max()))
