"""A meter that shows so many times as much in the same weather from one day on: exchanged, or with another constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.runs import runs
from samdrift_energy_forecast.quality.stretch import Stretch
from samdrift_energy_forecast.quality.suitability import DEGREE_DAY_BASE_C

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Days count that are so much colder than the degree days' base: on milder ones heating is turned off or on.
COLD_K = 8.0
#: Of the 24 hours of a day, of heat and of weather.
FEWEST_KNOWN = 20
#: Cold days before and after a change whose medians are compared.
REACH_DAYS = 20
#: The smallest factor that is told, and how many times the days' own spread it must be: pulse constants are wrong by
#: 10, GJ and MWh differ by 3.6; closing a building takes off a half.
LEAST_FACTOR, LEAST_SPREADS = 2.5, 4.0


def level_changes(first: int, kwh: NDArray[np.float64], outdoor_c: NDArray[np.float64]) -> list[Stretch]:
    """Changes of `kwh` against the degree days of `outdoor_c`, both hourly from hour `first`; each to the next one."""
    days, logs = _cold_days(first, kwh, outdoor_c)
    if len(days) < 2 * REACH_DAYS:
        return []
    steps, spreads = _steps(logs)
    odd = (np.abs(steps) >= np.log(LEAST_FACTOR)) & (np.abs(steps) >= LEAST_SPREADS * spreads)
    places = sorted(
        begin + int(np.abs(np.where(which[begin:end], steps[begin:end], 0.0)).argmax())
        for which in (odd & (steps > 0), odd & (steps < 0))
        for begin, end in runs(_closed(which))
    )
    begins = [int(days[place + REACH_DAYS]) * hours.DAY - first % hours.DAY for place in places]
    ends = [*begins[1:], len(kwh)] if begins else []
    return [
        Stretch(
            code=Finding.LEVEL_CHANGE,
            begin=max(begin, 0),
            end=end,
            facts={"factor": float(np.exp(steps[place])), "since": hours.start_of(first + begin).strftime("%Y-%m-%d")},
        )
        for place, begin, end in zip(places, begins, ends, strict=True)
    ]


def _closed(odd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """`odd` with short breaks filled: one change is told once."""
    closed = odd.copy()
    for begin, end in runs(~odd):
        closed[begin:end] = begin > 0 and end < len(odd) and end - begin < REACH_DAYS // 2
    return closed


def _cold_days(
    first: int, kwh: NDArray[np.float64], outdoor_c: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Cold days (counted from the day of `first`), and the logarithm of heat a degree day on each."""
    before, after = first % hours.DAY, -(first + len(kwh)) % hours.DAY
    heat, outdoor = (
        np.pad(values, (before, after), constant_values=np.nan).reshape(-1, hours.DAY) for values in (kwh, outdoor_c)
    )
    known = (np.isfinite(heat).sum(axis=1) >= FEWEST_KNOWN) & (np.isfinite(outdoor).sum(axis=1) >= FEWEST_KNOWN)
    days = np.flatnonzero(known)
    means, cold = np.nanmean(heat[days], axis=1), DEGREE_DAY_BASE_C - np.nanmean(outdoor[days], axis=1)
    used = (cold >= COLD_K) & (means > 0)
    return days[used], np.log(means[used] / cold[used])


def _steps(logs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median after less median before, and the larger of both spreads, for each border with enough days around it."""
    windows = np.lib.stride_tricks.sliding_window_view(logs, REACH_DAYS)
    medians = np.median(windows, axis=1)
    spreads = 1.4826 * np.median(np.abs(windows - medians[:, None]), axis=1)
    steps = medians[REACH_DAYS:] - medians[:-REACH_DAYS]
    return steps, np.maximum(spreads[REACH_DAYS:], spreads[:-REACH_DAYS])
