"""The two Danish bidding zones of the electricity market."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import Location
    from samdrift_energy_forecast.sources.energi_data_service import PriceArea

#: East of the Great Belt and south of Anholt lies DK2; the rest of the country is DK1.
GREAT_BELT_DEG, NORTH_OF_ZEALAND_DEG = 10.95, 56.2


def price_area(location: Location) -> PriceArea:
    """DK1 (Jutland, Funen, Anholt) or DK2 (Zealand, Lolland-Falster, Bornholm) of a place in Denmark."""
    is_east = location.longitude > GREAT_BELT_DEG and location.latitude < NORTH_OF_ZEALAND_DEG
    return "DK2" if is_east else "DK1"
