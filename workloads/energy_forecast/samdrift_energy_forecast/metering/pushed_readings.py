"""Readings as a gateway pushes them: JSON or CSV into rows, and each row into a reading or the reason why not."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import JsonValue, TypeAdapter

from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering.reading_store import Reading
from samdrift_energy_forecast.metering.series import RoomSeries, Series, is_room, is_temperature, named
from samdrift_platform.errors import InputError

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.register import Registered

#: Of one body: a day of 23,000 buildings goes in a few.
MOST_ROWS = 200_000
#: Before, a clock was never set; after, it is no clock.
EARLIEST_YEAR, LATEST_YEAR = 2000, 9000
#: A stamp may run ahead by a wrong time zone; more is a wrong clock.
FURTHEST_AHEAD = timedelta(hours=26)
#: No meter writes more, whatever its unit; no room or pipe is colder or hotter.
LARGEST = 1e15
TEMPERATURE_RANGE_C = (-60.0, 150.0)
WHAT = "The body"
#: For messages.
KNOWN = ", ".join((*Series, "room:NAME"))
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_STAMP = 40
EXPECTED_JSON = 'an object {"readings": [{"building", "series", "stamp", "value"}, ...]}'


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One reading as it was sent, not yet understood."""

    #: Counted from 1; of a CSV table, without its header.
    number: int
    building: str
    series: object
    stamp: object
    value: object
    #: Whether a comma separates decimals.
    decimal_comma: bool = False

    def judged(self, building: Registered | None, *, now: datetime) -> Reading | str:
        """The reading, or why it is none; `building` is None where nobody knows it."""
        if building is None:
            return f"there is no building {self.building!r} here. Add it first"
        try:
            series = named(str(self.series))
            stamp = _instant(self.stamp, ZoneInfo(building.description.meter.time_zone))
            _check_stamp(stamp, now)
            value = self._number()
            _check_value(series, value)
        except _RefusedError as error:
            return str(error)
        except ValueError:  # of the series
            return f"{str(self.series)[:40]!r} is no series. Known: {KNOWN}"
        return Reading(building=self.building, series=series, stamp=stamp, value=value)

    def _number(self) -> float | None:
        if self.value is None or self.value == "":
            return None
        text = str(self.value)
        if self.decimal_comma and "." in text:
            raise _RefusedError(
                f"{text[:40]!r} may be thousands or decimals. Write decimals with a comma, without points"
            )
        text = text.replace(",", ".") if self.decimal_comma else text
        if not _NUMBER.fullmatch(text):
            raise _RefusedError(f"{text[:40]!r} is not a number")
        return float(text)


class _RefusedError(InputError):
    """This row cannot be kept. Correct it and send it again."""


def could_be_id(building: str) -> bool:
    """Whether a building could have this id: others are not asked for."""
    return _ID.fullmatch(building) is not None


def read_json(body: bytes) -> list[Row]:
    """The rows of a JSON body.

    Raises:
        ReadingsError: it is not JSON, or has another shape, or too many rows.
    """
    try:
        document = _json().validate_json(body)
    except ValueError as error:
        raise ReadingsError(f"{WHAT} is not JSON ({error}). Expected: {EXPECTED_JSON}.") from error
    sent = document.get("readings") if isinstance(document, dict) else None
    rows = [one for one in sent if isinstance(one, dict)] if isinstance(sent, list) else []
    if not isinstance(sent, list) or len(rows) < len(sent):
        raise ReadingsError(f"{WHAT} is not {EXPECTED_JSON}.", field="readings")
    _check_count(len(rows))
    return [
        Row(
            number=number,
            building=str(one.get("building", ""))[:65],
            series=one.get("series", ""),
            stamp=one.get("stamp", ""),
            value=one.get("value"),
        )
        for number, one in enumerate(rows, start=1)
    ]


@cache
def _json() -> TypeAdapter[JsonValue]:
    """Reads JSON faster than the standard library, and of any depth."""
    return TypeAdapter(JsonValue)


