from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid5
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

import samdrift_energy_forecast
from samdrift_energy_forecast.exports import KINDS, set_points_of_csv, to_bacnet, to_csv, to_ical
from samdrift_energy_forecast.exports.calendar_file import CALENDAR_NAMESPACE, set_points_of_ical
from samdrift_energy_forecast.plans.document import QUARTER, Entry, Notice, Plan, PlannedFor, Summary
from samdrift_energy_forecast.plans.reasons import Reason

if TYPE_CHECKING:
    from samdrift_testing.bacnet import BacnetSchedule

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
WEEK = ((("00:00", 16.0), ("06:00", 21.0), ("17:00", 16.0)),) * 5 + ((("00:00", 16.0),),) * 2
#: Midnight in Copenhagen before a plain day, before the clocks go forward, and before they go back.
PLAIN = datetime(2026, 1, 25, 23, tzinfo=UTC)
SPRING = datetime(2026, 3, 28, 23, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 22, tzinfo=UTC)
HORIZON_H = 72


def controller_of(plan: Plan) -> BacnetSchedule:
    """What a controller makes of the plan's BACnet file."""
    from samdrift_testing.bacnet import BacnetSchedule  # with three hundred loggers, which pytest visits at each test

    return BacnetSchedule.read(to_bacnet(plan))


def plan_of(changes: Mapping[int, float], begins: datetime = PLAIN) -> Plan:
    """A plan of 72 h whose set-point is 16 C and changes at these quarters of an hour."""
    entries = {0: 16.0, **changes}
    return Plan(
        building=PlannedFor(
            id="school-1",
            name="Skolen ved Søen",
            time_zone="Europe/Copenhagen",
            language="da",
            weekly_setback=WEEK,
        ),
        issue_time=begins,
        safe_state=None,
        attention=(),
        entries=tuple(
            Entry(
                begins=begins + k * QUARTER,
                set_point_c=celsius,
                reason=Reason.SET_BACK if celsius == 16.0 else Reason.OVERRIDE,
                facts={} if celsius == 16.0 else {"why": f'kunder; "kolde", nr. {k}\nog flere'},
            )
            for k, celsius in sorted(entries.items())
        ),
        series={
            "open": (0.0,) * 7 + (1.0,) * 9 + (0.0,) * (HORIZON_H - 16),
            "outdoor_c": (-1.25,) * (HORIZON_H - 1) + (None,),
            "setback_kwh": tuple(100.0 + k for k in range(HORIZON_H)),
        },
        binding=(None,) * HORIZON_H,
        summary=Summary(currency="DKK", method="made up", saved_kwh=12.0),
        thermal_model=None,
        forecast_check={"hours": 240},
    )


plans = st.builds(
    plan_of,
    st.dictionaries(st.integers(1, 287), st.sampled_from([5.0, 16.0, 18.3, 20.4, 21.0, 24.9]), max_size=20),
    st.sampled_from([PLAIN, SPRING, AUTUMN]).flatmap(
        lambda begins: st.integers(-30, 30).map(lambda hours: begins + timedelta(hours=hours))
    ),
)


@given(plan=plans)
@settings(max_examples=8)
def test_the_table_gives_every_quarters_set_point_back(plan: Plan) -> None:
    read = set_points_of_csv(to_csv(plan, "da"))
    assert read == {plan.issue_time + k * QUARTER: celsius for k, celsius in enumerate(plan.set_points_c())}


@given(plan=plans)
@settings(max_examples=8)
def test_the_calendar_gives_every_entry_back(plan: Plan) -> None:
    read = set_points_of_ical(to_ical(plan, "en"))
    assert [begins for begins, _ in read] == [entry.begins for entry in plan.entries]
    assert list(read.values()) == [entry.set_point_c for entry in plan.entries]
    assert all(this[1] == after[0] for this, after in pairwise(read))
    assert list(read)[-1][1] == plan.ends


@given(plan=plans)
@settings(max_examples=8)
def test_the_json_gives_the_plan_back_and_keeps_to_its_schema(plan: Plan) -> None:
    data = KINDS["json"].render(plan, "da")
    assert Plan.from_json(data) == plan
    jsonschema.validate(json.loads(data), schema())


@given(plan=plans)
@example(plan=plan_of({8: 21.0, 9: 18.3, 12: 5.0, 13: 24.9}, SPRING))
@example(plan=plan_of({8: 21.0, 9: 18.3, 12: 5.0, 13: 24.9}, AUTUMN))
@settings(max_examples=8)
def test_a_bacnet_controller_sets_what_the_plan_says_at_every_quarter(plan: Plan) -> None:
    schedule = controller_of(plan)
    wanted: dict[datetime, float] = {}
    for k, celsius in enumerate(plan.set_points_c()):
        clock = (plan.issue_time + k * QUARTER).astimezone(COPENHAGEN).replace(tzinfo=None)
        wanted[clock] = max(celsius, wanted.get(clock, celsius))  # the hour that a clock in autumn shows twice
    assert {clock: schedule.value_at(clock) for clock in wanted} == pytest.approx(wanted, abs=1e-4)  # REAL: 32 bits


