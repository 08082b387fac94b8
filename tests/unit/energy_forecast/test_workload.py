from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.plans.document import HOUR, Plan
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.submission import Submission
from samdrift_energy_forecast.workload import MODEL, workload
from samdrift_platform.checks import CHECKS, Example, MemoryStore
from samdrift_platform.contract import Outcome, Verdict, Workload
from samdrift_registry.verified import VerifiedModel

Check = Callable[[Workload, Example], None]
#: Orders name their tables by content, so the same order has the same outcome; `check_process_repeats` holds that.
MADE: dict[str, Outcome] = {}


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """One for all: outcomes that are remembered name the plans in it."""
    return MemoryStore()


@pytest.fixture
def example(document: dict[str, Any], store: MemoryStore, verified: VerifiedModel) -> Example:
    return Example(document, store=store, models={MODEL: verified})


def outcome(example: Example, **building: Any) -> Outcome:
    """What comes out when fields of the building are replaced; the same document is worked on once."""
    document = copy.deepcopy(dict(example.document))
    document["buildings"][0] |= building
    asked = repr(document)
    if asked not in MADE:
        (MADE[asked],) = Example(document, store=example.store, models=example.models).outcomes(workload)
    return MADE[asked]


def result(outcome: Outcome) -> Any:
    """The result without its JSON type, for reading."""
    return outcome.result


def plan_of(example: Example, outcome: Outcome) -> Plan:
    """The stored plan of an outcome."""
    return Plan.from_json(example.store.get(result(outcome)["plan"]))


@pytest.mark.parametrize("check_one", CHECKS, ids=lambda check: check.__name__)
def test_the_contract_is_kept(check_one: Check, example: Example) -> None:
    check_one(workload, example)


def test_an_item_is_due_when_the_building_opens(example: Example) -> None:
    (item,) = example.items(workload)
    assert item.deadline == datetime(2026, 1, 26, 7, tzinfo=UTC)
    assert item.reference == "school-1/2026-01-25T23Z"


def test_the_same_moment_in_another_zone_is_the_same_item(example: Example) -> None:
    local = Example(dict(example.document) | {"issue_time": "2026-01-26T00:00:00+01:00"}, store=example.store)

    assert local.items(workload) == example.items(workload)


def test_the_result_names_one_stored_plan_over_the_whole_horizon(example: Example) -> None:
    made = outcome(example)
    assert made.verdict is Verdict.DONE
    plan = plan_of(example, made)
    assert plan.version == result(made)["version"]
    assert plan.ends - plan.issue_time == HORIZON_H * HOUR
    assert {len(values) for values in plan.series.values()} == {HORIZON_H}
    planned_kwh = sum(kwh or 0.0 for kwh in plan.series["planned_kwh"])
    assert result(made)["summary"]["planned_kwh"] == pytest.approx(planned_kwh, abs=0.1)


def test_savings_are_said_to_be_planned(example: Example) -> None:
    made = outcome(example)
    heat, co2 = workload.benefits(made)
    assert (heat.unit, co2.unit) == ("kWh", "kg")
    assert co2.quantity == pytest.approx(heat.quantity * 0.034, abs=1e-3)
    assert heat.method.startswith("planned, not measured")
    assert "2021" in co2.method


def test_a_plan_asked_for_during_the_day_is_not_counted_beside_the_night_s(example: Example) -> None:
    made = outcome(example)
    assert not list(workload.benefits(replace(made, reference=f"{made.reference}/1")))


def test_a_plan_is_not_meant_to_use_more_than_fixed_setback(example: Example) -> None:
    summary = result(outcome(example))["summary"]
    assert summary["planned_kwh"] <= summary["setback_kwh"]


@pytest.mark.parametrize(
    ("table", "says"),
    [(b"", "empty"), (b"stamp,heat_kwh\n2026-01-05T01:00:00,1\n", "time zone"), (b"\x00\x01\n1\n", "no column")],
)
def test_with_bad_meters_the_fixed_setback_plan_applies_and_a_person_is_told(
    example: Example, table: bytes, says: str
) -> None:
    made = outcome(example, readings=example.store.put(table))
    assert made.verdict is Verdict.DONE
    assert result(made)["safe_state"]["code"] == "fixed_setback"
    (notice,) = result(made)["attention"]
    assert notice["code"] == "readings_unusable"
    assert says in notice["en"]
    assert not list(workload.benefits(made))


