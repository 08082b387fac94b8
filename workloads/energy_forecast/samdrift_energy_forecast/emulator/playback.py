"""A plan judged in the emulator: heat and Kelvin-hours of cold against the fixed setback plan.

Cold is counted on the operative temperature of the zones whose set-point is driven, below the comfort limit, while the
building is open. A plan is as comfortable as today's when its mean over the zones is at most 0.1 K h above the fixed
setback plan's and no zone is more than 0.5 K h above. The allowances were made for two weeks; over 48 h they are wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.emulator import Simulated

ALLOWED_MEAN_KH, ALLOWED_WORST_KH = 0.1, 0.5


@dataclass(frozen=True, kw_only=True)
class Score:
    """Some hours of one run."""

    heat_kwh: float
    #: K h of cold per controlled zone while open: the mean over the zones, and each zone's.
    cold_kh: float
    zone_cold_kh: NDArray[np.float64]

    def as_comfortable_as(self, other: Score) -> bool:
        """Whether this run is at most as cold as `other`, within the two allowances."""
        worst = float((self.zone_cold_kh - other.zone_cold_kh).max())
        return self.cold_kh <= other.cold_kh + ALLOWED_MEAN_KH and worst <= ALLOWED_WORST_KH


def score(simulated: Simulated, is_open: NDArray[np.bool_], first: int, count: int) -> Score:
    """Score hours `first` to `first + count - 1` of a run; `is_open` covers the whole run."""
    chosen = slice(first, first + count)
    zones = np.array([hours[chosen] for hours in simulated.cold_kelvin_hours.values()])
    cold = (zones * is_open[chosen]).sum(axis=1)
    return Score(heat_kwh=float(sum(simulated.heat_kwh[chosen])), cold_kh=float(cold.mean()), zone_cold_kh=cold)
