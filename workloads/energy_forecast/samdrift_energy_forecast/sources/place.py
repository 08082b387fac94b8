"""Places that weather is fetched for: a grid, so that neighbours share one question."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import Location

#: Distance of grid points in degrees: 5.6 km from north to south, 3 km from east to west in Denmark.
GRID_DEG = 0.05
EARTH_RADIUS_KM = 6371.0


@dataclass(frozen=True, kw_only=True, order=True)
class Place:
    """A grid point (WGS 84)."""

    latitude: float
    longitude: float

    @classmethod
    def near(cls, location: Location) -> Self:
        """The grid point nearest to a building."""
        return cls(latitude=_on_grid(location.latitude), longitude=_on_grid(location.longitude))

    @property
    def forecast_series(self) -> str:
        """Name of its forecasts among the series."""
        return f"dmi:{self}"

    @property
    def observed_series(self) -> str:
        """Name of its observations among the series."""
        return f"dmi-observed:{self}"

    def __str__(self) -> str:
        return f"{self.longitude:.2f},{self.latitude:.2f}"

    def distance_km(self, longitude: float, latitude: float) -> float:
        """Great-circle distance by the haversine formula."""
        north, east = (math.radians(d) for d in (latitude - self.latitude, longitude - self.longitude))
        scale = math.cos(math.radians(latitude)) * math.cos(math.radians(self.latitude))
        half = math.sin(north / 2) ** 2 + scale * math.sin(east / 2) ** 2
        return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def _on_grid(degrees: float) -> float:
    return round(round(degrees / GRID_DEG) * GRID_DEG, 2)
