from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_energy_forecast.building.register import Registered
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering.pushed_readings import Row, read_csv, read_json
from samdrift_energy_forecast.metering.reading_store import Reading
from samdrift_testing.heating import DESCRIPTION

NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)
SCHOOL = Registered(building="school-1", document=DESCRIPTION, is_active=True, changed_at=NOW, changed_by="olga")


def judged(stamp: object = "2026-02-01T08:00Z", value: object = 5, series: object = "heat") -> Reading | str:
    return Row(number=1, building="school-1", series=series, stamp=stamp, value=value).judged(SCHOOL, now=NOW)


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("2026-02-01T08:00:00+01:00", datetime(2026, 2, 1, 7, tzinfo=UTC)),
        ("2026-02-01T07:00Z", datetime(2026, 2, 1, 7, tzinfo=UTC)),
        ("2026-02-01T08:00", datetime(2026, 2, 1, 7, tzinfo=UTC)),  # the meter's clock is Copenhagen's
        ("2025-07-01T08:15", datetime(2025, 7, 1, 6, 15, tzinfo=UTC)),
        ("2025-10-26T02:30+02:00", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
        ("2025-10-26T02:30+01:00", datetime(2025, 10, 26, 1, 30, tzinfo=UTC)),
        ("2025-10-26T03:00", datetime(2025, 10, 26, 2, tzinfo=UTC)),
    ],
)
def test_a_stamp_is_an_instant(stamp: str, utc: datetime) -> None:
    found = judged(stamp)
    assert isinstance(found, Reading)
    assert found.stamp == utc


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stamp": "2025-10-26T02:30"}, "comes twice"),
        ({"stamp": "2026-03-29T02:30"}, "does not exist"),
        ({"stamp": "1970-01-01T00:00Z"}, "not of this time"),
        ({"stamp": "9999-12-31T23:59-10:00"}, "not of this time"),
        ({"stamp": "2026-02-04T00:00Z"}, "in the future"),
        ({"stamp": 1769932800}, "ISO 8601"),
        ({"stamp": None}, "as many cells"),
        ({"value": "1_000"}, "not a number"),
        ({"value": "٣"}, "not a number"),
        ({"value": True}, "not a number"),
        ({"value": "1e400"}, "no.* number"),
        ({"value": [5]}, "not a number"),
        ({"value": -80, "series": "indoor"}, "no temperature"),
        ({"series": "Heat"}, "no series"),
        ({"series": ["heat"]}, "no series"),
        ({"series": "room:"}, "no series"),
        ({"series": "room:2\n14"}, "no series"),
        ({"value": -80, "series": "room:2.14"}, "no temperature"),
    ],
)
def test_what_is_no_reading_is_told_why(fields: dict[str, object], said: str) -> None:
    found = judged(**fields)
    assert isinstance(found, str)
    assert re.search(said, found)


def test_an_empty_value_says_that_there_is_none() -> None:
    assert [getattr(judged(value=value), "value", "refused") for value in (None, "", 0)] == [None, None, 0.0]


def test_rooms_are_pushed_by_their_names() -> None:
    (row,) = read_csv(b"stamp,room:2.14 \xc3\xb8st\n2026-02-01T08:00Z,19.5\n", "school-1")
    found = row.judged(SCHOOL, now=NOW)
    assert isinstance(found, Reading)
    assert (found.series, found.value) == ("room:2.14 øst", 19.5)


def test_a_point_among_decimal_commas_is_not_guessed() -> None:
    rows = read_csv(b"stamp;heat\n2026-02-01T08:00Z;1234,5\n2026-02-01T09:00Z;1.234\n", "school-1")
    first, second = (row.judged(SCHOOL, now=NOW) for row in rows)
    assert isinstance(first, Reading)
    assert first.value == 1234.5
    assert isinstance(second, str)
    assert "thousands or decimals" in second


@given(
    stamp=st.none() | st.text(max_size=50) | st.integers() | st.datetimes().map(str) | st.floats(),
    value=st.none() | st.text(max_size=20) | st.integers() | st.floats() | st.lists(st.integers()),
    series=st.text(max_size=20) | st.sampled_from(["heat", "indoor"]) | st.integers(),
)
def test_any_row_is_a_reading_or_a_reason(stamp: object, value: object, series: object) -> None:
    found = judged(stamp, value, series)
    assert isinstance(found, Reading | str)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_body_is_rows_or_an_error_of_ours(body: bytes) -> None:
    for read in (read_json, lambda data: read_csv(data, "school-1")):
        with contextlib.suppress(ReadingsError):
            assert read(body)
