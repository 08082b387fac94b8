from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.deadline import DENMARK, after_working_days

AWARE = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone follows


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-11-24T08:00+01:00", 3, "2026-11-27T08:00+01:00"),  # Tuesday to Friday
        ("2026-11-26T08:00+01:00", 3, "2026-12-01T08:00+01:00"),  # Thursday over the weekend to Tuesday
        ("2026-11-28T08:00+01:00", 1, "2026-11-30T08:00+01:00"),  # Saturday to Monday
        ("2026-03-27T23:30+01:00", 1, "2026-03-30T23:30+02:00"),  # over the change to summer time
        ("2026-11-29T23:30+00:00", 1, "2026-12-01T00:30+01:00"),  # already Monday in Denmark
    ],
)
def test_by_the_calendar(start: str, days: int, expected: str) -> None:
    found = after_working_days(datetime.fromisoformat(start), days)
    assert found == datetime.fromisoformat(expected)
    assert found.tzinfo is UTC


@given(AWARE, st.integers(1, 30))
def test_it_is_never_a_weekend_and_never_sooner_than_the_days(start: datetime, days: int) -> None:
    found = after_working_days(start, days)
    assert found.astimezone(DENMARK).weekday() < 5
    assert (found.astimezone(DENMARK).date() - start.astimezone(DENMARK).date()).days >= days
