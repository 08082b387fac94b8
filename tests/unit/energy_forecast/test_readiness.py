"""What `samdrift energy building check` says: a whole building first, then one thing wrong at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.building.school_holidays import SchoolHoliday
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering import meter_file
from samdrift_energy_forecast.readiness.check import check
from samdrift_energy_forecast.readiness.item import Item, Standing
from samdrift_testing.heating import DESCRIPTION

#: Monday 5 January 2026 in Copenhagen, and ten weeks.
FIRST = datetime(2026, 1, 4, 23, tzinfo=UTC)
DAYS = 70
NOW = FIRST + timedelta(days=DAYS)
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORK = {day: {"begins": "08:00", "ends": "16:00"} for day in WEEK[:5]}
WHOLE: dict[str, Any] = DESCRIPTION | {
    "type": "school",
    "area_m2": 2000.0,
    "location": {"latitude": 55.7, "longitude": 12.6},
    "calendar": {"opening": WORK, "school_holidays_of": "0999"},
    "emission": {"kg_co2_per_kwh": 0.034, "year": 2025, "method": "environmental declaration"},
    "delivery": {"email": ["drift@example.dk"]},
}
HOLIDAYS = [
    SchoolHoliday(
        municipality="0999",
        name="Efterårsferie",
        first=date(2026, 10, 12),
        last=date(2026, 10, 16),
        source="https://example.dk",
    )
]


def rows(heated: tuple[int, ...] = (0, 1, 2, 3, 4), peopled: range = range(8, 16)) -> Iterator[dict[str, object]]:
    """A school whose local clock is UTC+1: warm 06-17 and people 08-16 on weekdays, unless said otherwise."""
    for k in range(DAYS * 24):
        day, hour = k // 24 % 7, k % 24
        warm = day in heated and 6 <= hour < 17
        yield {
            "stamp": (FIRST + timedelta(hours=k + 1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "heat": 10 + (30 + hour) * warm + 3 * (k * 7919 % 11) / 11 + 5 * (k // 24 * 31 % 7) / 7,
            "indoor_c": 20.5 if warm else 18.0,
            "coldest_room_c": 20.0 if warm else 17.0,
            "people": 300 if day < 5 and hour in peopled else 0,
        }


def table(*columns: str, **changed: Any) -> bytes:
    chosen = columns or ("heat", "indoor_c", "coldest_room_c", "people")
    lines = [",".join(str(row[name]) for name in ("stamp", *chosen)) for row in rows(**changed)]
    return "\n".join([",".join(("stamp", *chosen)), *lines, ""]).encode()


def checked(
    data: bytes | None = None, *, holidays: list[SchoolHoliday] | None = HOLIDAYS, **fields: Any
) -> dict[str, list[Item]]:
    building = BuildingDescription.model_validate(WHOLE | fields)
    file = None if data is None else meter_file.parse(data, building)
    found: dict[str, list[Item]] = {}
    for item in check(building, file=file, holidays=holidays, now=NOW):
        found.setdefault(item.what, []).append(item)
    return found


def troubles(found: Mapping[str, list[Item]]) -> list[str]:
    return [what for what, items in found.items() if any(item.standing is not Standing.OK for item in items)]


@pytest.fixture(scope="module")
def whole() -> bytes:
    return table()


def test_a_whole_building_lacks_nothing(whole: bytes) -> None:
    found = checked(whole)
    assert troubles(found) == []
    assert found["school holidays"][0].found == "known until 2026-10-16"
    assert found["history"][0].found.startswith("70 days")
    assert found["occupancy"][0].found == "people are there when it is open"


@pytest.mark.parametrize(
    ("fields", "what", "standing", "said"),
    [
        ({"location": None}, "location", "missing", "No weather forecast"),
        ({"location": {"latitude": 12.6, "longitude": 55.7}}, "location", "odd", "not in Denmark"),
        ({"area_m2": None}, "area", "missing", "kWh per m2"),
        ({"area_m2": 4.2}, "area", "odd", "not the size"),
        ({"setback": {"warm": {"begins": "09:00", "ends": "17:00"}}}, "opening hours", "odd", "monday 08-16"),
        ({"setback": {"warm_c": 18.0, "warm": {"begins": "06:00", "ends": "17:00"}}}, "comfort", "odd", "18"),
        ({"tariff": {"price_per_kwh": 620.0}}, "tariff", "odd", "MWh's price"),
        ({"tariff": {"price_per_kwh": 0}}, "tariff", "odd", "costs nothing"),
        ({"emission": {"kg_co2_per_kwh": 34.0, "year": 2025, "method": "x"}}, "emission factor", "odd", "grams"),
        ({"emission": {"kg_co2_per_kwh": 0.05, "year": 2020, "method": "x"}}, "emission factor", "odd", "6 years old"),
        ({"delivery": {}}, "delivery", "odd", "nobody is sent them"),
        ({"calendar": {"opening": WORK}}, "school holidays", "missing", "heated in them"),
        ({"calendar": {"opening": WORK, "closed": ["2026-02-09"]}}, "school holidays", "odd", "ends on 2026-02-09"),
        ({"calendar": {"opening": WORK}, "type": "office"}, "school holidays", "ok", "does not follow them"),
    ],
)
def test_one_thing_wrong_is_told(fields: dict[str, Any], what: str, standing: str, said: str) -> None:
    holidays = [] if "calendar" in fields else HOLIDAYS
    items = checked(holidays=holidays, **fields)[what]
    assert any(item.standing == standing and said in item.found for item in items)
    assert all(item.todo for item in items if item.standing is not Standing.OK)


@pytest.mark.parametrize(("holidays", "standing"), [(None, Standing.ODD), ([], Standing.MISSING)])
def test_holidays_that_nobody_imported_are_told(holidays: list[SchoolHoliday] | None, standing: Standing) -> None:
    (item,) = checked(holidays=holidays)["school holidays"]
    assert item.standing is standing


def test_without_readings_it_is_said() -> None:
    found = checked()
    assert troubles(found) == ["readings"]


def test_rooms_that_are_not_measured_cost_the_plan() -> None:
    (item,) = checked(table("heat"))["rooms"]
    assert item.standing is Standing.MISSING
    assert "only the fixed setback plan" in item.found
    (item,) = checked(table("heat", "indoor_c"))["rooms"]
    assert item.standing is Standing.ODD


def test_old_short_and_strange_readings_are_told(whole: bytes) -> None:
    lines = whole.decode().splitlines()
    old = checked("\n".join(lines[: 40 * 24]).encode())
    assert "the newest is 30 days old" in old["readings"][0].found
    assert [item.standing for item in old["history"]] == [Standing.ODD]
    few = checked("\n".join([lines[0], *lines[-10 * 24 :]]).encode())
    assert "too few" in few["plan"][0].found
    megawatt = checked(whole, meter={"unit": "MWh"})
    assert "meter.unit" in megawatt["heat"][0].todo


def test_a_row_that_contradicts_another_is_told(whole: bytes) -> None:
    doubled = whole + whole.splitlines()[100].replace(b",", b",9", 1) + b"\n"
    (item,) = [one for one in checked(doubled)["readings' quality"] if "conflicting" in one.found]
    assert item.standing is Standing.ODD


def test_counted_people_say_when_it_is_open() -> None:
    items = checked(table("heat", "indoor_c", "coldest_room_c", "people", peopled=range(7, 15)))["occupancy"]
    assert [item.found for item in items] == [
        f"On {day} the calendar says 08-16, people were counted 07-15." for day in WEEK[:5]
    ]


def test_heat_says_which_days_are_not_as_the_calendar_has_them() -> None:
    saturday = checked(table("heat", heated=(0, 1, 2, 3, 4, 5)))["opening hours"]
    assert "On saturday it is heated like on open days" in saturday[-1].found
    no_friday = checked(table("heat", heated=(0, 1, 2, 3)))["opening hours"]
    assert "On friday it is heated like on closed days" in no_friday[-1].found


def test_a_local_meter_clock_is_followed() -> None:
    building = BuildingDescription.model_validate(WHOLE)
    file = meter_file.parse(b"stamp;heat\n2026-01-05 01:00;10,5\n2026-03-29 02:30;1\n", building)
    assert list(file.rows()) == [{"series": "heat", "stamp": "2026-01-05T00:00:00Z", "value": 10.5}]
    assert list(file.stamps.faults) == [1]


def test_readings_that_the_platform_keeps_are_not_taken_for_local_time(whole: bytes) -> None:
    local: dict[str, Any] = {"meter": {"time_zone": "Europe/Copenhagen"}}
    kept = meter_file.parse(whole, BuildingDescription.model_validate(WHOLE | local)).order_table()
    assert checked(kept, **local) == checked(whole, **local)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"stamp,foo\n2026-01-05T00:00Z,1\n", "none of the columns"),
        (b"when,heat\n2026-01-05T00:00Z,1\n", "no column `stamp`"),
        (b"stamp,heat_kwh\n2026-01-05T00:00Z,1\n", "Name the column heat"),
    ],
)
def test_a_meter_file_that_does_not_fit_is_refused(data: bytes, said: str) -> None:
    building = BuildingDescription.model_validate(WHOLE | {"meter": {"unit": "MWh"}})
    with pytest.raises(ReadingsError, match=said):
        meter_file.parse(data, building)
