"""Forward-temperature offsets: how far the plan shifts the heating curve in each hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.heating_plant import SupplyTemperature

#: Controllers take offsets in steps of this size (K).
STEP_K = 0.5
#: Below this share of what holds the rooms there is nothing to shift: pumps rest (in kWh an hour).
NO_HEAT_KWH = 1e-6


def offsets_k(
    supply: SupplyTemperature,
    room_heat_kwh: NDArray[np.float64],
    holding_kwh: NDArray[np.float64],
    outdoor_c: NDArray[np.float64],
    room_c: float,
) -> NDArray[np.float64]:
    """The offset of each hour in K, shape as `outdoor_c` (C).

    Radiators give off heat in proportion to how much warmer their water is than the room. The curve's water holds the
    room at `room_c` with `holding_kwh`; `room_heat_kwh` asks for water that much warmer or cooler. The water is never
    below the lowest supply temperature: what protects against legionella is not shifted away.
    """
    curve_c = curve(supply, outdoor_c, room_c)
    ratio = room_heat_kwh / np.maximum(holding_kwh, NO_HEAT_KWH)
    wanted = np.clip((curve_c - room_c) * (ratio - 1), -supply.largest_offset_k, supply.largest_offset_k)
    allowed = np.maximum(curve_c + wanted, supply.lowest_supply_c) - curve_c
    return np.asarray(np.ceil(allowed / STEP_K) * STEP_K + 0.0)


def curve(supply: SupplyTemperature, outdoor_c: NDArray[np.float64], room_c: float) -> NDArray[np.float64]:
    """The heating curve's water in C: a straight line from the room's temperature to the design point, never below."""
    colder = np.maximum(0.0, room_c - outdoor_c) / (room_c - supply.design_outdoor_c)
    return np.maximum(supply.lowest_supply_c, room_c + (supply.design_supply_c - room_c) * colder)
