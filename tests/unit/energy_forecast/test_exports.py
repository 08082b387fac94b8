from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import uuid5

import pytest
from icalendar import Calendar

from samdrift_energy_forecast.exports import CALENDAR_NAMESPACE, set_points_of_csv, to_csv, to_ical
from samdrift_energy_forecast.plan_document import HOUR, Entry, Plan, PlannedFor, Summary
from samdrift_energy_forecast.reasons import Reason

BEGINS = datetime.fromisoformat("2026-03-28T23:00:00+00:00")  # midnight before the clocks go forward


@pytest.fixture
def plan() -> Plan:
    entries = [(0, 16.0), (6, 21.0), (10, 20.4), (16, 16.0)]
    same = {"setback_c": 16.0, "outdoor_c": -1.25, "setback_kwh": 100.0, "planned_kwh": 90.0}
    return Plan(
        building=PlannedFor(id="school-1", name="Skolen ved Søen", time_zone="Europe/Copenhagen", language="da"),
        issue_time=BEGINS,
        safe_state=None,
        attention=(),
        entries=tuple(
            Entry(
                begins=BEGINS + k * HOUR,
                set_point_c=celsius,
                reason=Reason.PREHEAT if celsius == 21.0 else Reason.SET_BACK,
                facts={},
            )
            for k, celsius in entries
        ),
        series={name: (value,) * 24 for name, value in same.items()},
        binding=(None,) * 24,
        summary=Summary(currency="DKK", method="made up"),
        thermal_model=None,
        forecast_check={},
    )


def test_the_table_gives_its_set_points_back(plan: Plan) -> None:
    read = set_points_of_csv(to_csv(plan, "da"))
    assert read == dict(zip(plan.hours, plan.set_points_c(HOUR), strict=True))


def test_the_table_shows_local_time_through_the_missing_hour(plan: Plan) -> None:
    local = [row.split(",")[0] for row in to_csv(plan, "da").decode().splitlines()[1:4]]
    assert local == ["2026-03-29T00:00:00+01:00", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"]


def test_the_calendar_gives_its_set_points_back(plan: Plan) -> None:
    events = Calendar.from_ical(to_ical(plan, "en")).walk("VEVENT")
    assert [str(event["SUMMARY"]) for event in events] == [
        "Set-point 16.0 °C",
        "Set-point 21.0 °C",
        "Set-point 20.4 °C",
        "Set-point 16.0 °C",
    ]
    assert events[0].decoded("DTSTART") == BEGINS
    assert all(this.decoded("DTEND") == after.decoded("DTSTART") for this, after in pairwise(events))
    assert events[-1].decoded("DTEND") == BEGINS + timedelta(hours=24)
    assert plan.entries[1].text("en") in str(events[1]["DESCRIPTION"])


def test_the_same_plan_is_the_same_bytes_and_a_new_one_replaces_its_events(plan: Plan) -> None:
    assert to_ical(plan, "da") == to_ical(plan, "da")
    changed = replace(plan, entries=tuple(replace(one, set_point_c=one.set_point_c + 1) for one in plan.entries))
    ids = [
        [str(event["UID"]) for event in Calendar.from_ical(to_ical(p, "da")).walk("VEVENT")] for p in (plan, changed)
    ]
    assert ids[0] == ids[1]
    assert ids[0][0] == f"{uuid5(CALENDAR_NAMESPACE, 'school-1 ' + BEGINS.isoformat())}@samdrift"


def test_danish_files_speak_danish(plan: Plan) -> None:
    events = Calendar.from_ical(to_ical(plan, "da")).walk("VEVENT")
    assert str(events[1]["SUMMARY"]) == "Setpunkt 21,0 °C"
    assert plan.entries[1].text("da") in to_csv(plan, "da").decode()
