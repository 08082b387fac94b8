"""A building's local days: heat, weather, and whether people were there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import EPOCH, BuildingCalendar, LocalHours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import BuildingDescription

#: A day counts as measured from this share of its hours on; the missing ones are taken to be like the others.
LEAST_SHARE = 0.8
#: Half-life of the outdoor temperature's smoothing in days: a building's fabric remembers yesterday.
HALF_LIFE_DAYS = 1.0


class Operation(StrEnum):
    """How the building was heated on a day."""

    #: By its fixed setback plan: the days that savings are measured against.
    SETBACK = "setback"
    #: By our plans.
    PLAN = "plan"
    #: Otherwise, or nobody knows: such days are left out.
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class HourlyValues:
    """Consecutive hours from `first`, shape `(n,)`, NaN where nothing is known."""

    first: int
    values: NDArray[np.float64]

    def window(self, first: int, count: int) -> NDArray[np.float64]:
        """Hours `first` to `first + count - 1`, NaN outside of what there is."""
        laid = np.full(count, np.nan)
        begin, end = max(first, self.first), min(first + count, self.first + len(self.values))
        if begin < end:
            laid[begin - first : end - first] = self.values[begin - self.first : end - self.first]
        return laid


@dataclass(frozen=True, kw_only=True)
class Days:
    """Consecutive local days; arrays have shape `(n,)`."""

    #: Days since 1970-01-01.
    number: NDArray[np.int64]
    #: kWh of the day; NaN where too few of its hours were measured.
    heat_kwh: NDArray[np.float64]
    #: kWh of the hours that were measured, and their share of the day's 23 to 25.
    measured_kwh: NDArray[np.float64]
    measured_share: NDArray[np.float64]
    #: Means of the day; NaN where too few hours are known.
    outdoor_c: NDArray[np.float64]
    smoothed_c: NDArray[np.float64]
    radiation_w_m2: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    #: The first open day after a closed one: the building is heated up again.
    is_first: NDArray[np.bool_]
    #: `Operation` of each day.
    operation: tuple[Operation, ...]

    def __len__(self) -> int:
        """Number of days."""
        return len(self.number)

    @property
    def is_usable(self) -> NDArray[np.bool_]:
        """Whether heat and weather of the day are known."""
        weather = np.isfinite(self.smoothed_c) & np.isfinite(self.outdoor_c) & np.isfinite(self.radiation_w_m2)
        usable: NDArray[np.bool_] = np.isfinite(self.heat_kwh) & weather
        return usable

    def of(self, operation: Operation) -> NDArray[np.bool_]:
        """Which days were heated so."""
        return np.array([one is operation for one in self.operation], dtype=np.bool_)

    def between(self, first: date, last: date) -> NDArray[np.bool_]:
        """Which days lie from `first` to `last`, both taken in."""
        inside: NDArray[np.bool_] = (self.number >= day_number(first)) & (self.number <= day_number(last))
        return inside

    def date_of(self, place: int) -> date:
        """The date of the day at `place`."""
        return EPOCH + timedelta(days=int(self.number[place]))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def local_days(
    building: BuildingDescription,
    heat_kwh: HourlyValues,
    outdoor_c: HourlyValues,
    radiation_w_m2: HourlyValues,
    operation: Mapping[date, Operation],
) -> Days:
    """The days of `heat_kwh` on the building's own clock, daylight saving included.

    Days that `operation` does not name are `Operation.OTHER`.
    """
    first, count = heat_kwh.first, len(heat_kwh.values)
    local = LocalHours.of(first, count, building.zone)
    number, place = np.unique(local.day, return_inverse=True)
    expected = _hours_of(number, building)
    share, kwh = _share_and_sum(heat_kwh.values, place, expected)
    outdoor = _mean(outdoor_c.window(first, count), place, expected)
    is_open = _open_days(building, number)
    return Days(
        number=number,
        heat_kwh=np.where(share >= LEAST_SHARE, kwh / np.maximum(share, LEAST_SHARE), np.nan),
        measured_kwh=kwh,
        measured_share=share,
        outdoor_c=outdoor,
        smoothed_c=_smoothed(outdoor),
        radiation_w_m2=_mean(radiation_w_m2.window(first, count), place, expected),
        is_open=is_open,
        is_first=is_open & ~np.concatenate([[True], is_open[:-1]]),
        operation=tuple(operation.get(EPOCH + timedelta(days=int(one)), Operation.OTHER) for one in number),
    )


def _hours_of(number: NDArray[np.int64], building: BuildingDescription) -> NDArray[np.int64]:
    """How many hours each whole local day has: 23, 24 or 25."""
    begin = (int(number[0]) - 1) * hours.DAY  # a day earlier and later, whatever the offset from UTC is
    local = LocalHours.of(begin, (len(number) + 2) * hours.DAY, building.zone)
    days, counts = np.unique(local.day, return_counts=True)
    found: NDArray[np.int64] = counts[np.searchsorted(days, number)]
    return found


def _share_and_sum(
    values: NDArray[np.float64], place: NDArray[np.int64], expected: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = np.isfinite(values)
    count = np.bincount(place[known], minlength=len(expected))
    total = np.bincount(place[known], weights=values[known], minlength=len(expected))
    share: NDArray[np.float64] = count / expected
    return share, total.astype(np.float64)


def _mean(values: NDArray[np.float64], place: NDArray[np.int64], expected: NDArray[np.int64]) -> NDArray[np.float64]:
    share, total = _share_and_sum(values, place, expected)
    mean: NDArray[np.float64] = np.where(share >= LEAST_SHARE, total / np.maximum(share * expected, 1), np.nan)
    return mean


def _smoothed(outdoor_c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exponentially smoothed temperature; a day without a mean has none, and the next goes on from the day before."""
    keep, state = 0.5 ** (1 / HALF_LIFE_DAYS), np.nan
    smoothed = np.full(len(outdoor_c), np.nan)
    for day, mean in enumerate(outdoor_c):
        if np.isfinite(mean):
            state = mean if np.isnan(state) else keep * state + (1 - keep) * mean
            smoothed[day] = state
    return smoothed


def _open_days(building: BuildingDescription, number: NDArray[np.int64]) -> NDArray[np.bool_]:
    calendar = BuildingCalendar(building)
    opened = [calendar.opening_of(EPOCH + timedelta(days=int(one))) is not None for one in number]
    return np.array(opened, dtype=np.bool_)
