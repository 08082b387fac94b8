"""Weather as it was known when the plan was made: observed before, forecast after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours, table_files
from samdrift_energy_forecast.errors import ReadingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

OBSERVED, FORECAST = "observed weather", "weather forecast"
#: Shorter holes in the observations are bridged by a straight line.
LONGEST_BRIDGED_HOLE_H = 6
Hour = int
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Consecutive hours from `first`; both series have shape `(n,)`."""

    first: int
    temperature_c: NDArray[np.float64]
    global_radiation_w_m2: NDArray[np.float64]

    def window(self, first: int, count: int) -> Weather:
        """Hours `first` to `first + count - 1`."""
        part = slice(first - self.first, first - self.first + count)
        return Weather(
            first=first,
            temperature_c=self.temperature_c[part],
            global_radiation_w_m2=self.global_radiation_w_m2[part],
        )


def weather_as_known(observed: bytes, forecast: bytes, *, first: int, issue: int, horizon: int) -> Weather:
    """Weather of hours `first` to `issue + horizon - 1` as known at the beginning of hour `issue`.

    Of the forecasts only the latest issued by then is used.

    Raises:
        ReadingsError: a file is unreadable, or hours are missing.
    """
    past = {hour: point for hour, point in _observed(observed).items() if first <= hour < issue}
    future = {hour: point for hour, point in _issued_by(forecast, issue).items() if issue <= hour < issue + horizon}
    missing = next((hour for hour in range(issue, issue + horizon) if hour not in future), None)
    if missing is not None:
        raise ReadingsError(f"The weather forecast has no value for {hours.end_of(missing).isoformat()}.")
    laid = np.full((issue + horizon - first, 2), np.nan)
    for hour, point in (past | future).items():
        laid[hour - first] = point
    temperature_c, radiation = (_bridge(series, first) for series in laid.T)
    return Weather(first=first, temperature_c=temperature_c, global_radiation_w_m2=radiation)


def _observed(data: bytes) -> dict[Hour, Point]:
    columns = table_files.read_table(data, OBSERVED)
    return dict(zip(_hours(columns, OBSERVED), _points(columns, OBSERVED), strict=True))


def _issued_by(data: bytes, issue: Hour) -> dict[Hour, Point]:
    columns = table_files.read_table(data, FORECAST)
    issued = table_files.stamps(table_files.column(columns, "issued", FORECAST), "issued", FORECAST)
    in_time = [instant for instant in issued if hours.beginning_at(instant) <= issue]
    if not in_time:
        begins = hours.start_of(issue).isoformat()
        raise ReadingsError(f"No weather forecast was issued by {begins}, when the plan begins.", field="issued")
    rows = zip(issued, _hours(columns, FORECAST), _points(columns, FORECAST), strict=True)
    return {hour: point for instant, hour, point in rows if instant == max(in_time)}


def _hours(columns: table_files.Columns, what: str) -> list[Hour]:
    return [
        hours.ending_at(end) for end in table_files.stamps(table_files.column(columns, "stamp", what), "stamp", what)
    ]


def _points(columns: table_files.Columns, what: str) -> list[Point]:
    names = ("temperature_c", "global_radiation_w_m2")
    temperature_c, radiation = (
        table_files.numbers(table_files.column(columns, name, what), name, what) for name in names
    )
    return list(zip(temperature_c, radiation, strict=True))


def _bridge(series: NDArray[np.float64], first: Hour) -> NDArray[np.float64]:
    known = np.flatnonzero(np.isfinite(series))
    holes = np.diff(np.concatenate([[-1], known])) - 1
    if holes.max() > LONGEST_BRIDGED_HOLE_H:
        before = int(known[int(holes.argmax())])
        stamp = hours.end_of(first + before).isoformat()
        raise ReadingsError(f"The observed weather has a hole of {int(holes.max())} h that ends before {stamp}.")
    places = np.arange(len(series))
    return np.interp(places, known, series[known])
