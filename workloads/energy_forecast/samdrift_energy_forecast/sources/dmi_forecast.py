"""DMI's weather forecast at a point: collection harmonie_dini_sf of its EDR service (OGC 19-086, position query).

Its answers declare no units and not the run they come from. So units are checked by what is physically possible, and a
forecast counts as issued when it was fetched: it was not known here before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.sources.errors import SourceAnswerError, SourceRefusedError
from samdrift_energy_forecast.sources.issued_table import IssuedTable, issued_table

if TYPE_CHECKING:
    from samdrift_energy_forecast.sources.asking import Asker
    from samdrift_energy_forecast.sources.place import Place

PATH = "/v1/forecastedr/collections/harmonie_dini_sf/position"
TEMPERATURE = "temperature-2m"
#: Names of the radiation, the best first: one unknown name makes the service refuse the whole question (HTTP 400).
RADIATION = (
    "global-radiation-flux",
    "downward-short-wave-radiation-flux",
    "downward-short-wave-radiation-flux-instant",
)
COLUMNS = ("temperature_c", "global_radiation_w_m2")
#: No hour on earth has more than this (W/m2): a larger number is an amount in J/m2 summed since the run began.
LARGEST_FLUX_W_M2 = 1_500.0
#: Danish records are -31.2 and 36.4 C; in kelvin nothing lies near them.
COLDEST_C, WARMEST_C = -60.0, 60.0
KELVIN = 273.15
#: A sum may fall by so much through rounding, in J/m2.
ROUNDING_J_M2 = 2_000.0
Instants = dict[datetime, float]


def weather_forecast(asker: Asker, place: Place, fetched: datetime) -> IssuedTable:
    """The forecast at `place`, hourly means, issued at `fetched`.

    Raises:
        SourceUnavailableError, SourceRefusedError: see `asking`.
    """
    for name in RADIATION[:-1]:
        try:
            return _read(_ask(asker, place, name), name, fetched)
        except SourceRefusedError as error:
            if "HTTP 400" not in error.message:
                raise
    return _read(_ask(asker, place, RADIATION[-1]), RADIATION[-1], fetched)


def _ask(asker: Asker, place: Place, radiation: str) -> dict[str, Any]:
    parameters = {
        "coords": f"POINT({place.longitude:g} {place.latitude:g})",
        "crs": "crs84",
        "parameter-name": f"{TEMPERATURE},{radiation}",
        "f": "CoverageJSON",
    }
    return asker.json(PATH, parameters)


def _read(coverage: Mapping[str, Any], radiation: str, fetched: datetime) -> IssuedTable:
    temperature_c = mean_temperature_c(_values(coverage, TEMPERATURE))
    flux_w_m2 = mean_flux_w_m2(_values(coverage, radiation))
    both = sorted(temperature_c.keys() & flux_w_m2.keys())
    if not both:
        raise SourceAnswerError(f"DMI's forecast has no whole hour. {SourceAnswerError.__doc__}")
    return issued_table(COLUMNS, ((fetched, hour, [temperature_c[hour], flux_w_m2[hour]]) for hour in both))


def mean_temperature_c(instants: Instants) -> dict[int, float]:
    """Hour -> mean temperature in C, from the values at its two ends in kelvin.

    Raises:
        SourceAnswerError: the values are neither kelvin nor plausible.
    """
    values = list(instants.values())
    offset = KELVIN if values and min(values) > COLDEST_C + KELVIN else 0.0
    celsius = {instant: value - offset for instant, value in instants.items()}
    outside = next((value for value in celsius.values() if not COLDEST_C <= value <= WARMEST_C), None)
    if outside is not None:
        raise SourceAnswerError(f"DMI's temperature of {outside + offset:g} is neither kelvin nor Celsius.")
    return {hour: (before + after) / 2 for hour, before, after in _hours(celsius)}


def mean_flux_w_m2(instants: Instants) -> dict[int, float]:
    """Hour -> mean radiation in W/m2, from sums since the run began in J/m2, or from fluxes at its two ends.

    Raises:
        SourceAnswerError: a sum falls, or an hour has more than the sun gives.
    """
    if max(instants.values(), default=0.0) > LARGEST_FLUX_W_M2:
        found = {hour: _flux(after - before) for hour, before, after in _hours(instants)}
    else:
        found = {hour: (before + after) / 2 for hour, before, after in _hours(instants)}
    outside = next((value for value in found.values() if not 0.0 <= value <= LARGEST_FLUX_W_M2), None)
    if outside is not None:
        raise SourceAnswerError(f"DMI's radiation of {outside:g} W/m2 in an hour cannot be. Nothing was kept.")
    return found


def _flux(joules_per_m2: float) -> float:
    """W/m2 of a difference of sums over an hour; rounding may make it a little negative."""
    return max(joules_per_m2, 0.0) / hours.SECONDS if joules_per_m2 > -ROUNDING_J_M2 else joules_per_m2 / hours.SECONDS


def _hours(instants: Instants) -> list[tuple[int, float, float]]:
    """Hour, value at its beginning and value at its end, of each hour that has both."""
    starts = {int(instant.timestamp()): value for instant, value in instants.items()}
    return [
        (second // hours.SECONDS, before, starts[second + hours.SECONDS])
        for second, before in starts.items()
        if second % hours.SECONDS == 0 and second + hours.SECONDS in starts
    ]


def _values(coverage: Mapping[str, Any], name: str) -> Instants:
    """Instant -> value of one parameter; instants without a value are left out."""
    try:
        stamps: Sequence[str] = coverage["domain"]["axes"]["t"]["values"]
        values: Sequence[float | None] = coverage["ranges"][name]["values"]
        pairs = [(_instant(stamp), value) for stamp, value in zip(stamps, values, strict=True)]
        return {instant: float(value) for instant, value in pairs if value is not None and math.isfinite(value)}
    except (KeyError, TypeError, ValueError) as error:
        raise SourceAnswerError(f"DMI's {name}: {SourceAnswerError.__doc__} ({error!r})") from error


def _instant(stamp: str) -> datetime:
    """CoverageJSON stamps end in Z (ISO 8601); one without is read as UTC."""
    instant = datetime.fromisoformat(stamp)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
