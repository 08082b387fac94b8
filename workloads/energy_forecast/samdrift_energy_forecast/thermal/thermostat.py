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

    from samdrift_energy_forecast.surroundings.operation import Operation
    from samdrift_energy_forecast.thermal.droop import Droop
    from samdrift_energy_forecast.thermal.model import ThermalModel, ThermalState


def thermostat_heat_kwh(
    model: ThermalModel,
    set_points_c: NDArray[np.float64],
    operation: Operation,
    start: ThermalState,
    droop: Droop,
) -> NDArray[np.float64]:
    """Heat of each hour in kWh, shape `(n,)`, when rooms are held `droop` below `set_points_c` where heat suffices."""
    fixed, loss, least = model.fixed_kwh(operation), model.room_kw_per_k(operation), model.unavoidable_kwh(operation)
    keeps = model.mass_kw_per_k * (1 - model.mass_share)
    room, mass = start.room_c, start.mass_c
    heat = np.empty(len(operation))
    for k in range(len(operation)):
        total = model.capacity_kwh_per_k + float(loss[k]) + keeps
        stored = model.capacity_kwh_per_k * room + keeps * mass - float(fixed[k])
        wanted = ((set_points_c[k] - droop.lag_k) * total - stored) / (1 + droop.k_per_kwh * total)
        heat[k] = np.clip(wanted, least[k], model.largest_heat_kwh)
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
