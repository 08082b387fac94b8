from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.calendar import BuildingCalendar

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
Calendars = Callable[..., BuildingCalendar]


def at(year: int, month: int, day: int, hour: int) -> int:
    return hours.beginning_at(datetime(year, month, day, hour, tzinfo=UTC))


def test_an_hour_is_named_by_its_beginning_and_stamped_with_its_end() -> None:
    end = datetime(2026, 1, 5, 7, tzinfo=UTC)
    assert hours.ending_at(end) == hours.beginning_at(datetime(2026, 1, 5, 6, tzinfo=UTC))
    assert hours.end_of(hours.ending_at(end)) == end


@pytest.mark.parametrize("moment", [datetime(2026, 1, 5, 7), datetime(2026, 1, 5, 7, 30, tzinfo=UTC)])  # noqa: DTZ001 - the naive one is refused
def test_a_naive_or_broken_hour_is_refused(moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"time zone|full hour"):
        hours.beginning_at(moment)


def test_opening_follows_the_local_clock_through_summer_time(calendar_of: Calendars) -> None:
    calendar = calendar_of()
    friday_before, monday_after = at(2026, 3, 27, 0), at(2026, 3, 30, 0)
    assert calendar.is_open(friday_before, 24).nonzero()[0].tolist() == list(range(7, 15))
    assert calendar.is_open(monday_after, 24).nonzero()[0].tolist() == list(range(6, 14))


@pytest.mark.parametrize(("day", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 1, 7), 24)])
def test_every_hour_of_a_short_or_long_day_is_asked_once(calendar_of: Calendars, day: date, length: int) -> None:
    begins = datetime(day.year, day.month, day.day, tzinfo=COPENHAGEN)
    ends = datetime.combine(day + timedelta(days=1), begins.timetz())
    first, last = hours.beginning_at(begins), hours.beginning_at(ends)
    assert last - first == length
    assert len(calendar_of().setback_c(first, last - first)) == length


def test_public_and_school_holidays_stay_set_back(calendar_of: Calendars) -> None:
    calendar = calendar_of(closed=(date(2026, 2, 9),))
    for closed in (at(2026, 2, 8, 23), at(2026, 4, 2, 22), at(2026, 12, 24, 23)):  # break, Good Friday, Christmas Day
        assert not calendar.is_open(closed, 24).any()
        assert (calendar.setback_c(closed, 24) == 16.0).all()


def test_great_prayer_day_is_a_working_day_since_2024(calendar_of: Calendars) -> None:
    assert calendar_of().opening_of(date(2023, 5, 5)) is None
    assert calendar_of().opening_of(date(2026, 5, 1)) is not None


def test_the_next_opening_skips_the_weekend(calendar_of: Calendars) -> None:
    friday_evening = at(2026, 1, 9, 18)
    assert calendar_of().next_opening(friday_evening) == at(2026, 1, 12, 7)
    assert calendar_of().next_opening(at(2026, 1, 12, 7)) == at(2026, 1, 12, 7)


def test_a_building_that_stays_closed_has_no_next_opening(calendar_of: Calendars) -> None:
    closed = tuple(date(2026, 1, 1) + timedelta(days=k) for k in range(120))
    assert calendar_of(closed=closed).next_opening(at(2026, 1, 5, 0)) is None
