"""DMI's meteorological observations (metObs): hourly means of the nearest station that measures them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.sources.dmi_forecast import COLDEST_C, COLUMNS, LARGEST_FLUX_W_M2, WARMEST_C
from samdrift_energy_forecast.sources.errors import SourceAnswerError, SourceUnavailableError
from samdrift_energy_forecast.sources.issued_table import IssuedTable, issued_table

if TYPE_CHECKING:
    from samdrift_energy_forecast.sources.asking import Asker
    from samdrift_energy_forecast.sources.place import Place

PATH = "/v2/metObs/collections/observation/items"
#: Means of the hour that ends at `observed`: temperature in C, global radiation in W/m2; and what they may be.
PARAMETERS = {"temp_mean_past1h": (COLDEST_C, WARMEST_C), "radia_glob_past1h": (-20.0, LARGEST_FLUX_W_M2)}
#: Stations are looked for so far from the place, in degrees; few of them measure radiation.
REACH_DEG = 0.75
#: Items that one question asks for: the service's own maximum.
MOST_ITEMS = 300_000


def weather_observed(asker: Asker, place: Place, first: int, end: int) -> IssuedTable:
    """Observations of hours `first` to `end - 1` near `place`; each hour is known at its end.

    Raises:
        SourceUnavailableError, SourceRefusedError: see `asking`; also when no station near measures one of the two.
    """
    series = [_measured(asker, place, name, first, end) for name in PARAMETERS]
    both = sorted(series[0].keys() & series[1].keys())
    rows = ((hours.end_of(hour), hour, [series[0][hour], max(0.0, series[1][hour])]) for hour in both)
    return issued_table(COLUMNS, rows)


def _measured(asker: Asker, place: Place, parameter: str, first: int, end: int) -> dict[int, float]:
    """Hour -> value of the nearest station."""
    station = _nearest_station(asker, place, parameter, end)
    asked = {"stationId": station, "parameterId": parameter, "datetime": _span(first, end), "limit": str(MOST_ITEMS)}
    features = _features(asker.json(PATH, asked))
    found = dict(pair for feature in features for pair in _values(feature, parameter))
    return {hour: value for hour, value in found.items() if first <= hour < end}


def _nearest_station(asker: Asker, place: Place, parameter: str, end: int) -> str:
    """The station that measured `parameter` in the last hours before `end`."""
    west, east = place.longitude - REACH_DEG, place.longitude + REACH_DEG
    south, north = place.latitude - REACH_DEG, place.latitude + REACH_DEG
    asked = {
        "parameterId": parameter,
        "bbox": f"{west:g},{south:g},{east:g},{north:g}",
        "datetime": _span(end - 6, end),
        "limit": "1000",
    }
    features = _features(asker.json(PATH, asked))
    stations = [(place.distance_km(*_coordinates(feature)), _station(feature)) for feature in features]
    if not stations:
        raise SourceUnavailableError(f"No station of DMI within {REACH_DEG} degrees of {place} measures {parameter}.")
    return min(stations)[1]


def _span(first: int, end: int) -> str:
    """An RFC 3339 interval that holds the stamps of hours `first` to `end - 1`, which are their ends."""
    return f"{hours.end_of(first):%Y-%m-%dT%H:%M:%SZ}/{hours.start_of(end):%Y-%m-%dT%H:%M:%SZ}"


def _features(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    features = answer.get("features")
    if not isinstance(features, list):
        raise SourceAnswerError(f"DMI's observations: {SourceAnswerError.__doc__} (no features)")
    return features


def _station(feature: Mapping[str, Any]) -> str:
    try:
        return str(feature["properties"]["stationId"])
    except (KeyError, TypeError) as error:
        raise SourceAnswerError(f"DMI's observations: {SourceAnswerError.__doc__} ({error!r})") from error


def _coordinates(feature: Mapping[str, Any]) -> tuple[float, float]:
    try:
        longitude, latitude = (float(part) for part in feature["geometry"]["coordinates"][:2])
    except (KeyError, TypeError, ValueError) as error:
        raise SourceAnswerError(f"DMI's observations: {SourceAnswerError.__doc__} ({error!r})") from error
    return longitude, latitude


def _values(feature: Mapping[str, Any], parameter: str) -> Iterator[tuple[int, float]]:
    """The hour and its value; nothing where there is none, or one that no weather has: a fault of the station."""
    lowest, highest = PARAMETERS[parameter]
    try:
        observed = datetime.fromisoformat(feature["properties"]["observed"]).astimezone(UTC)
        value = feature["properties"]["value"]
        number = math.nan if value is None else float(value)
    except (KeyError, TypeError, ValueError) as error:
        raise SourceAnswerError(f"DMI's observations: {SourceAnswerError.__doc__} ({error!r})") from error
    if observed.timestamp() % hours.SECONDS == 0 and lowest <= number <= highest:
        yield hours.ending_at(observed), number
