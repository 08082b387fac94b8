from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid5

import pytest
from icalendar import Calendar

from samdrift_energy_forecast.exports import CALENDAR_NAMESPACE, set_points_of_csv, to_csv, to_ical
from samdrift_energy_forecast.reasons import Reason

BEGINS = datetime.fromisoformat("2026-03-28T23:00:00+00:00")  # midnight before the clocks go forward


@pytest.fixture
def plan() -> dict[str, Any]:
    celsius = [16.0] * 6 + [21.0] * 4 + [20.4] * 6 + [16.0] * 8
    return {
        "building": {"id": "school-1", "name": "Skolen ved Søen", "time_zone": "Europe/Copenhagen"},
        "issue_time": BEGINS.isoformat(),
        "hours": [
            {
                "begins": (BEGINS + timedelta(hours=k)).isoformat(),
                "open": 8 <= k < 16,
                "set_point_c": value,
                "setback_c": 16.0,
                "outdoor_c": -1.25,
                "setback_kwh": 100.0,
                "setback_kwh_q10": 80.0,
                "setback_kwh_q90": 120.0,
                "planned_kwh": 90.0,
                "reason": Reason.PREHEAT if value == 21.0 else Reason.SET_BACK,
            }
            for k, value in enumerate(celsius)
        ],
    }


def test_the_table_gives_its_set_points_back(plan: dict[str, Any]) -> None:
    read = set_points_of_csv(to_csv(plan, "da"))
    assert read == {datetime.fromisoformat(hour["begins"]): hour["set_point_c"] for hour in plan["hours"]}


def test_the_table_shows_local_time_through_the_missing_hour(plan: dict[str, Any]) -> None:
    local = [row.split(",")[0] for row in to_csv(plan, "da").decode().splitlines()[1:4]]
    assert local == ["2026-03-29T00:00:00+01:00", "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"]


def test_the_calendar_gives_its_set_points_back(plan: dict[str, Any]) -> None:
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
    assert Reason.PREHEAT.text("en") in str(events[1]["DESCRIPTION"])


def test_the_same_plan_is_the_same_bytes_and_a_new_one_replaces_its_events(plan: dict[str, Any]) -> None:
    assert to_ical(plan, "da") == to_ical(plan, "da")
    changed = plan | {"hours": [hour | {"set_point_c": hour["set_point_c"] + 1} for hour in plan["hours"]]}
    ids = [
        [str(event["UID"]) for event in Calendar.from_ical(to_ical(p, "da")).walk("VEVENT")] for p in (plan, changed)
    ]
    assert ids[0] == ids[1]
    assert ids[0][0] == f"{uuid5(CALENDAR_NAMESPACE, 'school-1 ' + BEGINS.isoformat())}@samdrift"


def test_danish_files_speak_danish(plan: dict[str, Any]) -> None:
    events = Calendar.from_ical(to_ical(plan, "da")).walk("VEVENT")
    assert str(events[1]["SUMMARY"]) == "Setpunkt 21,0 °C"
    assert Reason.PREHEAT.text("da") in to_csv(plan, "da").decode()
