"""How warm it must be: the limit, what the building's own rooms say of it, and what today's plan achieves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import Comfort, Setback
    from samdrift_energy_forecast.metering.readings import Readings
    from samdrift_energy_forecast.surroundings.operation import Operation

#: Of the days seen, this share must have been kept by what is learnt here.
CAUTION = 0.9
#: Days of an hour of the day that must have been seen before anything is learnt from them.
FEWEST_DAYS = 5


@dataclass(frozen=True, kw_only=True)
class ColdDayLine:
    """For each UTC hour of the day, a difference in K that grows as it gets colder outdoors.

    difference = level + slope * outdoor temperature; NaN where too little was seen. Both have shape `(24,)`.
    """

    level_k: NDArray[np.float64]
    slope: NDArray[np.float64]

    @classmethod
    def fitted(cls, difference_k: NDArray[np.float64], seen: NDArray[np.bool_], operation: Operation) -> ColdDayLine:
        """The line under which the share CAUTION of the hours `seen` lie; it never falls as it gets colder."""
        level, slope = np.full(hours.DAY, np.nan), np.zeros(hours.DAY)
        of_day = _of_day(operation)
        for hour in range(hours.DAY):
            known = seen & (of_day == hour) & np.isfinite(difference_k)
            if known.sum() >= FEWEST_DAYS:
                outdoor_c, difference = operation.temperature_c[known], difference_k[known]
                spread = outdoor_c - outdoor_c.mean()
                slope[hour] = min(0.0, float(spread @ difference / max(float(spread @ spread), 1e-9)))
                level[hour] = np.quantile(difference - slope[hour] * outdoor_c, CAUTION)
        return cls(level_k=level, slope=slope)

    def at(self, operation: Operation) -> NDArray[np.float64]:
        """The difference in each hour of `operation` in K, shape `(n,)`."""
        of_day = _of_day(operation)
        return self.level_k[of_day] + self.slope[of_day] * operation.temperature_c


@dataclass(frozen=True, kw_only=True)
class RoomExperience:
    """What the coldest room taught while people were there."""

    #: How much warmer the mean of the rooms is than the coldest one.
    mean_above_coldest: ColdDayLine
    #: How much higher the set-point is than the coldest room's temperature: cold walls.
    set_point_above_coldest: ColdDayLine

    @classmethod
    def of(cls, readings: Readings, operation: Operation, setback: Setback) -> RoomExperience:
        """Learn from hours that were open and warm under the fixed setback plan; `operation` covers the readings."""
        seen = operation.is_open & operation.is_warm
        coldest_c = readings.coldest_room_c
        return cls(
            mean_above_coldest=ColdDayLine.fitted(readings.indoor_c - coldest_c, seen, operation),
            set_point_above_coldest=ColdDayLine.fitted(setback.warm_c - coldest_c, seen, operation),
        )


def lowest_room_c(
    operation: Operation, experience: RoomExperience, comfort: Comfort, setback_room_c: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Lowest mean room temperature of each hour in C, shape `(n,)`.

    While people are there, and in the hour before, because heat that begins at opening comes too late, the coldest
    room shall keep the limit, or what it would have under the fixed setback plan (`setback_room_c`, the mean of its
    rooms) where that is less: a plan never promises more comfort than today's and never gives less.
    """
    open_c = comfort.open_c + np.nan_to_num(experience.mean_above_coldest.at(operation), nan=0.0)
    wanted = np.where(operation.is_open, open_c, comfort.closed_c)
    before = _opens_next(operation)
    wanted[before] = np.roll(wanted, -1)[before]
    return np.minimum(wanted, setback_room_c)


def _opens_next(operation: Operation) -> NDArray[np.bool_]:
    return np.append(operation.is_open[1:], False) & ~operation.is_open


def _of_day(operation: Operation) -> NDArray[np.int64]:
    return np.arange(operation.first, operation.end) % hours.DAY
