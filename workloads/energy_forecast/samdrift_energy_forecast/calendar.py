"""A building's week, hour by hour: open, ventilated, warm under the fixed setback plan."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building import BuildingDescription, ClockHours, Weekday

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEEKDAYS = tuple(Weekday)
LONGEST_CLOSURE_DAYS = 60


class BuildingCalendar:
    """Answers for hours (integers, see `hours`) in the building's own local time, daylight saving included."""

    def __init__(self, building: BuildingDescription) -> None:
        self._calendar, self._setback, self._zone = building.calendar, building.setback, building.zone
        self._closed = frozenset(building.calendar.closed)

    def opening_of(self, day: date) -> ClockHours | None:
        """Opening hours of a local day; None when it is closed."""
        if day in self._closed or day in self._public_holidays:
            return None
        return self._calendar.opening.get(WEEKDAYS[day.weekday()])

    def is_open(self, first: int, count: int) -> NDArray[np.bool_]:
        """Whether people are in the building in hours `first` to `first + count - 1`; shape `(count,)`."""
        return self._within(first, count, None)

    def is_ventilated(self, first: int, count: int) -> NDArray[np.bool_]:
        """Whether fans bring in outdoor air; shape `(count,)`."""
        return self._within(first, count, self._calendar.ventilation)

    def is_warm(self, first: int, count: int) -> NDArray[np.bool_]:
        """Whether the fixed setback plan asks for the warm set-point; shape `(count,)`."""
        return self._within(first, count, self._setback.warm)

    def setback_c(self, first: int, count: int) -> NDArray[np.float64]:
        """Set-points of the fixed setback plan in C; shape `(count,)`."""
        return np.where(self.is_warm(first, count), self._setback.warm_c, self._setback.setback_c)

    def next_opening(self, hour: int) -> int | None:
        """The first hour from `hour` on in which the building opens; None when it stays closed for two months."""
        day = hours.start_of(hour).astimezone(self._zone).date()
        for later in range(LONGEST_CLOSURE_DAYS):
            opening = self.opening_of(day + timedelta(days=later))
            if opening is None:
                continue
            opens = self._hour_of(day + timedelta(days=later), opening)
            if opens >= hour:
                return opens
        return None

    def _hour_of(self, day: date, opening: ClockHours) -> int:
        return hours.beginning_at(datetime.combine(day, opening.begins, self._zone))

    def _within(self, first: int, count: int, daily: ClockHours | None) -> NDArray[np.bool_]:
        return np.array([self._is_within(hour, daily) for hour in range(first, first + count)], dtype=np.bool_)

    def _is_within(self, hour: int, daily: ClockHours | None) -> bool:
        local = hours.start_of(hour).astimezone(self._zone)
        opening = self.opening_of(local.date())
        if opening is None:
            return False
        chosen = daily or opening
        return chosen.begins.hour <= local.hour < chosen.ends.hour

    @cached_property
    def _public_holidays(self) -> Container[date]:
        import holidays

        days: Container[date] = holidays.country_holidays(self._calendar.country)
        return days
