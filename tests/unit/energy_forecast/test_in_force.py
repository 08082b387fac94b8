from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.forecasting.ridge import FamilyModel
from samdrift_energy_forecast.planning.fallback import plan_in_any_case
from samdrift_energy_forecast.planning.fixed_setback import fixed_setback
from samdrift_energy_forecast.plans.document import Entry, Plan, SetPointChange
from samdrift_energy_forecast.plans.in_force import KEPT, changes_before, in_force_c, until
from samdrift_energy_forecast.plans.notice import told
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.submission import Building
from samdrift_energy_forecast.surroundings.operation import Operation
from samdrift_platform.checks import MemoryStore


@pytest.fixture
def before(building: Building, issue: int) -> Plan:
    """A plan of the day before: 16 C, and 22 C from a quarter past the second hour on."""
    plan = fixed_setback(building, issue - 24, told("stopped"))
    begins = plan.issue_time
    entries = tuple(
        Entry(begins=begins + after, set_point_c=celsius, reason=Reason.FIXED_SETBACK, facts={})
        for after, celsius in ((timedelta(0), 16.0), (timedelta(hours=1, minutes=15), 22.0))
    )
    return replace(plan, entries=entries)


def test_a_plan_knows_what_was_in_force_before_it(before: Plan, surroundings: Operation, issue: int) -> None:
    past = surroundings.window(surroundings.first, issue - surroundings.first)
    followed = in_force_c(past, until(before, hours.start_of(issue)))
    fixed = past.setback_c.repeat(4)
    assert (followed[:-96] == fixed[:-96]).all()
    assert followed[-96:].tolist() == [16.0] * 5 + [22.0] * 91


def test_behind_a_plans_end_fixed_setback_applies_again(before: Plan, surroundings: Operation) -> None:
    ends = hours.beginning_at(before.ends)
    changes = until(before, before.ends + timedelta(hours=3))
    window = replace(
        surroundings.window(surroundings.first, 48),
        first=ends - 24,
    )
    followed = in_force_c(window, changes)
    assert (followed[:96] == 22.0).all()
    assert (followed[96:] == window.setback_c.repeat(4)[96:]).all()


def test_without_changes_fixed_setback_was_in_force(surroundings: Operation) -> None:
    assert (in_force_c(surroundings, ()) == surroundings.setback_c.repeat(4)).all()


def test_old_changes_are_forgotten(before: Plan) -> None:
    old = SetPointChange(begins=before.issue_time - KEPT - timedelta(hours=1), set_point_c=19.0)
    known = replace(before, set_points_before=(old, replace(old, begins=before.issue_time - timedelta(hours=1))))
    assert [one.begins >= before.issue_time - timedelta(hours=1) for one in until(known, before.issue_time)] == [True]


def test_the_next_plan_carries_the_set_points_and_travels_as_json(
    before: Plan, building: Building, store: MemoryStore, family: FamilyModel, issue: int
) -> None:
    order = building.model_copy(update={"previous_plan": store.put(before.to_json())})
    made = plan_in_any_case(order, issue, store, family)
    assert [one.set_point_c for one in made.set_points_before] == [16.0, 22.0]
    assert Plan.from_json(made.to_json()) == made


def test_a_plan_that_cannot_be_read_changes_nothing(building: Building, store: MemoryStore, issue: int) -> None:
    order = building.model_copy(update={"previous_plan": store.put(b"no plan")})
    assert changes_before(order, issue, store) == ()
