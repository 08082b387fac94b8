"""What heat emits. A factor without its year and method cannot be judged."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from samdrift_energy_forecast.building.document import Document


class Emission(Document):
    """The factor of a kWh bought. Average factors are flat in time; shifting heat by hour needs marginal ones."""

    kg_co2_per_kwh: Annotated[float, Field(ge=0)]
    """Of hours without an hourly factor."""
    year: Annotated[int, Field(ge=2000, le=2100)]
    """The year that the factor holds for."""
    method: Annotated[str, Field(min_length=1)]
    """Whose factor it is and how it was worked out."""
    hourly_method: Annotated[str, Field(min_length=1)] | None = None
    """What hourly factors in the signals are, such as "marginal production, heat supplier". Heat from a network uses
    hourly factors only where this is said: electricity's are not heat's."""
    price_per_kg: Annotated[float, Field(ge=0)] = 0.0
    """What a kg CO2 less is worth to the owner, in the tariff's currency: the weight of CO2 in the plan."""
