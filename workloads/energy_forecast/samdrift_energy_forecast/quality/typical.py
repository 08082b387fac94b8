"""What a meter shows at the same hour of neighbouring days: the measure for what stands out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Days of the same kind (working days; Saturdays and Sundays) on either side of a day.
REACH_WORKDAYS, REACH_WEEKEND = 7, 4


@dataclass(frozen=True, kw_only=True)
class LocalClock:
    """Hours `first` to `first + count - 1` on the building's own clock."""

    first: int
    count: int
    zone: ZoneInfo

    @cached_property
    def _wall_h(self) -> NDArray[np.int64]:
        """Hours of the wall clock since 1970-01-01T00."""
        import pandas as pd

        instants = pd.DatetimeIndex(
            (np.arange(self.first, self.first + self.count) * 3600).astype("datetime64[s]"), tz="UTC"
        )
        wall: NDArray[np.int64] = instants.tz_convert(self.zone).tz_localize(None).to_numpy().astype("datetime64[h]")
        return wall.astype(np.int64)

    @cached_property
    def day(self) -> NDArray[np.int64]:
        """Local days since 1970-01-01, shape `(count,)`."""
        return self._wall_h // 24

    @cached_property
    def hour(self) -> NDArray[np.int64]:
        """Local hour of the day, 0 to 23."""
        return self._wall_h % 24

    @cached_property
    def weekday(self) -> NDArray[np.int64]:
        """0 is Monday; 1970-01-01 was a Thursday."""
        return (self.day + 3) % 7

    @cached_property
    def month(self) -> NDArray[np.int64]:
        """1 is January."""
        return (self._wall_h.astype("datetime64[h]").astype("datetime64[M]").astype(np.int64)) % 12 + 1


@dataclass(frozen=True, kw_only=True)
class Typical:
    """For each hour, of the same local hour on neighbouring days of the same kind, itself left out; shape `(n,)`."""

    #: Median in kWh; NaN where fewer than four of them are known.
    kwh: NDArray[np.float64]
    #: Share of the known ones that are 0.
    zero_share: NDArray[np.float64]


def typical(kwh: NDArray[np.float64], clock: LocalClock) -> Typical:
    """What is usual around each hour of `kwh`, shape `(n,)`."""
    first_day = int(clock.day[0])
    days = int(clock.day[-1]) - first_day + 1
    grid = np.full((days, 24), np.nan)
    place = (clock.day - first_day, clock.hour)
    grid[place] = kwh
    weekend = ((np.arange(first_day, first_day + days) + 3) % 7) >= 5
    median, zeros = np.full_like(grid, np.nan), np.full_like(grid, np.nan)
    for chosen, reach in ((~weekend, REACH_WORKDAYS), (weekend, REACH_WEEKEND)):
        median[chosen], zeros[chosen] = _of_neighbours(grid[chosen], reach)
    return Typical(kwh=median[place], zero_share=zeros[place])


def _of_neighbours(grid: NDArray[np.float64], reach: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median and share of zeros of the `reach` rows above and below, for each cell."""
    if not len(grid):
        return grid, grid
    padded = np.pad(grid, ((reach, reach), (0, 0)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    others = np.delete(windows, reach, axis=2)
    others = np.sort(others, axis=2)  # NaN goes last
    known = np.isfinite(others).sum(axis=2)
    middle = np.take_along_axis(others, np.maximum((known - 1) // 2, 0)[..., None], axis=2)[..., 0]
    upper = np.take_along_axis(others, np.maximum(known // 2, 0)[..., None], axis=2)[..., 0]
    enough = known >= 4
    with np.errstate(invalid="ignore", divide="ignore"):
        zeros = (others == 0).sum(axis=2) / known
    return np.where(enough, (middle + upper) / 2, np.nan), np.where(enough, zeros, np.nan)
