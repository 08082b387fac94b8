"""From tariff, emission factor, plant and signals to what each kWh of heat costs and emits in each hour of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.building.heating_plant import HeatSource
from samdrift_energy_forecast.planning.costs import SAME_PRICE, Costs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.surroundings.signals import Signals


#: Of the distance of an hour's price from the flat one, this share moves heat. A building keeps heat worse than its
#: thermal model thinks: with all of it, plans of a simulated office lost more heat than the cheap hours were worth.
STORING_TRUST = 0.5


@dataclass(frozen=True, kw_only=True)
class HeatPrices:
    """A kWh of heat in each hour; series have shape `(n,)`."""

    #: In the tariff's currency; may be negative.
    price_per_kwh: NDArray[np.float64]
    kg_co2_per_kwh: NDArray[np.float64]
    #: A kWh of heat at the flat price and on average.
    flat_per_kwh: float
    #: Whether prices, and whether CO2, are known by the hour.
    has_hourly_price: bool
    has_hourly_co2: bool


def heat_prices(building: BuildingDescription, signals: Signals, outdoor_c: NDArray[np.float64]) -> HeatPrices:
    """Prices and emissions of heat, shape as `outdoor_c` (C).

    Heat pumps make more than one kWh of heat of each bought, the more the milder it is. Heat from a network uses hourly
    CO2 only where the emission says what it is: electricity's is not heat's.
    """
    tariff, emission, plant = building.tariff, building.emission, building.plant
    heat_per_kwh = plant.heat_per_kwh(outdoor_c)
    hourly_co2 = signals.kg_co2_per_kwh.is_known and (plant.is_electric or emission.hourly_method is not None)
    flat = tariff.price_per_kwh - tariff.added_per_kwh
    bought = signals.price_per_kwh.filled(flat) + tariff.added_per_kwh
    emitted = signals.kg_co2_per_kwh.filled(emission.kg_co2_per_kwh) if hourly_co2 else emission.kg_co2_per_kwh
    return HeatPrices(
        price_per_kwh=bought / heat_per_kwh,
        kg_co2_per_kwh=emitted / heat_per_kwh,
        flat_per_kwh=float(tariff.price_per_kwh / heat_per_kwh.mean()),
        has_hourly_price=signals.price_per_kwh.is_known,
        has_hourly_co2=hourly_co2,
    )


def believed(per_kwh: NDArray[np.float64], reference_per_kwh: float) -> NDArray[np.float64]:
    """Prices as a plan weighs them: drawn towards the flat one, because heat stored is never all there later."""
    return reference_per_kwh + STORING_TRUST * (per_kwh - reference_per_kwh)


def costs(building: BuildingDescription, prices: HeatPrices) -> Costs:
    """What a plan weighs, in the tariff's currency: price and CO2 by the hour, peak, return temperature.

    With heat free of charge the plan still spares it: then every kWh costs 1, and the peak has no price beside it.
    """
    tariff, emission = building.tariff, building.emission
    per_kwh = prices.price_per_kwh + emission.price_per_kg * prices.kg_co2_per_kwh
    flat = prices.flat_per_kwh + emission.price_per_kg * float(prices.kg_co2_per_kwh.mean())
    reference = flat or float(np.abs(per_kwh).mean())
    if not reference:
        return Costs.of_heat_alone(len(per_kwh))
    is_flat = bool(np.ptp(per_kwh) <= SAME_PRICE * reference)
    boost = tariff.return_temperature if building.plant.source is HeatSource.DISTRICT_HEATING else None
    return Costs(
        per_kwh=believed(per_kwh, reference),
        reference_per_kwh=reference,
        surplus_per_kwh=reference if is_flat else 0.0,
        comfort_per_kwh=max(reference, float(per_kwh.max())),
        peak_per_kw=tariff.peak_price_per_kw,
        peak_free_kw=tariff.peak_paid_kw,
        boost_per_kwh=0.0 if boost is None else boost.surcharge_share * prices.flat_per_kwh,
        boost_from_share=1.0 if boost is None else boost.paid_from_share,
    )
