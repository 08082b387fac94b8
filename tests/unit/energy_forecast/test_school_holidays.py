from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from samdrift_energy_forecast.building import school_holiday_store
from samdrift_energy_forecast.building.calendar import BuildingCalendar
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.building.school_holidays import (
    SchoolHolidaysError,
    read_csv,
    read_icalendar,
    to_csv,
)
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.heating import DESCRIPTION

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
HEADER = "municipality,municipality_name,name,first,last,source"
WINTER = "0999,Prøveby,Vinterferie,2027-02-15,2027-02-19,https://example.dk/ferie"
AUTUMN = "0999,Prøveby,Efterårsferie,2027-10-18,2027-10-22,https://example.dk/ferie"


def table(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def event(summary: str, *lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", "UID:x", f"SUMMARY:{summary}", *lines, "END:VEVENT"])


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//DA", *events, "END:VCALENDAR", ""]).encode()


def put(ledger: Ledger, *rows: str, by: str = "olga") -> None:
    with ledger.write() as connection:
        school_holiday_store.put(connection, read_csv(table(*rows)), by=by, now=NOW)


def names(ledger: Ledger, *codes: str) -> list[tuple[str, date]]:
    with ledger.read() as connection:
        return [(one.name, one.last) for one in school_holiday_store.held(connection, codes or None)]


def test_a_table_is_read_and_written_back() -> None:
    found = read_csv(table(AUTUMN, WINTER, WINTER))
    assert [(one.name, one.first, one.last) for one in found] == [
        ("Vinterferie", date(2027, 2, 15), date(2027, 2, 19)),
        ("Efterårsferie", date(2027, 10, 18), date(2027, 10, 22)),
    ]
    assert read_csv(to_csv(found).encode()) == found
    assert read_csv(table(WINTER).replace(b",", b";")) == found[:1]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (WINTER.replace("0999", "999"), "Row 2: '999' is no municipality's code"),
        (WINTER.replace("2027-02-15", "15/2/2027"), "Row 2: .*Write dates as"),
        (WINTER.replace("2027-02-19", "2027-02-09"), "Row 2: .*no closure"),
        (WINTER.replace("https://example.dk/ferie", ""), "Row 2: no source"),
        ("0999,Prøveby", "Row 2"),
    ],
)
def test_a_wrong_row_is_named(row: str, said: str) -> None:
    with pytest.raises(SchoolHolidaysError, match=said):
        read_csv(table(AUTUMN, row))


@pytest.mark.parametrize("data", [b"", b"\xff", b"name,first\nx,2027-01-01\n", HEADER.encode()])
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(SchoolHolidaysError):
        read_csv(data)


def test_a_calendar_file_gives_whole_days_that_close_the_school() -> None:
    data = calendar(
        event("Vinterferie", "DTSTART;VALUE=DATE:20270215", "DTEND;VALUE=DATE:20270220"),
        event("Fridag", "DTSTART;VALUE=DATE:20270507"),
        event("Skolestart", "DTSTART;VALUE=DATE:20270809"),
        event("Feriemøde", "DTSTART:20270301T170000Z", "DTEND:20270301T190000Z"),
    )
    found, left_out = read_icalendar(data, municipality="0999", source="skolen")
    assert [(one.name, one.first, one.last) for one in found] == [
        ("Vinterferie", date(2027, 2, 15), date(2027, 2, 19)),
        ("Fridag", date(2027, 5, 7), date(2027, 5, 7)),
    ]
    assert left_out == ["Skolestart", "Feriemøde"]


@pytest.mark.parametrize("data", [b"", b"garbage", calendar(), calendar(event("Møde", "DTSTART;VALUE=DATE:20270215"))])
def test_a_calendar_that_closes_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(SchoolHolidaysError):
        read_icalendar(data, municipality="0999", source="skolen")


def test_a_corrected_file_replaces_what_it_corrects_and_nothing_else(ledger: Ledger) -> None:
    earlier, other = WINTER.replace("2027", "2026"), WINTER.replace("0999", "0998")
    put(ledger, earlier, WINTER, AUTUMN)
    put(ledger, other)
    put(ledger, WINTER.replace("02-19", "02-21"), AUTUMN)
    assert names(ledger, "0999") == [
        ("Vinterferie", date(2026, 2, 19)),
        ("Vinterferie", date(2027, 2, 21)),
        ("Efterårsferie", date(2027, 10, 22)),
    ]
    assert len(names(ledger)) == 4


def test_a_building_that_follows_them_is_closed(ledger: Ledger) -> None:
    put(ledger, WINTER)
    week = DESCRIPTION["calendar"]
    follows = BuildingDescription.model_validate(DESCRIPTION | {"calendar": week | {"school_holidays_of": "0999"}})
    own = BuildingDescription.model_validate(DESCRIPTION | {"id": "office"})
    with ledger.read() as connection:
        school, office = school_holiday_store.with_school_holidays(connection, [follows, own])
    monday = date(2027, 2, 15)
    assert office == own
    assert BuildingCalendar(school).opening_of(monday) is None
    assert BuildingCalendar(office).opening_of(monday) is not None