def test_without_room_temperature_the_fixed_setback_plan_stays(example: Example, meter_csv: bytes) -> None:
    heat_only = "\n".join(",".join(line.split(",")[:2]) for line in meter_csv.decode().splitlines())
    made = outcome(example, readings=example.store.put(heat_only.encode()))
    assert made.verdict is Verdict.DONE
    assert made.result["safe_state"]
    plan = plan_of(example, made)
    assert plan.set_points_c(HOUR) == plan.series["setback_c"]
    assert {entry.reason for entry in plan.entries} == {Reason.FIXED_SETBACK}
    assert not list(workload.benefits(made))


def safe(example: Example, **building: Any) -> Outcome:
    document = copy.deepcopy(dict(example.document))
    document["buildings"][0] |= building
    (only,) = Example(document, store=example.store).stopped(workload)
    return only


def test_while_stopped_the_fixed_setback_plan_applies(example: Example) -> None:
    stopped, made = safe(example), outcome(example)
    assert stopped.verdict is Verdict.DONE
    assert stopped.result["safe_state"] == {
        "code": "stopped",
        "da": "Varmeplanlægningen er stoppet, så den faste natsænkning gælder.",
        "en": "Heat planning is stopped, so the fixed setback plan applies.",
    }
    ours, theirs = plan_of(example, stopped), plan_of(example, made)
    assert ours.set_points_c(HOUR) == theirs.series["setback_c"]
    assert (ours.hours, ours.series["open"]) == (theirs.hours, theirs.series["open"])
    assert {entry.reason for entry in ours.entries} == {Reason.FIXED_SETBACK}
    assert list(workload.benefits(stopped)) == []


def test_the_safe_result_has_the_shape_of_every_result(example: Example) -> None:
    stopped, made = result(safe(example)), result(outcome(example))
    assert stopped.keys() == made.keys()
    assert stopped["summary"].keys() == made["summary"].keys()


def test_the_safe_plan_needs_no_readings(example: Example) -> None:
    assert safe(example, readings="sha256:" + "0" * 64).verdict is Verdict.DONE


def test_scores_are_the_heat_and_whether_there_is_a_plan(example: Example) -> None:
    made = outcome(example)
    summary = result(made)["summary"]
    heat = {"setback_kwh": summary["setback_kwh"], "planned_kwh": summary["planned_kwh"]}
    assert workload.scores(made) == {**heat, "planned": 1}
    assert isinstance(workload.scores(made)["planned"], int)
    assert workload.scores(safe(example)) == {}
    assert workload.scores(outcome(example, readings=example.store.put(b""))) == {}


def test_a_building_without_readings_does_not_stop_its_neighbour(example: Example) -> None:
    document = copy.deepcopy(dict(example.document))
    document["buildings"].append(document["buildings"][0] | {"id": "school-2", "readings": example.store.put(b"")})
    both = Example(document, store=example.store, models=example.models).outcomes(workload)
    assert [result(one)["safe_state"] is None for one in both] == [True, False]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("readings", "sha256:123"),
        ("time_zone", "Mars/Olympus"),
        ("setback", {"warm": {"begins": "06:30", "ends": "17:00"}}),
        ("setback", {"warm": {"begins": "17:00", "ends": "06:00"}}),
        ("emission", {"kg_co2_per_kwh": 0.03}),
        ("colour", "green"),
    ],
)
def test_a_wrong_field_is_refused_before_anything_runs(document: dict[str, Any], field: str, value: Any) -> None:
    document["buildings"][0][field] = value
    with pytest.raises(ValidationError):
        Submission.model_validate(document)


@pytest.mark.parametrize("issue_time", ["2026-01-26T00:00:00", "2026-01-26T00:30:00Z"])
def test_an_issue_time_is_aware_and_on_the_hour(document: dict[str, Any], issue_time: str) -> None:
    with pytest.raises(ValidationError):
        Submission.model_validate(document | {"issue_time": issue_time})


def test_a_building_stands_once_in_a_submission(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="school-1 stands more than once"):
        Submission.model_validate(document | {"buildings": document["buildings"] * 2})


def test_a_plan_goes_to_those_whom_its_building_names_also_while_stopped(example: Example) -> None:
    delivery = {"email": ["faye@example.org", "gus@example.dk"], "folder": True}
    for made in (outcome(example, delivery=delivery), safe(example, delivery=delivery)):
        folder, mail = workload.effects(made)
        assert (folder.receiver, mail.receiver) == ("folder", "mail")
        assert mail.request["to"] == delivery["email"]
        assert mail.request["version"] == plan_of(example, made).version
        assert Plan.from_json(example.store.get(str(folder.request["plan"]))).version == folder.request["version"]
    assert list(workload.effects(outcome(example))) == []
