"""What a set-point plan costs in heat: the building's thermal model behind a thermostat.

The linear programme's own heat is what an ideal controller would use. A thermostat holds the set-point it is given, so
a plan's heat is estimated as the forecast under fixed setback, changed by the difference that the thermostat model
sees between the two plans. What the model gets wrong about both plans alike then cancels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.meters import Readings
    from samdrift_energy_forecast.operation import Operation
    from samdrift_energy_forecast.thermal import ThermalModel, ThermalState

#: How far rooms stay below the set-point where that was never seen (K): cold surfaces.
USUAL_LAG_K = 0.5
#: Rooms that rise faster than this still warm up (K an hour).
SETTLED_RISE_K = 0.1


def lag_k(readings: Readings, operation: Operation) -> float:
    """How far the rooms' mean stays below the warm set-point when it does, in K: the median over the readings.

    Hours in which rooms still warm up say nothing of it: a slow building would look as if it never got warm.
    """
    rises = np.diff(readings.indoor_c, prepend=readings.indoor_c[:1])
    settled = operation.is_warm & ~(rises > SETTLED_RISE_K)
    short = (operation.setback_c - readings.indoor_c)[settled]
    short = short[np.isfinite(short) & (short > 0)]
    return float(np.median(short)) if len(short) else USUAL_LAG_K


def thermostat_heat_kwh(
    model: ThermalModel, set_points_c: NDArray[np.float64], operation: Operation, start: ThermalState, lag: float
) -> NDArray[np.float64]:
    """Heat of each hour in kWh, shape `(n,)`, when rooms are held `lag` K below `set_points_c` where heat suffices."""
    fixed, loss, least = model.fixed_kwh(operation), model.room_kw_per_k(operation), model.unavoidable_kwh(operation)
    keeps = model.mass_kw_per_k * (1 - model.mass_share)
    room, mass = start.room_c, start.mass_c
    heat = np.empty(len(operation))
    for k in range(len(operation)):
        total = model.capacity_kwh_per_k + float(loss[k]) + keeps
        stored = model.capacity_kwh_per_k * room + keeps * mass - float(fixed[k])
        heat[k] = np.clip((set_points_c[k] - lag) * total - stored, least[k], model.largest_heat_kwh)
        room = (heat[k] + stored) / total
        mass += model.mass_share * (room - mass)
    return heat


def planned_heat_kwh(
    forecast_kwh: NDArray[np.float64], fixed_kwh: NDArray[np.float64], planned_kwh: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The forecast under fixed setback, changed by what the thermostat model sees between the plans; never negative.

    Where an hour would be negative (the forecast has its heat at another time) the others give way, so that the sum is
    the forecast's changed by the difference.
    """
    hourly = np.maximum(0.0, forecast_kwh + planned_kwh - fixed_kwh)
    whole = max(0.0, float(forecast_kwh.sum() + planned_kwh.sum() - fixed_kwh.sum()))
    return hourly * (whole / max(float(hourly.sum()), 1e-9))
