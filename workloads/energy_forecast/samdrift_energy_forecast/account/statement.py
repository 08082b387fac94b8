"""A building's energy and CO2 account of one year: a line for the owner, an appendix for the auditor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from samdrift_energy_forecast.account.against_forecast import AgainstForecast, against_forecast
from samdrift_energy_forecast.account.degree_days import Correction, corrected
from samdrift_energy_forecast.account.refusal import Refusal
from samdrift_energy_forecast.account.savings import Design, Savings, measured_savings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from samdrift_energy_forecast.account.days import Days
    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.building.emission import Emission

#: Said wherever a measured saving is shown.
MEASURED = (
    "measured: IPMVP option C, heat meter against a change-point model of days, normalised for weather and calendar "
    "and fitted on days under fixed setback; 90 % interval from held-out stretches in each account"
)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The account of one building from `first` to `last`, both taken in."""

    building: str
    name: str
    type: str
    first: date
    last: date
    #: kWh of the hours that were measured and can be believed, and their share of all hours of the period.
    heat_kwh: float
    coverage: float
    area_m2: float | None
    #: At the flat price of the building's description; without peak and hourly prices.
    cost: float
    currency: str
    kg_co2: float
    emission: Emission
    #: None where the period is no whole year or too little of it is known.
    correction: Correction | None
    savings: Savings | Refusal
    against_forecast: AgainstForecast | None
    price_per_kwh: float

    @property
    def kwh_per_m2(self) -> float | None:
        """Measured heat by heated floor area."""
        return None if self.area_m2 is None else self.heat_kwh / self.area_m2

    @property
    def method(self) -> str:
        """How a measured saving is known, with the emission factor's year and method."""
        factor = self.emission
        return f"{MEASURED}; emission factor {factor.kg_co2_per_kwh:g} kg CO2/kWh, {factor.year}, {factor.method}"


def statement(
    building: BuildingDescription,
    days: Days,
    setback_forecast_kwh: NDArray[np.float64],
    first: date,
    last: date,
    *,
    normal_degree_days: float,
) -> Statement:
    """The account of `building` from `first` to `last`; `days` hold the days under fixed setback before it too."""
    inside = days.between(first, last)
    whole = (last - first).days + 1
    heat_kwh = float(days.measured_kwh[inside].sum())
    savings = measured_savings(days, first, last)
    design = savings.design if isinstance(savings, Savings) else Design.BEFORE_AFTER
    is_year = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year
    return Statement(
        building=building.id,
        name=building.name,
        type=building.type,
        first=first,
        last=last,
        heat_kwh=heat_kwh,
        coverage=float(days.measured_share[inside].sum()) / whole,
        area_m2=building.area_m2,
        cost=heat_kwh * building.tariff.price_per_kwh,
        currency=building.tariff.currency,
        kg_co2=heat_kwh * building.emission.kg_co2_per_kwh,
        emission=building.emission,
        correction=corrected(days, first, last, normal_degree_days) if is_year else None,
        savings=savings,
        against_forecast=against_forecast(days, setback_forecast_kwh, first, last, design),
        price_per_kwh=building.tariff.price_per_kwh,
    )
