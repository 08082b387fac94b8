"""School holidays by municipality: from files into periods, and from periods into a building's closed days.

In Denmark each municipality sets its own, so they are imported: a CSV file, or the iCalendar file that a municipality
or a school publishes. None is shipped.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from samdrift_energy_forecast.building.description import Closure
from samdrift_platform.errors import InputError

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import BuildingDescription

COLUMNS = ("municipality", "municipality_name", "name", "first", "last", "source")
#: Of one file: 98 municipalities, ten years, a dozen periods each.
MOST_PERIODS = 20_000
_CODE = re.compile(r"0[1-9][0-9]{2}")
#: Events of a calendar that close a school, unless another pattern is given.
CLOSING = re.compile(r"ferie|\bfri|lukke|holiday|vacation|break", re.IGNORECASE)


class SchoolHolidaysError(InputError):
    """This file of school holidays cannot be used. Correct the row named; docs/reference/building-file.md has it."""


@dataclass(frozen=True, kw_only=True, order=True)
class SchoolHoliday:
    """Days on which a municipality's schools are closed, the first and the last included."""

    #: Four digits, such as 0101.
    municipality: str
    first: date
    last: date
    #: Such as Vinterferie.
    name: str
    #: Who says so, such as the address of the municipality's page.
    source: str
    municipality_name: str = ""

    @property
    def closure(self) -> Closure:
        """As a building's calendar has it."""
        return Closure(first=self.first, last=self.last, name=self.name)


def read_csv(data: bytes) -> list[SchoolHoliday]:
    """Periods of a CSV file with the columns of COLUMNS, separated by comma or semicolon.

    Raises:
        SchoolHolidaysError: with the row and what is expected.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchoolHolidaysError(f"The file is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        lines = list(csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise SchoolHolidaysError(f"The file is not CSV ({error}).") from error
    if not lines or not set(COLUMNS) <= set(lines[0]):
        raise SchoolHolidaysError(f"The file needs the columns {', '.join(COLUMNS)} and at least one row.")
    return _checked([_of_row(number, line) for number, line in enumerate(lines, start=1)])


def read_icalendar(
    data: bytes, *, municipality: str, source: str, closing: re.Pattern[str] = CLOSING
) -> tuple[list[SchoolHoliday], list[str]]:
    """Periods of an iCalendar file (RFC 5545), and the names of the events that were left out.

    Args:
        data: the file.
        municipality: whose schools it is about.
        source: where it came from.
        closing: events whose summary holds it close the school.

    Raises:
        SchoolHolidaysError: it is no calendar, or no event in it closes the school.
    """
    from icalendar import Calendar

    try:
        events = list(Calendar.from_ical(data).walk("VEVENT"))
    except (ValueError, KeyError, IndexError) as error:
        raise SchoolHolidaysError(f"The file is not an iCalendar file ({error}).") from error
    found, left_out = [], []
    for event in events:
        name = str(event.get("SUMMARY", "")).strip()
        period = _days_of(event)
        if period is None or not closing.search(name):
            left_out.append(name)
            continue
        found.append(_holiday(name or "event", municipality, name, period[0], period[1], source))
    if not found:
        raise SchoolHolidaysError(f"No whole-day event of the {len(events)} in the file closes a school.")
    return _checked(found), left_out


def to_csv(holidays: Iterable[SchoolHoliday]) -> str:
    """Periods as the file that `read_csv` reads."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(one, name) for name in COLUMNS] for one in sorted(holidays))
    return text.getvalue()


def resolved(building: BuildingDescription, holidays: Mapping[str, Sequence[SchoolHoliday]]) -> BuildingDescription:
    """The building with its municipality's school holidays among its closures, as an order needs it.

    Args:
        building: as its owner describes it.
        holidays: by municipality.
    """
    code = building.calendar.school_holidays_of
    if code is None or not holidays.get(code):
        return building
    closures = (*building.calendar.closures, *(one.closure for one in holidays[code]))
    return building.model_copy(update={"calendar": building.calendar.model_copy(update={"closures": closures})})


def _of_row(number: int, line: Mapping[str, str | None]) -> SchoolHoliday:
    cells = {name: (line.get(name) or "").strip() for name in COLUMNS}
    try:
        first, last = date.fromisoformat(cells["first"]), date.fromisoformat(cells["last"])
    except ValueError as error:
        raise SchoolHolidaysError(f"Row {number}: {error}. Write dates as 2027-02-15.", field="first") from error
    name, code = cells["name"], cells["municipality"]
    return _holiday(
        f"Row {number}", code, name, first, last, cells["source"], municipality_name=cells["municipality_name"]
    )


def _holiday(
    where: str, municipality: str, name: str, first: date, last: date, source: str, *, municipality_name: str = ""
) -> SchoolHoliday:
    if not _CODE.fullmatch(municipality):
        raise SchoolHolidaysError(
            f"{where}: {municipality!r} is no municipality's code. It has four digits, such as 0101.",
            field="municipality",
        )
    if not source:
        raise SchoolHolidaysError(
            f"{where}: no source. Say who published it, such as a page's address.", field="source"
        )
    try:
        Closure(first=first, last=last, name=name)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise SchoolHolidaysError(f"{where}: {said}.", field="last") from error
    return SchoolHoliday(
        municipality=municipality,
        municipality_name=municipality_name,
        name=name,
        first=first,
        last=last,
        source=source,
    )


def _checked(found: list[SchoolHoliday]) -> list[SchoolHoliday]:
    if len(found) > MOST_PERIODS:
        raise SchoolHolidaysError(f"{len(found)} periods are too many for one file; at most {MOST_PERIODS}.")
    return sorted(set(found))


def _days_of(event: Mapping[str, Any]) -> tuple[date, date] | None:
    """First and last day of a whole-day event (RFC 5545 section 3.6.1: DTEND is the day after); None for others."""
    if "DTSTART" not in event or "RRULE" in event:
        return None
    first = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else first + timedelta(days=1)
    if isinstance(first, datetime) or isinstance(end, datetime):
        return None
    return first, max(end - timedelta(days=1), first)


def by_municipality(holidays: Iterable[SchoolHoliday]) -> dict[str, list[SchoolHoliday]]:
    """Periods of each municipality, in order."""
    found: dict[str, list[SchoolHoliday]] = {}
    for one in sorted(holidays):
        found.setdefault(one.municipality, []).append(one)
    return found


def spans(holidays: Iterable[SchoolHoliday]) -> Iterator[tuple[str, date, date]]:
    """Municipality, first and last day of what is known of each."""
    for code, periods in by_municipality(holidays).items():
        yield code, periods[0].first, max(one.last for one in periods)
