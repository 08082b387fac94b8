from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import jsonschema
import pytest
from fastapi import Request

from samdrift_energy_forecast.exports import KINDS
from samdrift_energy_forecast.plans.document import Plan
from samdrift_platform.control.access import User, Way, current_user
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.bacnet import BacnetSchedule
from samdrift_testing.estate import BEGINS, NOW, Estate, Visit, described, site

CURRENT = "/energy_forecast/api/plans/school-1/current"
OVERRIDE = "/energy_forecast/api/plans/school-1/override"
WISH = {"set_point_c": 22.5, "expires": "2026-01-26T12:00:00+01:00", "reason": "feast"}


@pytest.fixture(scope="module")
def over() -> Iterator[Callable[[Estate], Visit]]:
    with site() as opened:
        yield opened


@pytest.fixture
def estate(sqlite_ledger: Ledger) -> Estate:
    return Estate(sqlite_ledger)


@pytest.fixture
def api(estate: Estate, over: Callable[[Estate], Visit]) -> Visit:
    visit = over(estate)

    def user(request: Request) -> User:
        return User(subject="controller", how=Way.TOKEN)

    visit.app.dependency_overrides[current_user] = user
    return visit


def test_a_controller_fetches_a_plan_again_only_when_it_changed(estate: Estate, api: Visit) -> None:
    plan = estate.plan(estate.planned())
    first = api.get(CURRENT)
    assert Plan.from_json(first.content) == plan
    assert first.headers["ETag"] == f'"{plan.version}"'
    assert api.get(CURRENT, If_None_Match=f'"other", {first.headers["ETag"]}').status_code == 304
    api.send("PUT", OVERRIDE, WISH)
    second = api.get(CURRENT, If_None_Match=first.headers["ETag"])
    assert second.status_code == 200
    assert Plan.from_json(second.content).entry_at(NOW).set_point_c == 22.5
    api.send("DELETE", OVERRIDE)
    assert api.get(CURRENT, If_None_Match=first.headers["ETag"]).status_code == 304


@pytest.mark.parametrize("suffix", KINDS)
def test_every_kind_of_file_is_there(estate: Estate, api: Visit, suffix: str) -> None:
    plan = estate.plan(estate.planned())
    answer = api.get(f"{CURRENT}.{suffix}")
    assert answer.content == KINDS[suffix].render(plan, "da")
    assert answer.headers["Content-Type"] == KINDS[suffix].media_type
    assert api.get(f"{CURRENT}.{suffix}", If_None_Match=answer.headers["ETag"]).status_code == 304


def test_a_set_point_by_hand_reaches_a_bacnet_controller(estate: Estate, api: Visit) -> None:
    estate.planned()
    api.send("PUT", OVERRIDE, WISH)
    schedule = BacnetSchedule.read(api.get(f"{CURRENT}.bacnet.json").content)
    local = BEGINS + timedelta(hours=1)  # Copenhagen's clock, without its zone
    values = {clock: schedule.value_at(local.replace(hour=clock)) for clock in (8, 10, 11, 12)}
    assert values == {8: pytest.approx(20.4), 10: 22.5, 11: 22.5, 12: pytest.approx(20.4)}


def test_the_published_schema_holds_for_what_is_published(estate: Estate, api: Visit) -> None:
    estate.planned()
    schema = api.get("/energy_forecast/api/plan.schema.json")
    assert schema.headers["Content-Type"] == "application/schema+json"
    jsonschema.validate(json.loads(api.get(CURRENT).content), schema.json())


def test_an_override_is_told_and_ends(estate: Estate, api: Visit) -> None:
    estate.planned()
    assert api.get(OVERRIDE).json() == {"building": "school-1", "override": None}
    made = api.send("PUT", OVERRIDE, WISH)
    assert made.json()["override"] == {
        "set_point_c": 22.5,
        "begins": "2026-01-26T08:15:00+00:00",
        "expires": "2026-01-26T11:00:00+00:00",
        "reason": "feast",
        "set_by": "controller",
    }
    assert api.send("PUT", OVERRIDE, WISH).json() == api.get(OVERRIDE).json() == made.json()
    assert api.send("DELETE", OVERRIDE).json() == {"building": "school-1", "override": None}
    assert api.send("DELETE", OVERRIDE).status_code == 404


def test_without_a_time_it_holds_until_the_next_entry(estate: Estate, api: Visit) -> None:
    estate.planned()
    made = api.send("PUT", OVERRIDE, {"set_point_c": 18, "reason": "nobody here"})
    assert made.json()["override"]["expires"] == "2026-01-26T15:00:00+00:00"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"set_point_c": 50}, "set_point_c"),
        ({"reason": ""}, "reason"),
        ({"expires": "2026-01-26T12:00:00"}, "expires"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_refused_by_field(estate: Estate, api: Visit, change: dict[str, object], field: str) -> None:
    estate.planned()
    answer = api.send("PUT", OVERRIDE, WISH | change)
    assert answer.status_code == 422
    assert answer.json()["field"].strip("/") == field


def test_what_is_not_there_is_not_found(estate: Estate, api: Visit) -> None:
    assert api.get(CURRENT).status_code == 404
    assert api.send("PUT", OVERRIDE, WISH).status_code == 404
    estate.registered(described("school-1", "Skolen"))
    answer = api.get(CURRENT)
    assert answer.status_code == 404
    assert "fixed setback plan applies" in answer.json()["detail"]


def test_a_plan_now(estate: Estate, api: Visit) -> None:
    estate.registered(described("school-1", "Skolen"))
    answer = api.send("POST", "/energy_forecast/api/plans/school-1/now")
    assert answer.status_code == 202
    assert answer.json()["reference"].startswith("school-1/2026-01-26T08Z/")
    assert "no_readings" in answer.json()["lacks"]
