from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from samdrift_platform.portal.formatting import filters
from samdrift_platform.portal.languages import locale_of

Filters = Mapping[str, Callable[..., str]]


@pytest.fixture
def danish() -> Filters:
    return filters(locale_of("da"))


@pytest.fixture
def english() -> Filters:
    return filters(locale_of("en"))


def test_times_are_danish_clock_time_in_winter_and_summer(danish: Filters, english: Filters) -> None:
    winter, summer = datetime(2026, 11, 25, 13, 5, tzinfo=UTC), datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    assert danish["datetime"](winter) == "25. nov. 2026 14.05"
    assert english["datetime"](winter) == "25 Nov 2026 14:05"
    assert danish["date"](summer) == "1. jul. 2026"
    assert english["time"](summer) == "00:30"


def test_a_time_without_a_zone_is_refused(danish: Filters) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        danish["datetime"](datetime(2026, 1, 1))  # noqa: DTZ001 - the case that must be refused


@pytest.mark.parametrize(
    ("value", "digits", "in_danish", "in_english"),
    [
        (1234567.8912, None, "1.234.567,891", "1,234,567.891"),
        (1234.5, 2, "1.234,50", "1,234.50"),
        (0.5, 0, "0", "0"),
        (-3, None, "-3", "-3"),
        (0.00000149, None, "0,00000149", "0.00000149"),
        (0.25, None, "0,25", "0.25"),
        (0, None, "0", "0"),
        (None, 2, "–", "–"),
    ],
)
def test_numbers(
    danish: Filters, english: Filters, value: float | None, digits: int | None, in_danish: str, in_english: str
) -> None:
    assert danish["number"](value, digits) == in_danish
    assert english["number"](value, digits) == in_english


def test_shares_and_durations(danish: Filters, english: Filters) -> None:
    assert (danish["percent"](0.256), english["percent"](0.256, 1)) == ("26\N{NO-BREAK SPACE}%", "25.6%")
    assert (danish["duration"](180), english["duration"](timedelta(hours=2))) == ("3 minutter", "2 hours")
    assert danish["duration"](None) == danish["percent"](None) == danish["datetime"](None) == "–"
