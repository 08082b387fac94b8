"""A building's week, hour by hour: open, ventilated, warm under the fixed setback plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import BuildingDescription, ClockHours, Weekday

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

WEEKDAYS = tuple(Weekday)
LONGEST_CLOSURE_DAYS = 60
#: Days are numbered from 1970-01-01, a Thursday.
EPOCH = date(1970, 1, 1)
DayNumber: TypeAlias = int


@dataclass(frozen=True, kw_only=True)
class LocalHours:
    """Consecutive hours as the building's clock shows them; arrays have shape `(n,)`."""

    #: Days since 1970-01-01.
    day: NDArray[np.int64]
    #: 0 to 23: on the day when clocks go back one comes twice, on the day when they go forward one is missing.
    hour: NDArray[np.int64]

    @classmethod
    def of(cls, first: int, count: int, zone: ZoneInfo) -> LocalHours:
        """Local days and hours of hours `first` to `first + count - 1`."""
        seconds = hours.SECONDS * np.arange(first, first + count) + _offsets_s(first, count, zone)
        return cls(day=seconds // (hours.DAY * hours.SECONDS), hour=seconds // hours.SECONDS % hours.DAY)

    @property
    def weekday(self) -> NDArray[np.int64]:
        """0 is Monday."""
        return (self.day + EPOCH.weekday()) % 7


class BuildingCalendar:
    """Answers for hours (integers, see `hours`) in the building's own local time, daylight saving included."""

    def __init__(self, building: BuildingDescription) -> None:
        self._calendar, self._setback, self._zone = building.calendar, building.setback, building.zone

    def opening_of(self, day: date) -> tuple[ClockHours, ...] | None:
        """Opening hours of a local day, in order; None when it is closed."""
        is_closed = bool(self.is_closed(np.array([_number(day)]))[0])
        regular = () if is_closed else self._calendar.opening.get(WEEKDAYS[day.weekday()], ())
        extra = tuple(one for one in self._calendar.also_open if one.on == day)
        return tuple(sorted((*regular, *extra), key=lambda one: one.begins)) or None

    def is_open(self, first: int, count: int) -> NDArray[np.bool_]:
        """Whether people are in the building in hours `first` to `first + count - 1`; shape `(count,)`."""
        return self._within(first, count, self._week(None), lead_h=0)

    def is_ventilated(self, first: int, count: int) -> NDArray[np.bool_]:
        """Whether fans bring in outdoor air; shape `(count,)`."""
        daily = self._calendar.ventilation
        return self._within(first, count, self._week(daily), lead_h=self._lead_h(daily))

    def is_warm(self, first: int, count: int) -> NDArray[np.bool_]:
        """Whether the fixed setback plan asks for the warm set-point; shape `(count,)`."""
        daily = self._setback.warm
        return self._within(first, count, self._week(daily), lead_h=self._lead_h(daily))

    def setback_c(self, first: int, count: int) -> NDArray[np.float64]:
        """Set-points of the fixed setback plan in C; shape `(count,)`."""
        return np.where(self.is_warm(first, count), self._setback.warm_c, self._setback.setback_c)

    def next_opening(self, hour: int) -> int | None:
        """The first hour from `hour` on in which the building opens; None when it stays closed for two months."""
        day = hours.start_of(hour).astimezone(self._zone).date()
        for later in range(LONGEST_CLOSURE_DAYS):
            for opening in self.opening_of(day + timedelta(days=later)) or ():
                opens = self._hour_of(day + timedelta(days=later), opening)
                if opens >= hour:
                    return opens
        return None

    def _hour_of(self, day: date, opening: ClockHours) -> int:
        return hours.beginning_at(datetime.combine(day, opening.begins, self._zone))

    def _within(self, first: int, count: int, week: NDArray[np.bool_], *, lead_h: int) -> NDArray[np.bool_]:
        local = LocalHours.of(first, count, self._zone)
        within: NDArray[np.bool_] = week[local.weekday, local.hour] & ~self.is_closed(local.day)
        for extra in self._calendar.also_open:
            day = slice(*np.searchsorted(local.day, [_number(extra.on), _number(extra.on) + 1]))
            hour = local.hour[day]
            within[day] |= (max(extra.begins_h - lead_h, 0) <= hour) & (hour < extra.ends_h)
        return within

    def _week(self, daily: ClockHours | None) -> NDArray[np.bool_]:
        """Whether each hour of the clock is within `daily`, or open where that is None, on open weekdays; (7, 24)."""
        week = np.zeros((7, hours.DAY), dtype=np.bool_)
        for weekday, opening in self._calendar.opening.items():
            for one in opening if daily is None else (daily,):
                week[WEEKDAYS.index(weekday), one.begins_h : one.ends_h] = True
        return week

    def _lead_h(self, daily: ClockHours | None) -> int:
        """Hours by which `daily` precedes the earliest opening of the week: extra openings are preceded likewise."""
        if daily is None:
            return 0
        earliest_h = min(opening[0].begins_h for opening in self._calendar.opening.values())
        return max(earliest_h - daily.begins_h, 0)

    def is_closed(self, days: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether days (since 1970-01-01, ascending) are holidays or otherwise closed; shape as `days`."""
        if not len(days):
            return np.zeros(0, dtype=np.bool_)
        first, last = int(days[0]), int(days[-1])
        closed = np.zeros(last - first + 1, dtype=np.bool_)
        for begin, end in self._closed_spans(first, last):
            closed[max(begin - first, 0) : max(end - first + 1, 0)] = True
        return closed[days - first]

    def _closed_spans(self, first: DayNumber, last: DayNumber) -> Iterable[tuple[DayNumber, DayNumber]]:
        """First and last days of closures, as they stand or in the years from `first` to `last`."""
        yield from self._dated_spans
        for year in range(_date(first).year, _date(last).year + 1):
            yield from ((day, day) for day in _public_holidays(self._calendar.country, year))
            for text in self._calendar.closed_every_year:
                if (day := _day_in(year, text)) is not None:
                    yield day, day

    @cached_property
    def _dated_spans(self) -> tuple[tuple[DayNumber, DayNumber], ...]:
        single = ((_number(day), _number(day)) for day in self._calendar.closed)
        return (*single, *((_number(one.first), _number(one.last)) for one in self._calendar.closures))


def public_holidays(country: str, years: Iterable[int]) -> Iterable[date]:
    """Public holidays of these years, which are closed days."""
    return [_date(day) for year in years for day in _public_holidays(country, year)]


@cache
def _public_holidays(country: str, year: int) -> tuple[DayNumber, ...]:
    """Public holidays: in Denmark without Store Bededag from 2024 on, when it became a working day."""
    import holidays

    return tuple(_number(day) for day in holidays.country_holidays(country, years=year))


def _offsets_s(first: int, count: int, zone: ZoneInfo) -> NDArray[np.int64]:
    """Seconds that local time is ahead of UTC in each hour; asked once a day where the day has one offset."""
    edges = range(first - first % hours.DAY, first + count + hours.DAY, hours.DAY)
    at_edges = [_offset_s(edge, zone) for edge in edges]
    offsets = np.repeat(np.array(at_edges, dtype=np.int64), hours.DAY)
    for place, (edge, before, after) in enumerate(zip(edges, at_edges, at_edges[1:], strict=False)):
        if before != after:
            day = [_offset_s(hour, zone) for hour in range(edge, edge + hours.DAY)]
            offsets[place * hours.DAY : (place + 1) * hours.DAY] = day
    return offsets[first - edges[0] : first - edges[0] + count]


def _offset_s(hour: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(hour * hours.SECONDS, tz=zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _day_in(year: int, month_and_day: str) -> DayNumber | None:
    """None: 29 February of a common year."""
    try:
        return _number(date.fromisoformat(f"{year}-{month_and_day}"))
    except ValueError:
        return None


def _number(day: date) -> DayNumber:
    return (day - EPOCH).days


def _date(number: DayNumber) -> date:
    return EPOCH + timedelta(days=number)
