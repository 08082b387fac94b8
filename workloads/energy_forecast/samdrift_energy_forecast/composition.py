"""From what the planner decided to the document that is handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.fallback import planned_for
from samdrift_energy_forecast.forecast import LEVELS
from samdrift_energy_forecast.plan_document import Entry, Plan, Series, Summary, rounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building import BuildingDescription
    from samdrift_energy_forecast.planner import PlannedBuilding

#: Said wherever a saving is shown.
PLANNED_NOT_MEASURED = (
    "planned, not measured: what the building's own thermal model, behind a thermostat, needs less under this plan "
    "than under the fixed setback plan"
)
QUANTILES = tuple(f"setback_kwh_q{round(level * 100):02d}" for level in LEVELS)


def composed(building: BuildingDescription, planned: PlannedBuilding) -> Plan:
    """The plan document of `planned`."""
    return Plan(
        building=planned_for(building),
        issue_time=hours.start_of(planned.operation.first),
        safe_state=planned.safe_state,
        attention=(),
        entries=_entries(planned),
        series={name: _series(values) for name, values in _columns(planned).items() if values is not None},
        binding=(None,) * len(planned.operation),
        summary=_summary(building, planned),
        thermal_model=planned.thermal.to_document() if planned.thermal else None,
        forecast_check={
            "mean_absolute_error_kwh": rounded(planned.forecast.backtest_mae_kwh),
            "hours": planned.forecast.backtest_hours,
        },
    )


def _entries(planned: PlannedBuilding) -> tuple[Entry, ...]:
    """One entry for each stretch of equal set-points and reasons."""
    celsius, reasons = planned.set_points.celsius.tolist(), planned.set_points.reasons
    stands = [(celsius[k], reasons[k]) for k in range(len(reasons))]
    return tuple(
        Entry(
            begins=hours.start_of(planned.operation.first + k), set_point_c=rounded(stand[0]), reason=stand[1], facts={}
        )
        for k, stand in enumerate(stands)
        if k == 0 or stand != stands[k - 1]
    )


def _columns(planned: PlannedBuilding) -> dict[str, NDArray[np.float64] | None]:
    return {
        "open": planned.operation.is_open.astype(np.float64),
        "setback_c": planned.setback_c,
        "outdoor_c": planned.operation.temperature_c,
        "setback_kwh": planned.setback_kwh,
        **dict(zip(QUANTILES, map(planned.forecast.quantile, LEVELS), strict=True)),
        "planned_kwh": planned.planned_kwh,
        "planned_room_c": planned.planned_room_c,
        "setback_room_c": planned.setback_room_c,
    }


def _series(values: NDArray[np.float64]) -> Series:
    return tuple(rounded(value) for value in values.tolist())


def _summary(building: BuildingDescription, planned: PlannedBuilding) -> Summary:
    saved_kwh = float((planned.setback_kwh - planned.planned_kwh).sum())
    emission = building.emission
    return Summary(
        setback_kwh=rounded(planned.setback_kwh.sum()),
        planned_kwh=rounded(planned.planned_kwh.sum()),
        saved_kwh=rounded(saved_kwh),
        saved_cost=rounded(saved_kwh * building.tariff.price_per_kwh),
        currency=building.tariff.currency,
        saved_kg_co2=rounded(saved_kwh * emission.kg_co2_per_kwh),
        peak_kw_setback=rounded(planned.setback_kwh.max()),
        peak_kw_planned=rounded(planned.planned_kwh.max()),
        method=f"{PLANNED_NOT_MEASURED}; emission factor {emission.kg_co2_per_kwh:g} kg CO2/kWh, "
        f"{emission.year}, {emission.method}",
    )
