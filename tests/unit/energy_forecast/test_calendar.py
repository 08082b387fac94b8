from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.building.description import Calendar, ClockHours, Closure, ExtraOpening, Setback, Weekday
from samdrift_energy_forecast.submission import Building

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


def clock(begins: int, ends: int) -> ClockHours:
    return ClockHours(begins=time(begins), ends=time(ends % 24))


def open_hours(calendar: BuildingCalendar, day: date) -> list[int]:
    """Local hours (in winter) in which the building is open on a day."""
    return calendar.is_open(at(day.year, day.month, day.day, 0) - 1, 24).nonzero()[0].tolist()


def test_a_day_may_have_several_pairs_of_hours(calendar_of: Calendars) -> None:
    calendar = calendar_of(opening={Weekday.MONDAY: (clock(8, 15), clock(18, 21))})
    assert open_hours(calendar, date(2026, 1, 5)) == [*range(8, 15), *range(18, 21)]


def test_a_home_is_open_round_the_clock(calendar_of: Calendars) -> None:
    round_the_clock = Calendar.model_validate({"opening": {"monday": {"begins": "00:00", "ends": "24:00"}}}).opening
    assert open_hours(calendar_of(opening=round_the_clock), date(2026, 1, 5)) == list(range(24))
    again = Calendar.model_validate_json(Calendar(opening=round_the_clock).model_dump_json())
    assert again.opening[Weekday.MONDAY][0].ends_h == 24


def test_an_evening_class_on_a_closed_day_opens_it_for_these_hours_alone(calendar_of: Calendars) -> None:
    maundy_thursday, saturday = date(2026, 4, 2), date(2026, 1, 10)
    extra = (
        ExtraOpening(on=saturday, begins=time(18), ends=time(21)),
        ExtraOpening(on=maundy_thursday, begins=time(10), ends=time(12)),
    )
    calendar = calendar_of(also_open=extra)
    assert open_hours(calendar, saturday) == [18, 19, 20]
    assert calendar.is_open(at(2026, 4, 1, 22), 24).nonzero()[0].tolist() == [10, 11]
    assert calendar.next_opening(at(2026, 1, 9, 18)) == at(2026, 1, 10, 17)


def test_fixed_setback_warms_an_evening_class_as_early_as_a_morning(calendar_of: Calendars) -> None:
    """The house is warm from 06 and opens at 08."""
    saturday = at(2026, 1, 9, 23)
    calendar = calendar_of(also_open=(ExtraOpening(on=date(2026, 1, 10), begins=time(18), ends=time(21)),))
    assert calendar.is_warm(saturday, 24).nonzero()[0].tolist() == list(range(16, 21))


def test_days_close_in_periods_and_every_year(calendar_of: Calendars) -> None:
    winter = Closure(first=date(2026, 2, 9), last=date(2026, 2, 13), name="Vinterferie")
    calendar = calendar_of(closures=(winter,), closed_every_year=("06-05", "12-24"))
    closed = [date(2026, 2, 9), date(2026, 2, 13), date(2026, 6, 5), date(2026, 12, 24), date(2029, 6, 5)]
    assert [calendar.opening_of(day) for day in closed] == [None] * 5
    assert all(calendar.opening_of(day) for day in (date(2026, 2, 6), date(2026, 2, 16), date(2026, 6, 4)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"opening": {"monday": [{"begins": "08:00", "ends": "12:00"}, {"begins": "11:00", "ends": "15:00"}]}},
            "overlap",
        ),
        ({"opening": {"monday": {"begins": "16:00", "ends": "08:00"}}}, "hours end at"),
        ({"country": "XX"}, "ISO 3166"),
        ({"closed_every_year": ["02-30"]}, "month and a day"),
        ({"closures": [{"first": "2026-02-13", "last": "2026-02-09"}]}, "no closure"),
        ({"school_holidays_of": "101"}, "pattern"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(wrong: dict[str, Any], said: str) -> None:
    week = {"opening": {"monday": {"begins": "08:00", "ends": "16:00"}}}
    with pytest.raises(ValidationError, match=said):
        Calendar.model_validate(week | wrong)


#: Around clocks that change, Easter, Christmas and a leap day, so that what is drawn meets.
ANCHORS = [date(2026, 3, 29), date(2026, 4, 2), date(2026, 10, 25), date(2026, 12, 25), date(2024, 2, 29)]
days = st.builds(lambda anchor, k: anchor + timedelta(days=k), st.sampled_from(ANCHORS), st.integers(-3, 3))
clocks = (
    st.tuples(st.integers(0, 22), st.integers(1, 24)).filter(lambda pair: pair[0] < pair[1]).map(lambda p: clock(*p))
)
weeks = st.dictionaries(st.sampled_from(list(Weekday)), clocks.map(lambda one: (one,)), min_size=1)
calendars = st.builds(
    Calendar,
    opening=weeks,
    country=st.sampled_from(["DK", "SE"]),
    closed=st.lists(days, max_size=3).map(tuple),
    closed_every_year=st.sampled_from([(), ("12-24", "02-29"), ("06-05",)]),
    closures=st.lists(days.map(lambda day: Closure(first=day, last=day + timedelta(days=6))), max_size=2).map(tuple),
    also_open=st.lists(
        st.builds(lambda day, one: ExtraOpening(on=day, begins=one.begins, ends=one.ends), days, clocks),
        min_size=1,
        max_size=2,
    ).map(tuple),
    ventilation=st.none() | clocks,
)
#: Asked day by day, which fills in years as they are asked for.
PUBLIC = {country: holidays.country_holidays(country) for country in ("DK", "SE")}
zones = st.sampled_from(
    ["Europe/Copenhagen", "UTC", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe", "America/Nuuk"]
)


def slowly(building: Building, hour: int) -> tuple[bool, bool, bool]:
    """Whether an hour is open, ventilated and warm, worked out on its own from the local clock."""
    calendar, local = building.calendar, hours.start_of(hour).astimezone(building.zone)
    today, opening = local.date(), calendar.opening.get(list(Weekday)[local.weekday()])
    if (
        today in PUBLIC[calendar.country]
        or today in calendar.closed
        or any(one.first <= today <= one.last for one in calendar.closures)
        or f"{today:%m-%d}" in calendar.closed_every_year
    ):
        opening = None
    earliest = min(one.begins.hour for hours_of_day in calendar.opening.values() for one in hours_of_day)

    def within(daily: ClockHours | None) -> bool:
        regular = opening is not None and any(one.begins_h <= local.hour < one.ends_h for one in [daily or opening[0]])
        lead = 0 if daily is None else max(0, earliest - daily.begins.hour)
        return regular or any(
            one.on == today and one.begins_h - lead <= local.hour < one.ends_h for one in calendar.also_open
        )

    return within(None), within(calendar.ventilation), within(building.setback.warm)


@settings(max_examples=30)
@given(calendar=calendars, zone=zones, warm=clocks, day=days, count=st.integers(0, 60))
def test_all_hours_at_once_are_as_each_on_its_own(
    shown: dict[str, Any], calendar: Calendar, zone: str, warm: ClockHours, day: date, count: int
) -> None:
    building = Building.model_validate(shown["buildings"][0]).model_copy(
        update={"calendar": calendar, "time_zone": zone, "setback": Setback(warm=warm)}
    )
    first, fast = at(day.year, day.month, day.day, 5), BuildingCalendar(building)
    wanted = [slowly(building, hour) for hour in range(first, first + count)]
    answers = (fast.is_open(first, count), fast.is_ventilated(first, count), fast.is_warm(first, count))
    assert list(zip(*(answer.tolist() for answer in answers), strict=True)) == wanted
