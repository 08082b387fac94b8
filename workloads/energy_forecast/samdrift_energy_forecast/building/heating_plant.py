"""What makes or brings a building's heat, and what it cannot do."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from samdrift_energy_forecast.building.document import Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Outdoor temperature of the rated coefficient of performance (EN 14511: A7).
RATED_OUTDOOR_C = 7.0


class HeatSource(StrEnum):
    """Where heat comes from."""

    DISTRICT_HEATING = "district_heating"
    GAS_BOILER = "gas_boiler"
    HEAT_PUMP = "heat_pump"
    ELECTRIC_BOILER = "electric_boiler"


class HeatPump(Document):
    """Coefficient of performance: a straight line over outdoor temperature between two bounds."""

    cop_at_7c: Annotated[float, Field(gt=0)] = 3.2
    """Coefficient of performance at 7 C outdoors (EN 14511: A7)."""
    cop_per_k: Annotated[float, Field(ge=0)] = 0.06
    """How much it rises for each K that it is warmer outdoors."""
    least_cop: Annotated[float, Field(gt=0)] = 1.5
    """It is never taken for less."""
    largest_cop: Annotated[float, Field(gt=0)] = 5.0
    """It is never taken for more."""

    def cop(self, outdoor_c: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heat for each kWh of electricity; shape as `outdoor_c`, in C."""
        import numpy as np  # descriptions are read where it is not installed

        straight = self.cop_at_7c + self.cop_per_k * (outdoor_c - RATED_OUTDOOR_C)
        return np.clip(straight, self.least_cop, self.largest_cop)


class SupplyTemperature(Document):
    """A weather-compensated heating curve, where the plan may shift it: radiators get hotter water while preheating."""

    design_supply_c: Annotated[float, Field(ge=25, le=110)] = 60.0
    """Forward temperature in C at the design outdoor temperature."""
    design_outdoor_c: Annotated[float, Field(ge=-40, le=10)] = -12.0
    """DS 418's design temperature for Denmark is -12 C."""
    lowest_supply_c: Annotated[float, Field(ge=20, le=90)] = 30.0
    """Not below it, whatever the plan: 60 C or more where the same water heats domestic hot water (legionella)."""
    largest_offset_k: Annotated[float, Field(ge=0, le=30)] = 10.0
    """A plan shifts the curve by no more, K."""


class HeatingPlant(Document):
    """The plant. Its largest heat is learnt from the readings."""

    source: HeatSource = HeatSource.DISTRICT_HEATING
    """Where heat comes from: district_heating, gas_boiler, heat_pump or electric_boiler."""
    heat_pump: HeatPump = HeatPump()
    """For a heat pump alone."""
    least_load_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Heat that runs at all runs at this share of the largest or more."""
    shortest_run_h: Annotated[int, Field(ge=1, le=12)] = 1
    """Once on it stays on so long; only with `least_load_share`."""
    supply: SupplyTemperature | None = None
    """Absent: no forward-temperature offsets are planned."""

    @property
    def is_electric(self) -> bool:
        """Whether a kWh bought is one of electricity."""
        return self.source in (HeatSource.HEAT_PUMP, HeatSource.ELECTRIC_BOILER)

    def heat_per_kwh(self, outdoor_c: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heat for each kWh bought, shape as `outdoor_c`: 1 for all but heat pumps."""
        import numpy as np

        return self.heat_pump.cop(outdoor_c) if self.source is HeatSource.HEAT_PUMP else np.ones_like(outdoor_c)
