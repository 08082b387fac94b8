"""What a building pays for its heat, as far as a plan can change it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from samdrift_energy_forecast.building.document import Document

Price = Annotated[float, Field(ge=0)]


class ReturnTemperature(Document):
    """A "motivationstarif": district heating dearer the warmer its water returns.

    A plan knows heat, not flow and return, so it uses a linear surrogate. Up to `from_load_share` of the plant's
    largest heat the return is as expected; from there it rises by `rise_at_full_k` to full heat, because radiators that
    get more flow cool it less. Beyond the neutral zone each K costs `price_share_per_k` of the energy price. The
    surrogate is the straight line from where the neutral zone ends to full heat, paid on the heat above. Rise and load
    share depend on the building and are to be taken from its own meter (MWh / m3 * 860 = cooling in K).
    """

    price_share_per_k: Annotated[float, Field(ge=0, le=0.1)] = 0.01
    """Of the energy price for each K; about 1 % in Grenaa's, Lemvig's and REFA's tariffs."""
    neutral_k: Annotated[float, Field(ge=0)] = 4.0
    """Warmer returns than expected that cost nothing yet."""
    rise_at_full_k: Annotated[float, Field(gt=0)] = 10.0
    """How much warmer the return is at full heat than at `from_load_share`. A guess until measured."""
    from_load_share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """Share of the largest heat up to which the return is as expected."""

    @property
    def paid_from_share(self) -> float:
        """Share of the largest heat at which the neutral zone ends; 1 where full heat does not leave it."""
        inside = min(1.0, self.neutral_k / self.rise_at_full_k)
        return self.from_load_share + (1 - self.from_load_share) * inside

    @property
    def surcharge_share(self) -> float:
        """Of the energy price on each kWh beyond `paid_from_share`: the surcharge at full heat, spread over them."""
        beyond = 1 - self.paid_from_share
        return self.price_share_per_k * max(0.0, self.rise_at_full_k - self.neutral_k) / beyond if beyond else 0.0


class Tariff(Document):
    """What a kWh bought costs: of heat, or of electricity where a heat pump or an electric boiler makes the heat."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "DKK"
    """ISO 4217 code."""
    price_per_kwh: Price
    """Of hours without an hourly price: everything included."""
    added_per_kwh: float = 0.0
    """On top of an hourly price: the supplier's fixed part, the grid's tariff, taxes."""
    peak_price_per_kw: Price = 0.0
    """For the highest hour, as far as it lies above `peak_paid_kw`."""
    peak_paid_kw: Annotated[float, Field(ge=0)] = 0.0
    """The highest hour of the settlement period so far: reaching it again costs nothing more."""
    return_temperature: ReturnTemperature | None = None
    """For district heating alone."""
