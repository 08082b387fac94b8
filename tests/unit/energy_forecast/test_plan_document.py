from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from samdrift_energy_forecast.errors import PlanDocumentError
from samdrift_energy_forecast.plans.document import HOUR, QUARTER, Entry, Notice, Plan, PlannedFor, Summary
from samdrift_energy_forecast.plans.reasons import Reason

BEGINS = datetime(2026, 1, 4, 23, tzinfo=UTC)


@pytest.fixture
def plan() -> Plan:
    changes = [(0, 16.0), (25, 21.0), (40, 20.4)]
    return Plan(
        building=PlannedFor(id="school-1", name="Skolen ved Søen", time_zone="Europe/Copenhagen", language="da"),
        issue_time=BEGINS,
        safe_state=None,
        attention=(Notice(code="meter_dead", da="Måleren er død.", en="The meter is dead."),),
        entries=tuple(
            Entry(begins=BEGINS + k * QUARTER, set_point_c=celsius, reason=Reason.SET_BACK, facts={"outdoor_c": -6.0})
            for k, celsius in changes
        ),
        series={"outdoor_c": (-6.0,) * 23 + (None,)},
        binding=(None,) * 23 + ("comfort",),
        summary=Summary(currency="DKK", method="made up"),
        thermal_model={"capacity_kwh_per_k": 20.0},
        forecast_check={"hours": 240},
    )


def test_a_plan_is_read_back_as_it_was(plan: Plan) -> None:
    assert Plan.from_json(plan.to_json()) == plan


def test_the_same_plan_has_the_same_version_and_any_change_another(plan: Plan) -> None:
    assert replace(plan).version == plan.version
    assert replace(plan, attention=()).version != plan.version
    assert plan.version.startswith("sha256:")


def test_an_entry_holds_until_the_next_begins(plan: Plan) -> None:
    quarters = plan.set_points_c()
    assert (len(quarters), quarters[24], quarters[25], quarters[39], quarters[40]) == (96, 16.0, 21.0, 21.0, 20.4)
    assert plan.set_points_c(HOUR)[6:8] == (16.0, 21.0)
    assert plan.entry_at(plan.ends - timedelta(seconds=1)).set_point_c == 20.4


@pytest.mark.parametrize("beyond", [-QUARTER, 24 * HOUR])
def test_nothing_holds_outside_the_plan(plan: Plan, beyond: timedelta) -> None:
    with pytest.raises(ValueError, match="not at"):
        plan.entry_at(BEGINS + beyond)


def test_an_unknown_series_has_no_values(plan: Plan) -> None:
    assert plan.values("price_per_kwh") == (None,) * 24


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"stamp,heat_kwh", b'{"format": "samdrift-heating-plan/1"}'])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(PlanDocumentError):
        Plan.from_json(data)


def test_a_changed_plan_is_refused(plan: Plan) -> None:
    document = json.loads(plan.to_json())
    document["entries"][0]["set_point_c"] = 25.0
    with pytest.raises(PlanDocumentError, match="says version"):
        Plan.from_json(json.dumps(document).encode())


def test_a_plan_without_its_parts_is_refused(plan: Plan) -> None:
    document = json.loads(plan.to_json())
    del document["summary"]
    with pytest.raises(PlanDocumentError, match="damaged"):
        Plan.from_json(json.dumps(document).encode())


def test_the_week_of_fixed_setback_is_read_back(plan: Plan) -> None:
    week = ((("00:00", 16.0), ("06:00", 21.0), ("17:00", 16.0)),) * 5 + ((("00:00", 16.0),),) * 2
    weekly = replace(plan, building=replace(plan.building, weekly_setback=week))
    assert Plan.from_json(weekly.to_json()) == weekly
