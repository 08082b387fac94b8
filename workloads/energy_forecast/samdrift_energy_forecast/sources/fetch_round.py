"""One round of fetching: every place and price area that buildings need, each once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Location
from samdrift_energy_forecast.sources.place import Place
from samdrift_energy_forecast.sources.price_areas import price_area
from samdrift_energy_forecast.tables import buildings

if TYPE_CHECKING:
    from samdrift_energy_forecast.sources.energi_data_service import PriceArea
    from samdrift_energy_forecast.sources.fetching import Fetched, Fetching
    from samdrift_platform.ledger.database import Ledger


def fetched(
    fetching: Fetching, locations: Sequence[Location], areas: Collection[PriceArea], days: int
) -> Iterator[Fetched]:
    """How each series ended: weather of the places, and prices and CO2 of `areas`, or else of those of the places.

    Observed weather, prices and CO2 as measured are fetched for `days` days back.
    """
    now = int(datetime.now(UTC).timestamp() // hours.SECONDS)
    span = (now - days * hours.DAY, now)
    for place in sorted({Place.near(location) for location in locations}):
        yield fetching.weather_forecast(place)
        yield fetching.weather_observed(place, *span)
    for area in sorted(areas or {price_area(location) for location in locations}):
        yield fetching.prices(area, span[0], now + 2 * hours.DAY)
        yield fetching.co2_foreseen(area)
        yield fetching.co2_measured(area, *span)


def locations_of_buildings(ledger: Ledger) -> list[Location]:
    """Where the buildings stand that are planned for."""
    query = sa.select(buildings.c.description).where(buildings.c.is_active)
    with ledger.read() as connection:
        descriptions = list(connection.execute(query).scalars())
    return [Location.model_validate(one["location"]) for one in descriptions if one.get("location")]
