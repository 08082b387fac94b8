"""Meter readings: parsed, checked, and laid on an unbroken row of hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours, table_files
from samdrift_energy_forecast.errors import ReadingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHAT = "meter"
#: Below this no week is left to judge the forecast on.
FEWEST_HOURS = 2 * hours.WEEK
#: More missing hours than this share, and the building is not described by the rest.
LARGEST_MISSING_SHARE = 0.1
#: A plan made on older readings would not know the building's present temperature.
OLDEST_LATEST_READING_H = 24


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Consecutive hours from `first`; all series have shape `(n,)` and NaN where nothing was read."""

    first: int
    heat_kwh: NDArray[np.float64]
    #: Mean temperature of the rooms in C, mean of the hour.
    indoor_c: NDArray[np.float64]
    #: The coldest room's temperature in C, mean of the hour.
    coldest_room_c: NDArray[np.float64]

    @property
    def end(self) -> int:
        """The hour after the last one."""
        return self.first + len(self.heat_kwh)

    @property
    def has_room_temperature(self) -> bool:
        """Whether rooms were measured in at least nine of ten hours, and in the last one."""
        known = np.isfinite(self.indoor_c)
        return bool(known.mean() >= 1 - LARGEST_MISSING_SHARE and known[-1])


def read_meters(data: bytes, issue: int) -> Readings:
    """Parse and check readings for a plan that begins with hour `issue`. Later readings are not looked at.

    Raises:
        ReadingsError: with the row and the remedy, when the readings cannot carry a plan.
    """
    columns = table_files.read_table(data, WHAT)
    ends = table_files.stamps(table_files.column(columns, "stamp", WHAT), "stamp", WHAT)
    heat_kwh = table_files.numbers(table_files.column(columns, "heat_kwh", WHAT), "heat_kwh", WHAT, may_be_missing=True)
    known = np.array([hours.ending_at(end) for end in ends])
    _check_each_once(known)
    _check_not_negative(heat_kwh, known)
    before = known < issue
    if not before.any():
        raise ReadingsError(f"No reading ends at or before {hours.start_of(issue).isoformat()}, when the plan begins.")
    first = int(known[before].min())
    series = [heat_kwh, *(_optional(columns, name) for name in ("indoor_c", "coldest_room_c"))]
    laid = [_lay(np.array(values)[before], known[before], first, issue) for values in series]
    _check_enough(laid[0], issue)
    end = int(known[before].max()) + 1 - first
    heat, indoor, coldest = (values[:end] for values in laid)
    return Readings(first=first, heat_kwh=heat, indoor_c=indoor, coldest_room_c=coldest)


def _optional(columns: table_files.Columns, name: str) -> list[float]:
    rows = len(columns["stamp"])
    return table_files.numbers(columns.get(name, [None] * rows), name, WHAT, may_be_missing=True)


def _check_each_once(known: NDArray[np.int64]) -> None:
    unique, counts = np.unique(known, return_counts=True)
    if (counts > 1).any():
        stamp = hours.end_of(int(unique[counts > 1][0])).isoformat()
        raise ReadingsError(
            f"{int((counts > 1).sum())} stamps are there twice, the first {stamp}. Send each hour once."
        )


def _check_not_negative(heat_kwh: list[float], known: NDArray[np.int64]) -> None:
    values = np.array(heat_kwh)
    if (values < 0).any():
        worst = int(np.nanargmin(values))
        stamp = hours.end_of(int(known[worst])).isoformat()
        raise ReadingsError(
            f"{int((values < 0).sum())} readings are negative, the lowest {values[worst]:g} kWh at {stamp}. "
            "A heat meter does not run backwards: look for a counter reset or an exchanged meter."
        )


def _check_enough(heat_kwh: NDArray[np.float64], issue: int) -> None:
    known = np.isfinite(heat_kwh)
    if known.sum() < FEWEST_HOURS:
        raise ReadingsError(f"{int(known.sum())} hours of heat are too few; send at least {FEWEST_HOURS} (two weeks).")
    if not known[-OLDEST_LATEST_READING_H:].any():
        raise ReadingsError(
            f"The latest reading is more than {OLDEST_LATEST_READING_H} h before {hours.start_of(issue).isoformat()}. "
            "Send fresh readings or an earlier issue time."
        )
    missing = 1 - known.mean()
    if missing > LARGEST_MISSING_SHARE:
        raise ReadingsError(f"{missing:.0%} of the hours are missing; at most {LARGEST_MISSING_SHARE:.0%} may be.")
    if not np.nanmax(heat_kwh):
        raise ReadingsError("Every reading is 0 kWh. Look whether the meter is alive and in kWh.")


def _lay(values: NDArray[np.float64], known: NDArray[np.int64], first: int, end: int) -> NDArray[np.float64]:
    laid = np.full(end - first, np.nan)
    laid[known - first] = values
    return laid
