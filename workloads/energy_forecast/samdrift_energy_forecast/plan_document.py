"""A plan as the plain JSON that the ledger keeps and pages, exports and the demonstration read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.calendar import BuildingCalendar
from samdrift_energy_forecast.forecast import HORIZON_H, LEVELS
from samdrift_energy_forecast.reasons import Reason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from samdrift_energy_forecast.planner import PlannedBuilding
    from samdrift_energy_forecast.submission import Building

#: Said wherever a saving is shown.
PLANNED_NOT_MEASURED = (
    "planned, not measured: what the building's own thermal model, behind a thermostat, needs less under this plan "
    "than under the fixed setback plan"
)


def plan_document(building: Building, planned: PlannedBuilding) -> dict[str, Any]:
    """The result of one item, without its exports."""
    saved_kwh = float((planned.setback_kwh - planned.planned_kwh).sum())
    return {
        "building": {"id": building.id, "name": building.name, "time_zone": building.time_zone},
        "issue_time": hours.start_of(planned.operation.first).isoformat(),
        "safe_state": planned.safe_state,
        "summary": {
            "setback_kwh": _rounded(planned.setback_kwh.sum()),
            "planned_kwh": _rounded(planned.planned_kwh.sum()),
            "saved_kwh": _rounded(saved_kwh),
            "saved_kg_co2": _rounded(saved_kwh * building.emission.kg_co2_per_kwh),
            "saved_cost": _rounded(saved_kwh * building.tariff.price_per_kwh),
            "currency": building.tariff.currency,
            "method": f"{PLANNED_NOT_MEASURED}; emission factor {building.emission.kg_co2_per_kwh:g} kg CO2/kWh, "
            f"{building.emission.year}, {building.emission.method}",
        },
        "forecast_check": {
            "mean_absolute_error_kwh": _rounded(planned.forecast.backtest_mae_kwh),
            "hours": planned.forecast.backtest_hours,
        },
        "thermal_model": planned.thermal.to_document() if planned.thermal else None,
        "hours": _hours(planned),
    }


#: Why the fixed setback plan applies while the workload is stopped.
STOPPED = {
    "da": "Varmeplanlægningen er stoppet, så den faste natsænkning gælder.",
    "en": "Heat planning is stopped, so the fixed setback plan applies.",
}


def setback_document(building: Building, issue: int, why: dict[str, str]) -> dict[str, Any]:
    """A plan of the same shape without any model or reading: fixed setback, and nothing is known of the heat."""
    currency, method = building.tariff.currency, "fixed setback; nothing was forecast"
    return {
        "building": {"id": building.id, "name": building.name, "time_zone": building.time_zone},
        "issue_time": hours.start_of(issue).isoformat(),
        "safe_state": why,
        "summary": {**dict.fromkeys(_FIGURES), "currency": currency, "method": method},
        "forecast_check": {"mean_absolute_error_kwh": None, "hours": 0},
        "thermal_model": None,
        "hours": _setback_hours(building, issue),
    }


_FIGURES = ("setback_kwh", "planned_kwh", "saved_kwh", "saved_kg_co2", "saved_cost")
_QUANTILES = tuple(f"setback_kwh_q{round(level * 100):02d}" for level in LEVELS)
_UNKNOWN = ("outdoor_c", "setback_kwh", *_QUANTILES, "planned_kwh", "planned_room_c", "setback_room_c")


def _setback_hours(building: Building, issue: int) -> list[dict[str, Any]]:
    calendar = BuildingCalendar(building)
    is_open, setback_c = calendar.is_open(issue, HORIZON_H), calendar.setback_c(issue, HORIZON_H)
    return [
        {
            "begins": hours.start_of(issue + k).isoformat(),
            "open": bool(is_open[k]),
            "set_point_c": _rounded(setback_c[k]),
            "setback_c": _rounded(setback_c[k]),
            **dict.fromkeys(_UNKNOWN),
            "reason": Reason.FIXED_SETBACK.value,
        }
        for k in range(HORIZON_H)
    ]


def _hours(planned: PlannedBuilding) -> list[dict[str, Any]]:
    columns: dict[str, NDArray[np.float64] | None] = {
        "set_point_c": planned.set_points.celsius,
        "setback_c": planned.setback_c,
        "outdoor_c": planned.operation.temperature_c,
        "setback_kwh": planned.setback_kwh,
        **dict(zip(_QUANTILES, map(planned.forecast.quantile, LEVELS), strict=True)),
        "planned_kwh": planned.planned_kwh,
        "planned_room_c": planned.planned_room_c,
        "setback_room_c": planned.setback_room_c,
    }
    return [
        {
            "begins": hours.start_of(planned.operation.first + k).isoformat(),
            "open": bool(planned.operation.is_open[k]),
            **{name: None if series is None else _rounded(series[k]) for name, series in columns.items()},
            "reason": planned.set_points.reasons[k].value,
        }
        for k in range(len(planned.operation))
    ]


def _rounded(value: float | np.float64) -> float:
    # Adding 0.0 turns the -0.0 of rounding into 0.0.
    return round(float(value), 3) + 0.0