@given(plan=plans)
@settings(max_examples=5)
def test_after_the_plan_a_bacnet_controller_falls_back_to_the_week_of_fixed_setback(plan: Plan) -> None:
    schedule = controller_of(plan)
    after = plan.ends.astimezone(COPENHAGEN).replace(tzinfo=None)
    for k in range(8 * 24):
        clock = after + timedelta(hours=k)
        warm = clock.weekday() < 5 and 6 <= clock.hour < 17
        assert schedule.value_at(clock) == (21.0 if warm else 16.0)


def test_before_the_plan_begins_on_its_first_day_the_week_holds() -> None:
    schedule = controller_of(plan_of({4: 18.3}, datetime(2026, 1, 26, 13, tzinfo=UTC)))
    assert schedule.value_at(datetime(2026, 1, 26, 13, 59, tzinfo=COPENHAGEN)) == 21.0
    assert schedule.value_at(datetime(2026, 1, 26, 14, tzinfo=COPENHAGEN)) == 16.0
    assert schedule.value_at(datetime(2026, 1, 26, 15, tzinfo=COPENHAGEN)) == pytest.approx(18.3)


def test_a_day_of_a_bacnet_schedule_lists_changes_alone_in_the_order_of_the_clock() -> None:
    document = json.loads(to_bacnet(plan_of({25: 21.0, 26: 21.0, 68: 16.0})))
    first = document["exception_schedule"][0]
    assert first == {
        "period": {"calendar_entry": {"date": "2026-01-26"}},
        "list_of_time_values": [
            {"time": "00:00:00", "value": 16.0},
            {"time": "06:15:00", "value": 21.0},
            {"time": "17:00:00", "value": 16.0},
        ],
        "event_priority": 10,
    }
    assert [event["period"]["calendar_entry"]["date"] for event in document["exception_schedule"]] == [
        "2026-01-26",
        "2026-01-27",
        "2026-01-28",
    ]
    assert document["effective_period"] == {"start_date": "2026-01-26", "end_date": None}


def schema() -> dict[str, object]:
    folder = Path(samdrift_energy_forecast.__file__).parent / "exports"
    found: dict[str, object] = json.loads((folder / "plan.schema.json").read_text(encoding="utf-8"))
    return found


def test_the_schema_is_one_and_refuses_what_is_no_plan() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    document = json.loads(plan_of({}).to_json())
    for broken in (
        {**document, "format": "samdrift-heating-plan/1"},
        {**document, "colour": "green"},
        {name: value for name, value in document.items() if name != "entries"},
        {**document, "entries": []},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema())


def test_the_schema_knows_safe_states_and_what_needs_attention() -> None:
    notice = Notice(code="stopped", da="Stoppet.", en="Stopped.")
    told = replace(plan_of({}), safe_state=notice, attention=(notice,))
    assert not list(jsonschema.Draft202012Validator(schema()).iter_errors(json.loads(told.to_json())))


@pytest.mark.parametrize(
    ("begins", "clocks"),
    [
        (SPRING, ["2026-03-29T01:45:00+01:00", "2026-03-29T03:00:00+02:00"]),
        (AUTUMN, ["2026-10-25T01:45:00+02:00", "2026-10-25T02:00:00+02:00"]),
    ],
)
def test_the_table_shows_local_time_through_the_change_of_the_clocks(begins: datetime, clocks: list[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(plan_of({}, begins), "da").decode())))
    assert [row["begins_local"] for row in rows[7:9]] == clocks
    assert len({row["begins_local"] for row in rows}) == 4 * HORIZON_H


def test_the_table_gives_mean_power_so_that_quarters_add_up_to_the_hours_heat() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(plan_of({}), "da").decode())))
    assert sum(float(row["setback_kw"]) for row in rows) / 4 == sum(100.0 + k for k in range(HORIZON_H))
    assert (rows[0]["open"], rows[28]["open"], rows[0]["price_per_kwh"], rows[-1]["outdoor_c"]) == ("0", "1", "", "")


def test_a_calendars_identifiers_stay_and_its_sentences_are_in_the_buildings_language() -> None:
    plan = plan_of({24: 21.0})
    events = Calendar.from_ical(to_ical(plan, "da")).walk("VEVENT")
    assert str(events[0]["UID"]) == f"{uuid5(CALENDAR_NAMESPACE, 'school-1 ' + PLAIN.isoformat())}@samdrift"
    assert [str(event["SUMMARY"]) for event in events] == ["Setpunkt 16,0 °C", "Setpunkt 21,0 °C"]
    assert str(events[1]["DESCRIPTION"]) == plan.entries[1].text("da")
    changed = plan_of({24: 20.0})
    assert [str(event["UID"]) for event in Calendar.from_ical(to_ical(changed, "da")).walk("VEVENT")] == [
        str(event["UID"]) for event in events
    ]


@pytest.mark.parametrize("suffix", KINDS)
def test_the_same_plan_is_the_same_bytes(suffix: str) -> None:
    assert KINDS[suffix].render(plan_of({3: 20.4}), "en") == KINDS[suffix].render(plan_of({3: 20.4}), "en")
