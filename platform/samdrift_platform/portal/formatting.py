"""How pages write times, numbers and durations: in the reader's language, on Danish clocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent

#: Everyone who reads these pages lives by this clock; the ledger keeps UTC.
DANISH_TIME = ZoneInfo("Europe/Copenhagen")
#: What stands where nothing is known (yet).
NOTHING = "–"


def filters(locale: Locale) -> Mapping[str, Callable[..., str]]:
    """The template filters for `locale`. Each writes a dash for None."""
    named: dict[str, Callable[..., str]] = {
        "datetime": _datetime,
        "date": _date,
        "time": _time,
        "number": _number,
        "percent": _percent,
        "duration": _duration,
    }
    return {name: partial(function, locale=locale) for name, function in named.items()}


def _datetime(moment: datetime | None, *, locale: Locale) -> str:
    """`25. nov. 2026 14.05`: an aware moment to the minute."""
    return _written(moment, f"{_DATE[locale.language]} {_TIME[locale.language]}", locale)


def _date(moment: datetime | None, *, locale: Locale) -> str:
    """`25. nov. 2026`: the day of an aware moment."""
    return _written(moment, _DATE[locale.language], locale)


def _time(moment: datetime | None, *, locale: Locale) -> str:
    """`14.05`: the time of day of an aware moment."""
    return _written(moment, _TIME[locale.language], locale)


def _written(moment: datetime | None, pattern: str, locale: Locale) -> str:
    if moment is None:
        return NOTHING
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; pages are given aware times only")
    return str(format_datetime(moment.astimezone(DANISH_TIME), pattern, locale=locale))


def _number(value: float | None, digits: int | None = None, *, locale: Locale) -> str:
    """`1.234,5`: with exactly `digits` decimals, or as many as it needs."""
    if value is None:
        return NOTHING
    return str(format_decimal(value, _pattern(value, digits), locale=locale))


def _pattern(value: float, digits: int | None) -> str:
    """The number pattern (UTS 35): three significant digits below 1, so that a small amount is not written as none."""
    if digits is None:
        return "@##" if 0 < abs(value) < 1 else "#,##0.###"
    return "#,##0." + "0" * digits if digits else "#,##0"


def _percent(share: float | None, digits: int = 0, *, locale: Locale) -> str:
    """`0.256` as `26 %`, with exactly `digits` decimals."""
    if share is None:
        return NOTHING
    text = format_percent(share, "#,##0" + ("." + "0" * digits if digits else "") + "%", locale=locale)
    return text.replace("%", "\N{NO-BREAK SPACE}%") if locale.language == "da" else str(text)


def _duration(span: timedelta | float | None, *, locale: Locale) -> str:
    """`3 minutter`: a timedelta or seconds, in the largest unit that fits."""
    if span is None:
        return NOTHING
    length = span if isinstance(span, timedelta) else timedelta(seconds=span)
    return str(format_timedelta(length, granularity="second", locale=locale))


#: Unicode date patterns (UTS 35) by language.
_DATE = {"da": "d. MMM y", "en": "d MMM y"}
_TIME = {"da": "HH.mm", "en": "HH:mm"}


def machine_time(moment: datetime | None) -> str:
    """ISO 8601 for the `datetime` attribute of a `time` element; empty for None."""
    return "" if moment is None else moment.isoformat()


def noon(day: date) -> datetime:
    """Noon in UTC of a day: an aware moment that is on this day on Danish clocks too, for the filter `date`."""
    return datetime.combine(day, time(12), UTC)
