"""Weather as it was known when the plan was made: observed before, forecast after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering import table_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

OBSERVED, FORECAST = "observed weather", "weather forecast"
#: Shorter holes in the observations are bridged by a straight line.
LONGEST_BRIDGED_HOLE_H = 6
#: Behind the end of the forecasts the last day goes on, for so long at most. DMI's runs reach 2.5 days; the rest is for
#: days without a new forecast.
LONGEST_CONTINUATION_H = 72
#: Tables that stay parsed: the buildings of one place in a batch have the same.
KEPT_AT_HAND = 32
Hour = int
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Weather:
    """Consecutive hours from `first`; both series have shape `(n,)`."""

    first: int
    temperature_c: NDArray[np.float64]
    global_radiation_w_m2: NDArray[np.float64]
    #: Age of the newest forecast in it when the plan begins, in hours.
    forecast_age_h: float = 0.0
    #: So many hours at its end no forecast reached: the day before them goes on there.
    continued_h: int = 0

    def window(self, first: int, count: int) -> Weather:
        """Hours `first` to `first + count - 1`."""
        part = slice(first - self.first, first - self.first + count)
        return Weather(
            first=first,
            temperature_c=self.temperature_c[part],
            global_radiation_w_m2=self.global_radiation_w_m2[part],
            forecast_age_h=self.forecast_age_h,
            continued_h=self.continued_h,
        )


def weather_as_known(observed: bytes, forecast: bytes | None, *, first: int, issue: int, horizon: int) -> Weather:
    """Weather of hours `first` to `issue + horizon - 1` as known at the beginning of hour `issue`.

    Of the forecasts issued by then each hour's latest is used; what was issued later does not enter. Where the
    forecasts end too early, or there are none (None), the day before goes on; none is as old as the horizon is long.

    Raises:
        ReadingsError: a file is unreadable, no forecast was issued by then, or too many hours are missing.
    """
    past = {hour: point for hour, point in _observed(observed).items() if first <= hour < issue}
    none: tuple[Mapping[Hour, Point], datetime] = ({}, hours.start_of(issue - horizon))
    future, newest = none if forecast is None else _issued_by(forecast, issue)
    end = issue + horizon
    laid = np.full((end - first, 2), np.nan)
    for hour, point in (past | {hour: point for hour, point in future.items() if issue <= hour < end}).items():
        laid[hour - first] = point
    continued_h = _continue(laid, first)
    temperature_c, radiation = (_bridge(series, first) for series in laid.T)
    return Weather(
        first=first,
        temperature_c=temperature_c,
        global_radiation_w_m2=radiation,
        forecast_age_h=(hours.start_of(issue) - newest).total_seconds() / hours.SECONDS,
        continued_h=continued_h,
    )


@lru_cache(maxsize=KEPT_AT_HAND)
def _observed(data: bytes) -> Mapping[Hour, Point]:
    columns = table_files.read_table(data, OBSERVED)
    return dict(zip(_hours(columns, OBSERVED), _points(columns, OBSERVED), strict=True))


@lru_cache(maxsize=KEPT_AT_HAND)
def _issued_by(data: bytes, issue: Hour) -> tuple[Mapping[Hour, Point], datetime]:
    """Hour -> its latest forecast issued by the beginning of `issue`, and when the newest of them was issued."""
    columns = table_files.read_table(data, FORECAST)
    issued = table_files.instants(table_files.column(columns, "issued", FORECAST), "issued", FORECAST)
    begins = hours.start_of(issue)
    rows = zip(issued, _hours(columns, FORECAST), _points(columns, FORECAST), strict=True)
    in_time = sorted((row for row in rows if row[0] <= begins), key=lambda row: row[0])
    if not in_time:
        raise ReadingsError(
            f"No weather forecast was issued by {begins.isoformat()}, when the plan begins.", field="issued"
        )
    return {hour: point for _, hour, point in in_time}, in_time[-1][0]


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


def _continue(laid: NDArray[np.float64], first: Hour) -> int:
    """Let the last day go on behind the last row that is known; how many hours that are."""
    known = np.flatnonzero(np.isfinite(laid).all(axis=1))
    count = len(laid) - 1 - int(known[-1]) if len(known) else len(laid)
    if count > LONGEST_CONTINUATION_H or (count and len(known) < hours.DAY):
        stamp = hours.end_of(first + len(laid) - count).isoformat()
        raise ReadingsError(f"The weather forecast ends before {stamp}: {count} h are missing at the plan's end.")
    for place in range(len(laid) - count, len(laid)):
        laid[place] = laid[place - hours.DAY]
    return count


def _bridge(series: NDArray[np.float64], first: Hour) -> NDArray[np.float64]:
    known = np.flatnonzero(np.isfinite(series))
    holes = np.diff(np.concatenate([[-1], known])) - 1
    if holes.max() > LONGEST_BRIDGED_HOLE_H:
        before = int(known[int(holes.argmax())])
        stamp = hours.end_of(first + before).isoformat()
        raise ReadingsError(f"The weather has a hole of {int(holes.max())} h that ends before {stamp}.")
    places = np.arange(len(series))
    return np.interp(places, known, series[known])
