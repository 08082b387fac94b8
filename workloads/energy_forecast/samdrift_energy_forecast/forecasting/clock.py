"""The clock that people in the buildings live by: local hour, kind of day, public holidays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Tried when no zone is named: hours that stand still, or ones that change on the European Union's dates.
CANDIDATES = ("UTC", "Europe/London")
SATURDAY, SUNDAY = 5, 6


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Local time of consecutive UTC days."""

    zone: str
    first_day: date
    #: Local hour of the day, shape `(days, 24)`, and local weekday (Monday 0, public holidays 6).
    hour: NDArray[np.int64]
    weekday: NDArray[np.int64]
    is_holiday: NDArray[np.bool_]
    #: Day of the year of each day, shape `(days,)`.
    day_of_year: NDArray[np.int64]

    @property
    def is_free(self) -> NDArray[np.bool_]:
        """Whether a day's noon falls on a weekend or a public holiday; shape `(days,)`."""
        free: NDArray[np.bool_] = self.weekday[:, 12] >= SATURDAY
        return free

    @property
    def order(self) -> NDArray[np.int64]:
        """Per day the UTC hour that has local hour 0, 1, ... 23; on days that change the clock an hour may repeat."""
        order: NDArray[np.int64] = np.argsort(self.hour, axis=1, kind="stable")
        return order


def clock(zone: str, first_day: date, days: int, country: str | None = None, closed: Collection[date] = ()) -> Clock:
    """Local time of `days` UTC days from `first_day`.

    Free days are the public holidays of `country` (ISO 3166), if any, and the days `closed`.
    """
    place = ZoneInfo(zone)
    begins = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC)
    local = [(begins + timedelta(hours=k)).astimezone(place) for k in range(24 * days)]
    free = _holidays(country, {moment.year for moment in local}) | frozenset(closed)
    is_holiday = np.array([moment.date() in free for moment in local]).reshape(days, 24)
    weekday = np.array([moment.weekday() for moment in local]).reshape(days, 24)
    return Clock(
        zone=zone,
        first_day=first_day,
        hour=np.array([moment.hour for moment in local]).reshape(days, 24),
        weekday=np.where(is_holiday, SUNDAY, weekday),
        is_holiday=is_holiday,
        day_of_year=np.array([(first_day + timedelta(days=k)).timetuple().tm_yday for k in range(days)]),
    )


def explaining_zone(loads_kwh: NDArray[np.float64], first_day: date) -> str:
    """The candidate whose hours of the week explain most of the buildings' loads, shape `(buildings, days, 24)`.

    A meter file in UTC does not say where the buildings stand, but whether their people change the clock shows.
    """
    scale = np.nanmean(loads_kwh, axis=(1, 2), keepdims=True)
    mean = np.nanmean(loads_kwh / np.maximum(scale, 1e-9), axis=0).ravel()
    known = np.isfinite(mean)
    explained = {}
    for zone in CANDIDATES:
        local = clock(zone, first_day, loads_kwh.shape[1])
        group = (local.weekday * 24 + local.hour).ravel()[known]
        sums, counts = np.bincount(group, mean[known], 168), np.bincount(group, minlength=168)
        explained[zone] = float((sums**2 / np.maximum(counts, 1)).sum())
    return max(CANDIDATES, key=explained.__getitem__)


def _holidays(country: str | None, years: set[int]) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays(country, years=years)) if country else frozenset()
