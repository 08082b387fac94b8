from __future__ import annotations

from typing import Any

import pytest

from samdrift_energy_forecast.building.description import Weekday
from samdrift_energy_forecast.building.fleet_file import Fleet, FleetFileError, read_fleet
from samdrift_testing.heating import DESCRIPTION

TEMPLATE: dict[str, Any] = {name: value for name, value in DESCRIPTION.items() if name not in ("id", "name")}
HEADER = "id,name,area_m2,location.latitude,location.longitude,calendar.opening.friday,delivery.email"


def read(*rows: str) -> Fleet:
    return read_fleet("\n".join([HEADER, *rows]).encode(), "fleet.csv", TEMPLATE)


def test_a_row_is_a_building_over_the_template() -> None:
    fleet = read(
        "a,Skole A,1200,55.7,12.6,08-14 18-21,x@example.dk y@example.dk",
        "b,Skole B,,,,closed,",
    ).buildings
    first, second = fleet
    assert [(one.begins_h, one.ends_h) for one in first.calendar.opening[Weekday.FRIDAY]] == [(8, 14), (18, 21)]
    assert first.delivery.email == ("x@example.dk", "y@example.dk")
    assert first.location is not None
    assert first.location.latitude == 55.7
    assert (second.area_m2, second.location) == (None, None)
    assert list(second.calendar.opening) == [Weekday.MONDAY]
    assert second.tariff.price_per_kwh == 0.62


def test_danish_decimals_are_read() -> None:
    fleet = read_fleet(b"id;name;location.latitude;location.longitude\na;A;55,7;12,6\n", "fleet.csv", TEMPLATE)
    (found,) = fleet.buildings
    assert found.location is not None
    assert found.location.longitude == 12.6


def test_faults_are_told_by_row_and_key_and_right_rows_are_kept() -> None:
    fleet = read(
        "a,A,1200,55.7,12.6,,",
        "b,B,1200,5570,12.6,,",
        "c,C,1200,55.7,12.6,morning,",
        "a,A again,1200,55.7,12.6,,",
        "d,D",
        "e f,E,1200,55.7,,,",
    )
    assert [one.id for one in fleet.buildings] == ["a"]
    assert fleet.wrong_rows == 5
    said = "\n".join(fleet.faults)
    assert "fleet.csv, row 2, location.latitude: Input should be less than or equal to 90 (it is '5570')." in said
    assert "fleet.csv, row 3, calendar.opening.friday: 'morning' is no pair of whole hours such as 08-16." in said
    assert "fleet.csv, row 4, id: 'a' is also that of row 1." in said
    assert "fleet.csv, row 5, 2 cells; the header has 7." in said
    assert "fleet.csv, row 6, id: not in the form that is asked for" in said
    assert "fleet.csv, row 6, location.longitude: missing." in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "needs a header row"),
        (b"id,name\n", "needs a header row"),
        (b"name\nA\n", "no column id"),
        (b"id,id\na,b\n", "a column twice"),
        (b"id,nam\na,A\n", "unknown keys nam"),
        (b"id,location\na,x\n", "unknown keys location"),
        (b"id,calendar.closures.first\na,2026-02-09\n", "unknown keys calendar.closures.first"),
        (b"id,calendar.opening.fredag\na,08-16\n", "unknown keys calendar.opening.fredag"),
        (b'id,name\na,"open\n', "not CSV"),
        (b"id,name\n\xff,A\n", "line 2: not UTF-8"),
    ],
)
def test_what_is_no_fleet_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(FleetFileError, match=said):
        read_fleet(data, "fleet.csv", TEMPLATE)


def test_the_template_is_left_as_it_is() -> None:
    read("a,A,1200,55.7,12.6,closed,")
    assert TEMPLATE["calendar"] == DESCRIPTION["calendar"]
