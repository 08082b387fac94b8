"""How warm it must be: the limit, what the building's own rooms say of it, and what today's plan achieves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.meters import Readings
    from samdrift_energy_forecast.operation import Operation
    from samdrift_energy_forecast.submission import Comfort, Setback

#: Of the days seen, this share must have been kept by what is learnt here.
CAUTION = 0.75
#: Days of an hour of the day that must have been seen before anything is learnt from them.
FEWEST_DAYS = 5


@dataclass(frozen=True, kw_only=True)
class RoomExperience:
    """What the coldest room taught, for each UTC hour of the day; NaN where too little was seen. Shape `(24,)`."""

    #: How much warmer the mean of the rooms is than the coldest one while people are there, in K.
    mean_above_coldest_k: NDArray[np.float64]
    #: How much higher the set-point is than the coldest room's temperature while people are there, in K: cold walls.
    set_point_above_coldest_k: NDArray[np.float64]

    @classmethod
    def of(cls, readings: Readings, operation: Operation, setback: Setback) -> RoomExperience:
        """Learn from hours that were open and warm under the fixed setback plan; `operation` covers the readings."""
        seen = operation.is_open & operation.is_warm & np.isfinite(readings.coldest_room_c)
        of_day = np.arange(readings.first, readings.end) % hours.DAY
        return cls(
            mean_above_coldest_k=_by_hour(readings.indoor_c - readings.coldest_room_c, seen, of_day),
            set_point_above_coldest_k=_by_hour(setback.warm_c - readings.coldest_room_c, seen, of_day),
        )


def lowest_room_c(
    operation: Operation, experience: RoomExperience, comfort: Comfort, setback_room_c: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Lowest mean room temperature of each hour in C, shape `(n,)`.

    In the hour before opening the rooms' mean shall reach the limit: heat that begins at opening comes too late. While
    people are there the coldest room shall keep the limit, or what it would have under the fixed setback plan
    (`setback_room_c`, the mean of its rooms) where that is less: a plan never promises more comfort than today's and
    never gives less.
    """
    of_day = np.arange(operation.first, operation.end) % hours.DAY
    open_c = comfort.open_c + np.nan_to_num(experience.mean_above_coldest_k[of_day], nan=0.0)
    closed_c = np.where(_opens_next(operation), comfort.open_c, comfort.closed_c)
    return np.minimum(np.where(operation.is_open, open_c, closed_c), setback_room_c)


def _opens_next(operation: Operation) -> NDArray[np.bool_]:
    return np.append(operation.is_open[1:], False) & ~operation.is_open


def _by_hour(values: NDArray[np.float64], seen: NDArray[np.bool_], of_day: NDArray[np.int64]) -> NDArray[np.float64]:
    learnt = np.full(hours.DAY, np.nan)
    for hour in range(hours.DAY):
        known = values[seen & (of_day == hour) & np.isfinite(values)]
        if len(known) >= FEWEST_DAYS:
            learnt[hour] = np.quantile(known, CAUTION)
    return learnt
