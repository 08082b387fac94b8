"""When a process works: a window of the day, on working days of the Danish calendar."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MONDAY_TO_FRIDAY = frozenset(range(5))
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Opening hours by Danish clocks; on public holidays it is closed, unless it says otherwise."""

    opens: time = time(0)
    #: Not included; midnight means the end of the day.
    closes: time = time(0)
    #: Monday is 0.
    weekdays: Collection[int] = EVERY_DAY
    on_holidays: bool = True

    def is_open(self, at: datetime) -> bool:
        """Whether it works at `at` (aware)."""
        local = at.astimezone(COPENHAGEN)
        if local.weekday() not in self.weekdays:
            return False
        if not self.on_holidays and _is_holiday(local.date()):
            return False
        now = local.time()
        return now >= self.opens and (self.closes == time(0) or now < self.closes)


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
