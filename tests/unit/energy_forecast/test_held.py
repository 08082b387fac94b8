from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.planning.fixed_setback import fixed_setback
from samdrift_energy_forecast.plans.document import QUARTER, Plan
from samdrift_energy_forecast.plans.held import held_c, with_overrides
from samdrift_energy_forecast.plans.notice import told
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.submission import Building, Override


def override(begins: datetime, minutes: int, set_point_c: float = 22.0) -> Override:
    return Override(
        set_point_c=set_point_c,
        begins=begins,
        expires=begins + timedelta(minutes=minutes),
        reason="Parents' evening",
        set_by="caretaker@example.org",
    )


@pytest.fixture
def plan(building: Building, issue: int) -> Plan:
    return fixed_setback(building, issue, told("stopped"))


def test_it_replaces_the_entries_to_the_quarter_and_the_plan_resumes(plan: Plan) -> None:
    begins = plan.issue_time + timedelta(hours=10, minutes=45)
    held = with_overrides(plan, [override(begins, 150)], 8.0)
    before, after = plan.set_points_c(), held.set_points_c()
    first, last = 43, 53
    assert after[first:last] == (22.0,) * 10
    assert after[:first] == before[:first]
    assert after[last:] == before[last:]
    entry = held.entry_at(begins)
    assert (entry.reason, entry.begins) == (Reason.OVERRIDE, begins)
    assert "Parents' evening" in entry.text("en")
    assert [one.begins for one in held.entries] == sorted({one.begins for one in held.entries})


def test_the_name_of_who_did_it_is_not_in_the_plan(plan: Plan) -> None:
    assert b"caretaker" not in with_overrides(plan, [override(plan.issue_time, 60)], 8.0).to_json()


@pytest.mark.parametrize("minutes", [-600, 10_000])
def test_outside_the_plan_nothing_changes(plan: Plan, minutes: int) -> None:
    begins = plan.issue_time + timedelta(minutes=minutes)
    assert with_overrides(plan, [override(begins, 60)], 8.0) == plan


def test_it_may_hold_from_before_the_plan_to_beyond_it(plan: Plan) -> None:
    held = with_overrides(plan, [override(plan.issue_time - timedelta(days=1), 60 * 24 * 14)], 8.0)
    assert set(held.set_points_c()) == {22.0}
    assert len(held.entries) == 1


def test_of_two_the_later_one_holds(plan: Plan) -> None:
    begins = plan.issue_time + 8 * QUARTER
    held = with_overrides(plan, [override(begins, 60, 19.0), override(begins - 4 * QUARTER, 240, 22.0)], 8.0)
    assert held.set_points_c()[8:12] == (19.0,) * 4
    assert held.set_points_c()[12] == 22.0


def test_nobody_holds_less_than_frost_protection(plan: Plan) -> None:
    held = with_overrides(plan, [override(plan.issue_time, 60, 5.0)], 8.0)
    assert held.set_points_c()[0] == 8.0


def test_hours_count_as_held_by_their_larger_part() -> None:
    begins = datetime(2026, 1, 5, 10, 15, tzinfo=UTC)
    held = held_c([override(begins, 90)], hours.beginning_at(datetime(2026, 1, 5, 9, tzinfo=UTC)), 5)
    np.testing.assert_array_equal(held, [np.nan, 22.0, 22.0, np.nan, np.nan])
