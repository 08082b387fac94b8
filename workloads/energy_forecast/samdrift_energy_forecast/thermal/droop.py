"""How far rooms stay below their set-point, and the further the more heat they get: a thermostat's proportional droop.

Sensors measure air, people feel walls too: while a building warms up its rooms lag behind the set-point by far more
than when it is settled. Both are learnt from hours under the warm set-point in which the plant had heat to spare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.metering.readings import Readings
    from samdrift_energy_forecast.surroundings.operation import Operation

#: How far rooms stay below the set-point where that was never seen (K).
USUAL_LAG_K = 0.5
#: At more than this share of the largest heat the plant may be what decides, not the thermostat.
SPARE_SHARE = 0.95
#: Fewer hours teach nothing.
FEWEST_HOURS = 20


@dataclass(frozen=True, kw_only=True)
class Droop:
    """set-point = room + lag_k + k_per_kwh * heat of the hour; neither is negative."""

    lag_k: float
    k_per_kwh: float

    @classmethod
    def learnt(cls, readings: Readings, operation: Operation) -> Self:
        """By non-negative least squares; `operation` covers the same hours."""
        from scipy.optimize import nnls

        heat, short = readings.heat_kwh, operation.setback_c - readings.indoor_c
        spare = heat < SPARE_SHARE * np.nanmax(heat)
        seen = operation.is_warm & spare & np.isfinite(heat) & np.isfinite(short) & (short > 0)
        if seen.sum() < FEWEST_HOURS:
            return cls(lag_k=USUAL_LAG_K, k_per_kwh=0.0)
        scale = float(np.nanmax(heat))
        (lag, slope), _ = nnls(np.column_stack([np.ones(int(seen.sum())), heat[seen] / scale]), short[seen])
        return cls(lag_k=float(lag), k_per_kwh=float(slope) / scale)

    def set_point_c(self, room_c: NDArray[np.float64], heat_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
        """The set-point at which rooms get to `room_c` with `heat_kwh` in an hour."""
        return room_c + self.lag_k + self.k_per_kwh * heat_kwh
