"""Buildings and readings over HTTP, on a real port and on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.building import toml_file
from samdrift_energy_forecast.metering import reading_store
from samdrift_energy_forecast.metering.series import RoomSeries, Series
from samdrift_registry.people import Role
from samdrift_testing.governing import opened
from samdrift_testing.heating import DESCRIPTION, Heating, heating

FIRST = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def plane(ledger_url: str, tmp_path: Path) -> Iterator[Heating]:
    with heating(ledger_url, tmp_path) as running:
        yield running


@pytest.fixture
def http(plane: Heating) -> Iterator[httpx.Client]:
    with plane.http() as client:
        client.put("/buildings/school-1", json=DESCRIPTION).raise_for_status()
        yield client


@pytest.fixture(scope="module")
def refusing(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """One plane for all requests that are refused before a database is asked; it has school-1 and changes no more."""
    home = tmp_path_factory.mktemp("refusing")
    with heating(f"sqlite:///{copy(sqlite_template, home / 'ledger.db')}", home) as running, running.http() as client:
        client.put("/buildings/school-1", json=DESCRIPTION).raise_for_status()
        yield client


def reading(k: int, value: Any = 5.0, **fields: Any) -> dict[str, Any]:
    stamp = (FIRST + timedelta(hours=k)).isoformat()
    return {"building": "school-1", "series": "heat", "stamp": stamp, "value": value} | fields


def stored(plane: Heating, building: str = "school-1") -> list[tuple[Series | RoomSeries, datetime, float | None]]:
    with plane.ledger.read() as connection:
        rows = reading_store.read_back(
            connection,
            building,
            first=FIRST - timedelta(days=2),
            end=FIRST + timedelta(days=400),
            known_at=datetime.now(UTC),
        )
    return [(series, stamp, value) for series, stamp, value, _ in rows]


def test_a_building_comes_goes_and_comes_back(plane: Heating) -> None:
    with plane.http() as http:
        added = http.put("/buildings/school-1", json=DESCRIPTION)
        assert (added.status_code, added.json()["change"]) == (201, "added")
        assert http.put("/buildings/school-1", json=DESCRIPTION).json()["change"] == "unchanged"
        assert http.delete("/buildings/school-1").json()["change"] == "removed"
        assert http.get("/buildings").json() == {"buildings": [], "next": None}
        assert http.put("/buildings/school-1", json=DESCRIPTION).json()["change"] == "changed"
        shown = http.get("/buildings/school-1").json()
    assert shown["is_active"]
    assert shown["description"]["name"] == DESCRIPTION["name"]
    assert [(one["by"], one["change"]) for one in shown["history"]] == [
        ("operator", "added"),
        ("operator", "removed"),
        ("operator", "changed"),
    ]


def test_a_building_may_be_put_as_its_file(plane: Heating) -> None:
    toml = {"Content-Type": "application/toml"}
    with plane.http() as http:
        assert http.put("/buildings/school-1", content=toml_file.example(), headers=toml).status_code == 201
        assert http.get("/buildings/school-1").json()["description"]["area_m2"] == 4200
        wrong = http.put("/buildings/school-1", content=b'id = "school-1"\nnam = "x"', headers=toml)
    assert wrong.status_code == 422
    assert "line 2: nam: not a key here. Did you mean name?" in wrong.json()["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "Field required"),
        (DESCRIPTION, "describes 'school-1' but is put as 'school-2'"),
        (DESCRIPTION | {"id": "school-2", "are_m2": 3}, "are_m2"),
        (DESCRIPTION | {"id": "school-2", "time_zone": "Mars/Olympus"}, "IANA time zone"),
        ([], "should be an object"),
    ],
)
def test_a_wrong_description_is_a_problem_that_says_so(refusing: httpx.Client, body: Any, said: str) -> None:
    answer = refusing.put("/buildings/school-2", json=body)
    assert refusing.get("/buildings/school-2").status_code == 404
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_several_buildings_are_written_or_none(plane: Heating) -> None:
    several = [DESCRIPTION | {"id": f"b{k}"} for k in range(5)]
    with plane.http() as http:
        wrong = http.post("/buildings", json={"buildings": [*several, DESCRIPTION | {"id": "no id"}]})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "/buildings/5/id")
        assert http.get("/buildings").json()["buildings"] == []
        assert http.post("/buildings", json={"buildings": several}).json()["counts"] == {"added": 5}
        assert "more than once" in http.post("/buildings", json={"buildings": several * 2}).json()["detail"]
        first = http.get("/buildings", params={"limit": 3}).json()
        second = http.get("/buildings", params={"limit": 3, "after": first["next"]}).json()
        brief = http.get("/buildings", params={"brief": True}).json()["buildings"]
    assert [(one["id"], one["name"], "description" in one) for one in brief[:1]] == [("b0", "Skolen ved Søen", False)]
    assert [one["description"]["id"] for page in (first, second) for one in page["buildings"]] == [
        f"b{k}" for k in range(5)
    ]
    assert second["next"] is None


def test_an_auditor_reads_and_changes_nothing(plane: Heating) -> None:
    office = opened(plane.ledger, plane.home)
    office.governance.appoint("anna", [Role.AUDITOR], actor="operator", now=office.now)
    with plane.http(plane.token_for("anna")) as http:
        assert http.get("/buildings").status_code == 200
        assert http.put("/buildings/school-1", json=DESCRIPTION).status_code == 403
        assert http.post("/readings", json={"readings": [reading(0)]}).status_code == 403
    with httpx.Client(base_url=f"{plane.url}/energy_forecast/api") as stranger:
        assert stranger.get("/buildings").status_code == 401
        assert stranger.post("/readings", json={"readings": [reading(0)]}).status_code == 401


def test_readings_are_kept_once(plane: Heating, http: httpx.Client) -> None:
    batch = {"readings": [reading(k) for k in range(3)]}
    first, again = (http.post("/readings", json=batch) for _ in range(2))
    assert (first.status_code, first.json()["verdicts"]) == (202, ["stored"] * 3)
    assert (again.status_code, again.json()["verdicts"]) == (202, ["repeated"] * 3)
    assert [value for _, _, value in stored(plane)] == [5.0] * 3
    latest = http.get("/buildings/school-1").json()["latest_readings"]
    assert datetime.fromisoformat(latest["heat"]) == FIRST + timedelta(hours=2)


def test_a_correction_stands_beside_what_it_corrects(plane: Heating, http: httpx.Client) -> None:
    http.post("/readings", json={"readings": [reading(0, 5.0)]})
    answer = http.post("/readings", json={"readings": [reading(0, 6.0)]})
    assert answer.json()["verdicts"] == ["conflicting"]
    assert [value for _, _, value in stored(plane)] == [5.0, 6.0]


def test_what_cannot_be_kept_is_named_and_the_rest_is_kept(plane: Heating, http: httpx.Client) -> None:
    batch = [
        reading(0),
        reading(1, building="school-9"),
        reading(2, series="heet"),
        reading(3, "twelve"),
        reading(4, True),
        reading(5, stamp="yesterday"),
        reading(6, stamp="2999-01-01T00:00:00Z"),
        reading(7, stamp="1970-01-01T00:00:00Z"),
        reading(8, 400.0, series="indoor"),
        reading(9, building="nul\0"),
        {},
        reading(11, None),
    ]
    answer = http.post("/readings", json={"readings": batch})
    assert answer.status_code == 207
    assert answer.json()["counts"] == {"stored": 2, "refused": 10}
    reasons = {one["row"]: one["reason"] for one in answer.json()["refused"]}
    assert "no building 'school-9'" in reasons[2]
    assert "no series" in reasons[3]
    assert [value for _, _, value in stored(plane)] == [5.0, None]
    none = http.post("/readings", json={"readings": batch[1:11]})
    assert (none.status_code, none.json()["counts"]) == (422, {"refused": 10})


def test_a_number_that_is_none_does_not_keep_the_others_back(plane: Heating, http: httpx.Client) -> None:
    body = json.dumps({"readings": [reading(0), reading(1, float("nan")), reading(2, float("inf"))]})
    answer = http.post("/readings", content=body.encode(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["verdicts"]) == (207, ["stored", "refused", "refused"])


def test_a_stamp_without_an_offset_is_of_the_meters_clock(plane: Heating, http: httpx.Client) -> None:
    stamps = ["2026-02-01T08:00", "2025-10-26T02:30", "2026-03-29T02:30", "2026-02-01T08:00+01:00"]
    answer = http.post("/readings", json={"readings": [reading(0, stamp=stamp) for stamp in stamps]})
    assert answer.json()["verdicts"] == ["stored", "refused", "refused", "repeated"]
    assert "comes twice" in answer.json()["refused"][0]["reason"]
    assert "does not exist" in answer.json()["refused"][1]["reason"]
    assert [stamp for _, stamp, _ in stored(plane)] == [datetime(2026, 2, 1, 7, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("table", "address"),
    [
        ("building,series,stamp,value\nschool-1,heat,2026-02-01T00:00Z,12.5\nschool-1,indoor,2026-02-01T00:00Z,20", ""),
        ("stamp,heat,indoor,return\n2026-02-01T00:00Z,12.5,20,\n", "?building=school-1"),
        ("\ufeffbuilding;stamp;heat;indoor\r\nschool-1;2026-02-01T01:00;12,5;20,0\r\n", ""),
    ],
)
def test_tables_are_taken_in_three_forms(plane: Heating, http: httpx.Client, table: str, address: str) -> None:
    answer = http.post(f"/readings{address}", content=table.encode(), headers={"Content-Type": "text/csv"})
    assert (answer.status_code, answer.json()["counts"]) == (202, {"stored": 2})
    assert stored(plane) == [(Series.HEAT, FIRST, 12.5), (Series.INDOOR, FIRST, 20.0)]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"readings": [1]}', "application/json"),
        (b'{"readings": []}', "application/json"),
        (b"\xff\xfe", "text/csv"),
        (b'stamp,heat\n"open', "text/csv"),
        (b"stamp,heat\n2026-02-01T00:00Z,5", "text/csv"),
        (b"when,heat,building\n1,2,school-1", "text/csv"),
        (b"stamp,heat,heat,building\n1,2,3,school-1", "text/csv"),
        (b"", "text/csv"),
    ],
)
def test_garbage_is_refused_whole(refusing: httpx.Client, content: bytes, media_type: str) -> None:
    answer = refusing.post("/readings", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_has_a_largest_size(refusing: httpx.Client) -> None:
    assert refusing.post("/readings", content=b" " * (17 * 1024 * 1024)).status_code == 413
    rows = "\n".join(["building,series,stamp,value", *["school-1,heat,x,1"] * 200_001])
    answer = refusing.post("/readings", content=rows.encode(), headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422
    assert "at most 200000" in answer.json()["detail"]


def test_a_day_of_three_hundred_buildings_is_one_batch(plane: Heating) -> None:
    several = [DESCRIPTION | {"id": f"b{k:03d}"} for k in range(300)]
    batch = [reading(k, building=one["id"]) for one in several for k in range(24)]
    with plane.http() as http:
        http.post("/buildings", json={"buildings": several}).raise_for_status()
        answer = http.post("/readings", json={"readings": batch})
        again = http.post("/readings", json={"readings": batch})
    assert (answer.status_code, answer.json()["counts"]) == (202, {"stored": 7200})
    assert again.json()["counts"] == {"repeated": 7200}
    assert len(stored(plane, "b299")) == 24


def test_gateways_at_once_store_each_reading_once(plane: Heating, http: httpx.Client) -> None:
    batch = {"readings": [reading(k) for k in range(200)]}
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda _: http.post("/readings", json=batch), range(16)))
    assert {answer.status_code for answer in answers} == {202}
    assert len(stored(plane)) == 200


def test_a_change_of_somebody_else_is_not_overwritten(plane: Heating, http: httpx.Client) -> None:
    tag = http.get("/buildings/school-1").headers["etag"]
    mine, theirs = ({"If-Match": tag}, DESCRIPTION | {"name": "Deres"})
    assert http.put("/buildings/school-1", json=theirs, headers=mine).status_code == 200
    late = http.put("/buildings/school-1", json=DESCRIPTION, headers=mine)
    assert (late.status_code, late.json()["field"]) == (412, "If-Match")
    assert http.put("/buildings/school-9", json=DESCRIPTION | {"id": "school-9"}, headers=mine).status_code == 412
    assert http.get("/buildings/school-1").json()["description"]["name"] == "Deres"


def test_two_at_once_put_a_building_one_after_the_other(plane: Heating, http: httpx.Client) -> None:
    names = [DESCRIPTION | {"name": f"Skole {k}"} for k in range(12)]
    with ThreadPoolExecutor(6) as senders:
        answers = list(senders.map(lambda one: http.put("/buildings/school-1", json=one), names))
    assert {answer.json()["change"] for answer in answers} == {"changed"}
    shown = http.get("/buildings/school-1").json()
    assert len(shown["history"]) == 13
    assert shown["description"]["name"] in {one["name"] for one in names}


def test_school_holidays_come_from_both_kinds_of_file(plane: Heating) -> None:
    table = b"municipality,municipality_name,name,first,last,source\n0999,,Vinterferie,2027-02-15,2027-02-19,example\n"
    calendar = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Sommerferie\r\n"
        b"DTSTART;VALUE=DATE:20270626\r\nDTEND;VALUE=DATE:20270809\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    ical = {"Content-Type": "text/calendar"}
    with plane.http() as http:
        assert http.post("/school_holidays", content=table).json() == {"imported": 1, "left_out": []}
        named = http.post("/school_holidays?municipality=0999&source=skolen", content=calendar, headers=ical)
        assert named.json()["imported"] == 1
        nameless = http.post("/school_holidays", content=calendar, headers=ical)
        assert (nameless.status_code, nameless.json()["field"]) == (422, "municipality")
        found = http.get("/school_holidays?municipality=0999").json()["school_holidays"]
        assert http.get("/school_holidays?municipality=12").status_code == 422
        assert http.get("/audit").status_code == 404
    assert [(one["name"], one["last"]) for one in found] == [
        ("Vinterferie", "2027-02-19"),
        ("Sommerferie", "2027-08-08"),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
pushed = st.fixed_dictionaries(
    {},
    optional={
        "building": st.just("school-1") | json_values,
        "series": st.sampled_from(["heat", "indoor"]) | json_values,
        "stamp": st.just("2026-02-01T00:00Z") | st.datetimes().map(str) | json_values,
        "value": st.floats() | json_values,
    },
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(pushed | json_values, max_size=4), raw=st.binary(max_size=60), description=json_values)
def test_whatever_is_sent_is_answered_and_nothing_is_our_fault(
    http: httpx.Client, sent: list[Any], raw: bytes, description: Any
) -> None:
    for body in (json.dumps({"readings": sent}).encode(), raw):
        for media_type in ("application/json", "text/csv", "text/calendar"):
            headers = {"Content-Type": media_type}
            assert http.post("/readings?building=school-1", content=body, headers=headers).status_code < 500
            assert http.post("/school_holidays?municipality=0999", content=body, headers=headers).status_code < 500
    wrong = description if isinstance(description, dict) else {"calendar": description}
    for body in (json.dumps(DESCRIPTION | wrong).encode(), raw):
        for media_type in ("application/json", "application/toml"):
            answer = http.put("/buildings/school-1", content=body, headers={"Content-Type": media_type})
            assert answer.status_code < 500
