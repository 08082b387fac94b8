"""A set-point by hand through a real control plane: who may, from where, by page, program and terminal."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from samdrift_energy_forecast.hours import SECONDS
from samdrift_energy_forecast.plans.overrides import quarter_of
from samdrift_platform.cli import main
from samdrift_platform.control.access import SESSION_COOKIE
from samdrift_platform.ledger import audit, grants
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import Settings
from samdrift_registry.people import Role
from samdrift_testing.estate import Estate
from samdrift_testing.governing import opened
from samdrift_testing.heating import Heating, heating

PAGE = "/energy_forecast/buildings/school-1"
FORM = {"set_point_c": "22,5", "until": "next", "reason": "Parents' evening"}


@pytest.fixture
def plane(sqlite_url: str, tmp_path: Path) -> Iterator[Heating]:
    with heating(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture(autouse=True)
def planned(plane: Heating) -> None:
    """The school has a plan from this hour on."""
    begins = datetime.fromtimestamp(datetime.now(UTC).timestamp() // SECONDS * SECONDS, tz=UTC)
    store = ObjectStore(Settings(home=plane.home).objects_url)
    Estate(plane.ledger, store, now=datetime.now(UTC)).planned(begins=begins)


def browser(plane: Heating, person: str, **headers: str) -> httpx.Client:
    with plane.ledger.write() as connection:
        secret = grants.issue(connection, GrantKind.SESSION, person, now=datetime.now(UTC))
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Client(base_url=plane.url, cookies={SESSION_COOKIE: secret}, headers=told, timeout=120)


def actions(plane: Heating) -> list[tuple[str, str]]:
    with plane.ledger.read() as connection:
        return [(event.actor, event.action) for event in audit.events_of(connection, "building:school-1")]


def set_points(plane: Heating) -> dict[str, float]:
    with plane.http() as http:
        rows = csv.DictReader(io.StringIO(http.get("/plans/school-1/current.csv").text))
    return {row["begins_utc"]: float(row["set_point_c"]) for row in rows}


def test_a_page_of_ours_sets_it_in_the_name_of_who_is_signed_in(plane: Heating) -> None:
    with browser(plane, "faye", Sec_Fetch_Site="same-origin") as page:
        before = quarter_of(datetime.now(UTC))
        assert page.post(f"{PAGE}/override", data=FORM).status_code == 303
        assert "faye" in page.get(PAGE).text
        held = set_points(plane)
        assert 22.5 in {held.get(quarter.isoformat()) for quarter in (before, quarter_of(datetime.now(UTC)))}
        assert page.post(f"{PAGE}/override/end").status_code == 303
    assert actions(plane) == [("faye", "override.set"), ("faye", "override.ended")]


@pytest.mark.parametrize("headers", [{"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}, {}])
@pytest.mark.parametrize("act", ["override", "override/end", "plan-now"])
def test_no_other_site_acts_in_their_name(plane: Heating, headers: dict[str, str], act: str) -> None:
    with browser(plane, "faye", **headers) as page:
        assert page.post(f"{PAGE}/{act}", data=FORM).status_code == 403
    assert actions(plane) == []


def test_an_auditor_sees_everything_and_sets_nothing(plane: Heating) -> None:
    office = opened(plane.ledger, plane.home)
    office.governance.appoint("audrey", [Role.AUDITOR], actor="operator", now=office.now)
    with browser(plane, "audrey", Sec_Fetch_Site="same-origin") as page:
        assert page.get(PAGE).status_code == 200
        assert page.get(f"{PAGE}/current.bacnet.json").status_code == 200
        assert page.post(f"{PAGE}/override", data=FORM).status_code == 403
    wish = {"set_point_c": 22, "reason": "r"}
    with plane.http(plane.token_for("audrey")) as http:
        assert http.get("/plans/school-1/current").status_code == 200
        assert http.put("/plans/school-1/override", json=wish).status_code == 403
    assert actions(plane) == []


def test_nobody_else_gets_anything(plane: Heating) -> None:
    with httpx.Client(base_url=plane.url) as stranger:
        for path in ("/energy_forecast/", PAGE, f"{PAGE}/current.csv", "/energy_forecast/api/plans/school-1/current"):
            answer = stranger.get(path)
            assert answer.status_code in (303, 401), path
            assert "Skolen" not in answer.text


def test_from_a_terminal(plane: Heating, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (plane.home / "faye").write_text(plane.token_for("faye"))
    monkeypatch.setenv("SAMDRIFT_URL", plane.url)
    monkeypatch.setenv("SAMDRIFT_TOKEN_FILE", str(plane.home / "faye"))
    monkeypatch.setenv("COLUMNS", "200")

    def samdrift(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["samdrift", "energy", "override", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out + told.err

    assert samdrift("school-1", "--json") == (
        0,
        json.dumps({"building": "school-1", "override": None}, indent=2) + "\n",
    )
    status, told = samdrift("school-1", "22.5", "--hours", "2", "--reason", "feast", "--json")
    made: Any = json.loads(told)["override"]
    assert (status, made["set_by"], made["set_point_c"]) == (0, "faye", 22.5)
    lasts = datetime.fromisoformat(made["expires"]) - datetime.now(UTC)
    assert timedelta(hours=2) - timedelta(seconds=60) <= lasts <= timedelta(hours=2, minutes=15)
    assert "feast" in samdrift("school-1")[1]
    assert samdrift("school-1", "99", "--reason", "r")[0] == 1
    assert "between 7 and 26" in samdrift("school-1", "99", "--reason", "r")[1]
    assert samdrift("school-1", "--end") == (0, "The plan of school-1 decides.\n")
    assert samdrift("school-1", "--end")[0] == 1
    assert "no building" in samdrift("nowhere")[1]
    for until, said in (("2026-01-01T00:00", "Add the offset"), ("tonight", "is no time such as")):
        assert said in samdrift("school-1", "20", "--until", until, "--reason", "r")[1]
    assert samdrift("school-1", "20", "--hours", "1", "--until", "2026-01-01T00:00Z", "--reason", "r")[0] != 0