def read_csv(body: bytes, building: str) -> list[Row]:
    """The rows of a CSV body: `building,series,stamp,value`, or `stamp` and a column a series.

    Comma, or semicolon with decimal comma. Without a column `building` all rows are of `building`. An empty cell of a
    column that is named like a series is no reading; an empty `value` says that there is none.

    Raises:
        ReadingsError: it is not such a table, or has too many rows.
    """
    text = _text(body)
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if line]
    except csv.Error as error:
        raise ReadingsError(f"{WHAT} is not CSV ({error}). Send UTF-8 with a header row.") from error
    if not lines:
        raise ReadingsError(f"{WHAT} is empty. Send a header row and readings.")
    header = [name.strip() for name in lines[0]]
    _check_header(header, building)
    rows = list(_rows(header, lines[1:], building, decimal_comma=delimiter == ";"))
    _check_count(len(rows))
    return rows


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadingsError(f"{WHAT} is not UTF-8 ({error.reason} at byte {error.start}). Save it as UTF-8.") from error


def _check_header(header: Sequence[str], building: str) -> None:
    long = {"series", "value"} <= set(header)
    series = {"series", "value"} if long else {name for name in header if _is_series(name)}
    unknown = set(header) - {"building", "stamp"} - series
    if "stamp" not in header or unknown or len(set(header)) < len(header) or not series:
        raise ReadingsError(
            f"{WHAT} has the columns {', '.join(header)[:200]}. Expected: stamp, series and value; or stamp and of "
            f"{KNOWN} at least one; and building, if it is not named in the address.",
            field="stamp",
        )
    if "building" not in header and not building:
        raise ReadingsError(f"{WHAT} has no column building. Name it in the address: ?building=ID.", field="building")


def _rows(header: Sequence[str], lines: Sequence[list[str]], building: str, *, decimal_comma: bool) -> Iterator[Row]:
    series_columns = [name for name in header if _is_series(name)]
    for number, line in enumerate(lines, start=1):
        cells = dict(zip(header, (cell.strip() for cell in line), strict=False))
        of = cells.get("building", building)[:65]
        stamp = cells.get("stamp", "") if len(line) == len(header) else None
        if "series" in header:
            pairs = [(cells.get("series", ""), cells.get("value", ""))]
        else:
            pairs = [(name, cells.get(name, "")) for name in series_columns if cells.get(name, "")]
        for series, value in pairs:
            yield Row(number=number, building=of, series=series, stamp=stamp, value=value, decimal_comma=decimal_comma)


def _is_series(name: str) -> bool:
    return name in set(Series) or is_room(name)


def _check_count(count: int) -> None:
    if not count:
        raise ReadingsError(f"{WHAT} has no readings.", field="readings")
    if count > MOST_ROWS:
        raise ReadingsError(
            f"{WHAT} has {count} readings; at most {MOST_ROWS} are taken. Send parts.", field="readings"
        )


def _instant(value: object, zone: ZoneInfo) -> datetime:
    """An aware instant; a naive one is of the meter's clock.

    Raises:
        _RefusedError: it is none, or the meter's clock showed it twice or never.
    """
    if value is None:
        raise _RefusedError("the row does not have as many cells as the header")
    try:
        stamp = datetime.fromisoformat(str(value)[:_LONGEST_STAMP])
    except ValueError:
        raise _RefusedError(
            f"{str(value)[:_LONGEST_STAMP]!r} is not an ISO 8601 time such as 2026-01-05T07:00:00Z"
        ) from None
    if not EARLIEST_YEAR <= stamp.year < LATEST_YEAR:
        raise _RefusedError(f"{stamp.isoformat()} is not of this time: look at the meter's clock")
    return _resolved(stamp, zone) if stamp.tzinfo is None else stamp.astimezone(UTC)


def _resolved(naive: datetime, zone: ZoneInfo) -> datetime:
    early, late = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early < late:
        raise _RefusedError(f"{naive.isoformat()} comes twice in {zone.key}. Send an offset, such as +01:00")
    if early > late:
        raise _RefusedError(f"{naive.isoformat()} does not exist in {zone.key}. Send an offset, or the right time zone")
    return early


def _check_stamp(stamp: datetime, now: datetime) -> None:
    if stamp > now + FURTHEST_AHEAD:
        raise _RefusedError(f"{stamp.isoformat()} lies in the future: look at the meter's clock")


def _check_value(series: Series | RoomSeries, value: float | None) -> None:
    if value is None:
        return
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise _RefusedError(f"{value} is not a number that a meter writes")
    low_c, high_c = TEMPERATURE_RANGE_C
    if is_temperature(series) and not low_c <= value <= high_c:
        raise _RefusedError(f"{value:g} C is no temperature of a room or a pipe")
