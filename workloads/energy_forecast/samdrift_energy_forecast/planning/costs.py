"""What heat costs in a plan, step by step: everything that the linear programme weighs against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Price of a Kelvin-hour under the lowest temperature, in hours of full heat: cold is worth any heat.
SHORTFALL_PRICE = 20.0
#: Price of a K an hour above the fastest rise believed, in hours of full heat: rather begin to heat earlier.
STEEPNESS_PRICE = 5.0
#: Prices that differ by less than this share are one price.
SAME_PRICE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Prices of one plan in one unit: currency, or kWh where nothing but heat counts."""

    #: Of a kWh of heat in each step, with the price put on its CO2; may be negative. Shape `(n,)`.
    per_kwh: NDArray[np.float64]
    #: Of a kWh less in the building at the end than under the fixed setback plan: it must be bought later.
    reference_per_kwh: float = 1.0
    #: What a kWh more in the building at the end is worth. Nothing where prices differ by the step: else a plan would
    #: fill the building in cheap steps at the end to be praised for it.
    surplus_per_kwh: float = 1.0
    #: The price of a kWh that comfort is set above: no step's may be higher.
    comfort_per_kwh: float = 1.0
    #: Of a kW of the highest step beyond `peak_free_kw`, which was reached before and is paid already.
    peak_per_kw: float = 0.0
    peak_free_kw: float = 0.0
    #: Of a kWh beyond this share of the plant's largest heat: what a warmer return costs, see `tariff`.
    boost_per_kwh: float = 0.0
    boost_from_share: float = 1.0

    @classmethod
    def of_heat_alone(cls, count: int, *, peak_per_kw: float = 0.0) -> Self:
        """Every kWh costs 1."""
        return cls(per_kwh=np.ones(count), peak_per_kw=peak_per_kw)

    @property
    def shapes_heat(self) -> bool:
        """Whether it matters when and how fast heat is bought, not only how much."""
        return bool(
            self.peak_per_kw or self.boost_per_kwh or np.ptp(self.per_kwh) > SAME_PRICE * self.reference_per_kwh
        )
