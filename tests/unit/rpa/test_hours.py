from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_rpa.hours import ALWAYS, EVERY_DAY, MONDAY_TO_FRIDAY, OFFICE_HOURS, Hours, HoursError

DENMARK = ZoneInfo("Europe/Copenhagen")
#: Public holidays of 2026 in Denmark, as published; Great Prayer Day was given up in 2024.
HOLIDAYS_2026 = {
    date(2026, 1, 1),
    date(2026, 4, 2),
    date(2026, 4, 3),
    date(2026, 4, 5),
    date(2026, 4, 6),
    date(2026, 5, 14),
    date(2026, 5, 24),
    date(2026, 5, 25),
    date(2026, 12, 25),
    date(2026, 12, 26),
}
minutes = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))
moments = st.integers(0, 364 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n))
#: The two nights of 2026 on which the clocks change.
changes = st.sampled_from([datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)]).flatmap(
    lambda begin: st.integers(0, 18 * 60).map(lambda n: begin + timedelta(minutes=n))
)
windows = st.builds(
    Hours,
    opens=minutes,
    closes=minutes,
    weekdays=st.sets(st.integers(0, 6), min_size=1).map(frozenset),
    on_holidays=st.booleans(),
)


def works_on(hours: Hours, day: date) -> bool:
    return day.weekday() in hours.weekdays and (hours.on_holidays or day not in HOLIDAYS_2026)


def expected(hours: Hours, at: datetime) -> bool:
    """By minutes of the day, counted over two days from the one on which the window opens."""
    local = at.astimezone(DENMARK)
    begins = hours.opens.hour * 60 + hours.opens.minute
    ends = hours.closes.hour * 60 + hours.closes.minute or 24 * 60
    ends += 24 * 60 if ends <= begins else 0
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    return (works_on(hours, today) and begins <= minute < ends) or (
        works_on(hours, yesterday) and begins <= minute + 24 * 60 < ends
    )


@given(
    windows, moments.filter(lambda at: at.astimezone(DENMARK).year == 2026 and at > datetime(2026, 1, 2, tzinfo=UTC))
)
def test_it_is_open_by_the_clock_on_the_wall(hours: Hours, at: datetime) -> None:
    assert hours.is_open(at) is expected(hours, at)


@given(windows, changes)
def test_also_on_the_nights_when_the_clocks_change(hours: Hours, at: datetime) -> None:
    assert hours.is_open(at) is expected(hours, at)


@given(windows, st.one_of(changes, moments.filter(lambda at: at < datetime(2026, 11, 20, tzinfo=UTC))))
def test_the_next_opening_is_the_first_open_minute(hours: Hours, at: datetime) -> None:
    opening = hours.next_opening(at)
    assert opening is not None
    assert opening >= at
    assert hours.is_open(opening)
    before = opening - timedelta(minutes=1)
    assert opening == at or before < at or not hours.is_open(before)


def test_office_hours() -> None:
    def at(*moment: int) -> datetime:
        return datetime(*moment, tzinfo=DENMARK)  # type: ignore[arg-type,misc]  # year to minute

    assert OFFICE_HOURS.is_open(at(2026, 11, 24, 7, 0))
    assert not OFFICE_HOURS.is_open(at(2026, 11, 24, 18, 0))
    assert not OFFICE_HOURS.is_open(at(2026, 11, 28, 12, 0))
    maundy_thursday = at(2026, 4, 2, 9, 0)
    assert not OFFICE_HOURS.is_open(maundy_thursday)
    assert OFFICE_HOURS.next_opening(maundy_thursday) == at(2026, 4, 7, 7, 0)
    assert Hours(opens=time(7), closes=time(18), weekdays=MONDAY_TO_FRIDAY).is_open(maundy_thursday)


def test_a_window_in_the_hour_that_is_skipped_opens_when_the_hour_is_over() -> None:
    hours = Hours(opens=time(2, 30), closes=time(5))
    evening = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert hours.next_opening(evening) == datetime(2026, 3, 29, 3, 0, tzinfo=DENMARK)


def test_always_is_always() -> None:
    assert ALWAYS.always
    assert not OFFICE_HOURS.always
    assert Hours(opens=time(8), closes=time(8)).always
    assert not Hours(weekdays=MONDAY_TO_FRIDAY).always


@pytest.mark.parametrize("weekdays", [[], [7], [-1, 0]])
def test_weekdays_that_do_not_exist_are_refused(weekdays: list[int]) -> None:
    with pytest.raises(HoursError, match="from 0"):
        Hours(weekdays=weekdays)


def test_every_day_is_every_day() -> None:
    assert sorted(EVERY_DAY) == [0, 1, 2, 3, 4, 5, 6]
