"""When a process works: a window of the day, on working days of the Danish calendar."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from samdrift_platform.errors import SamdriftError

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MONDAY_TO_FRIDAY = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
#: No Danish holidays and weekends follow each other for so many days.
_LOOK_AHEAD = timedelta(days=21)
_MINUTE = timedelta(minutes=1)


class HoursError(SamdriftError):
    """The opening hours are declared wrongly. Weekdays are numbers from 0 (Monday) to 6, and there is at least one."""


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Opening hours by Danish clocks; on public holidays it is closed, unless it says otherwise.

    A window that closes before it opens lasts over midnight, and belongs to the day on which it opens.
    """

    opens: time = time(0)
    #: Not included; midnight means the end of the day.
    closes: time = time(0)
    #: Monday is 0.
    weekdays: Collection[int] = EVERY_DAY
    on_holidays: bool = True

    def __post_init__(self) -> None:
        """Refuse hours that never come."""
        if not self.weekdays or not set(self.weekdays) <= EVERY_DAY:
            raise HoursError(f"{HoursError.__doc__} These are {sorted(self.weekdays)}.")

    @property
    def always(self) -> bool:
        """Day and night, on every day."""
        return self.opens == self.closes and set(self.weekdays) == EVERY_DAY and self.on_holidays

    def is_open(self, at: datetime) -> bool:
        """Whether it works at `at` (aware)."""
        local = at.astimezone(COPENHAGEN)
        today, now = local.date(), local.time()
        if not self._lasts_over_midnight:
            return self._works_on(today) and now >= self.opens and (self.closes == time(0) or now < self.closes)
        if now >= self.opens and self._works_on(today):
            return True
        return now < self.closes and self._works_on(today - timedelta(days=1))

    def next_opening(self, at: datetime) -> datetime | None:
        """The first moment from `at` on at which it works, in UTC and to the minute; None: not in the next weeks."""
        if self.is_open(at):
            return at.astimezone(UTC)
        day = at.astimezone(COPENHAGEN).date()
        for after in range(_LOOK_AHEAD.days):
            opening = self._opening_on(day + timedelta(days=after))
            if opening is not None and opening >= at:
                return opening
        return None

    @property
    def _lasts_over_midnight(self) -> bool:
        return self.closes != time(0) and self.closes <= self.opens

    def _works_on(self, day: date) -> bool:
        return day.weekday() in self.weekdays and (self.on_holidays or not _is_holiday(day))

    def _opening_on(self, day: date) -> datetime | None:
        if not self._works_on(day):
            return None
        local = datetime.combine(day, self.opens, COPENHAGEN)
        opening = local.astimezone(UTC)
        if opening.astimezone(COPENHAGEN).time() == self.opens:
            return opening
        # The clock skips this hour on the day when summer time begins: it opens as soon as the hour is skipped.
        opening = local.replace(fold=1).astimezone(UTC)
        while not self.is_open(opening):
            opening += _MINUTE
        return opening


#: Day and night.
ALWAYS = Hours()
#: When people are there to help.
OFFICE_HOURS = Hours(opens=time(7), closes=time(18), weekdays=MONDAY_TO_FRIDAY, on_holidays=False)


def _is_holiday(day: date) -> bool:
    return day in _holidays(day.year)


@lru_cache(maxsize=8)
def _holidays(year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays("DK", years=year))
