from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.plans import overrides
from samdrift_energy_forecast.plans.document import Entry, Plan, PlannedFor, Summary
from samdrift_energy_forecast.plans.overrides import ManualOverride, NoOverrideError, OverrideError, overridden
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_platform.ledger import audit, verification
from samdrift_platform.ledger.database import Ledger

NOW = datetime(2026, 1, 26, 9, 7, tzinfo=UTC)
BEGINS = datetime(2026, 1, 25, 23, tzinfo=UTC)
QUARTERS = 72 * 4


def plan_of(entries: Sequence[tuple[int, float]]) -> Plan:
    """A plan of 72 h with these set-points from these quarters on."""
    return Plan(
        building=PlannedFor(id="school-1", name="Skolen", time_zone="Europe/Copenhagen", language="da"),
        issue_time=BEGINS,
        safe_state=None,
        attention=(),
        entries=tuple(
            Entry(begins=BEGINS + timedelta(minutes=15 * k), set_point_c=c, reason=Reason.SET_BACK, facts={})
            for k, c in entries
        ),
        series={},
        binding=(None,) * 72,
        summary=Summary(currency="DKK", method="none"),
        thermal_model=None,
        forecast_check={},
    )


def put(ledger: Ledger, *, now: datetime = NOW, by: str = "faye", building: str = "school-1", **values: Any) -> Any:
    given_: dict[str, Any] = {
        "set_point_c": 22.0,
        "expires": now + timedelta(hours=3),
        "reason": "parents' evening",
    } | values
    with ledger.write() as connection:
        return overrides.put(connection, building, by=by, now=now, **given_)


def holding(ledger: Ledger, now: datetime = NOW) -> ManualOverride | None:
    with ledger.read() as connection:
        return overrides.holding(connection, ["school-1", "school-2"], now=now).get("school-1")


def test_an_override_holds_from_the_running_quarter_until_it_expires(ledger: Ledger) -> None:
    put(ledger)
    held = holding(ledger)
    assert held is not None
    assert (held.begins.minute, held.expires.hour, held.expires.minute) == (0, 12, 15)  # 9:07 and 12:07, widened
    assert (held.set_by, held.reason, held.set_point_c) == ("faye", "parents' evening", 22.0)
    assert holding(ledger, datetime(2026, 1, 26, 12, 14, 59, tzinfo=UTC)) is not None
    assert holding(ledger, datetime(2026, 1, 26, 12, 15, tzinfo=UTC)) is None


def test_the_next_one_takes_back_the_one_before(ledger: Ledger) -> None:
    put(ledger)
    put(ledger, now=NOW + timedelta(minutes=30), set_point_c=18.0, by="gus")
    held = holding(ledger, NOW + timedelta(minutes=31))
    assert held is not None
    assert held.set_point_c == 18.0
    with ledger.read() as connection:
        second, first = overrides.history(connection, "school-1")
    assert first.ended_by == "gus"
    assert first.ends == second.begins
    assert not first.holds_at(second.begins)


def test_it_can_be_taken_back_once(ledger: Ledger) -> None:
    put(ledger)
    with ledger.write() as connection:
        overrides.take_back(connection, "school-1", by="gus", now=NOW + timedelta(minutes=1))
    assert holding(ledger, NOW + timedelta(minutes=2)) is None
    with pytest.raises(NoOverrideError), ledger.write() as connection:
        overrides.take_back(connection, "school-1", by="gus", now=NOW + timedelta(minutes=3))


def test_buildings_do_not_share_overrides(ledger: Ledger) -> None:
    put(ledger, building="school-2")
    assert holding(ledger) is None


def test_the_audit_chain_says_who_and_what_but_not_why(ledger: Ledger) -> None:
    put(ledger, reason="Mrs. Rasmussen is ill")
    with ledger.write() as connection:
        overrides.take_back(connection, "school-1", by="gus", now=NOW + timedelta(minutes=1))
    with ledger.read() as connection:
        told = audit.events_of(connection, "building:school-1")
        assert verification.verify(connection).intact
    assert [(event.actor, event.action) for event in told] == [("faye", "override.set"), ("gus", "override.ended")]
    assert told[0].details["set_point_c"] == 22.0
    assert "Rasmussen" not in str(told)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"set_point_c": 6.9}, "set_point_c"),
        ({"set_point_c": 26.1}, "set_point_c"),
        ({"set_point_c": float("nan")}, "set_point_c"),
        ({"expires": NOW - timedelta(hours=1)}, "expires"),
        ({"expires": NOW + timedelta(days=15)}, "expires"),
        ({"expires": NOW.replace(tzinfo=None)}, "expires"),
        ({"reason": " \n "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_what_cannot_be_is_refused_by_field(sqlite_ledger: Ledger, values: dict[str, Any], field: str) -> None:
    with pytest.raises(OverrideError) as refused:
        put(sqlite_ledger, **values)
    assert refused.value.field == field
    assert holding(sqlite_ledger) is None


def test_it_travels_in_an_order_as_it_stands(sqlite_ledger: Ledger) -> None:
    order = put(sqlite_ledger).ordered()
    assert (order.set_point_c, order.reason, order.set_by) == (22.0, "parents' evening", "faye")
    assert order.expires == datetime(2026, 1, 26, 12, 15, tzinfo=UTC)


def test_until_the_next_entry() -> None:
    plan = plan_of([(0, 16.0), (44, 21.0), (68, 16.0)])
    assert overrides.until_next_entry(plan, BEGINS + timedelta(hours=1)) == BEGINS + timedelta(hours=11)
    with pytest.raises(OverrideError, match="no further entry"):
        overrides.until_next_entry(plan, BEGINS + timedelta(hours=17))


@settings(max_examples=30)
@given(
    changes=st.dictionaries(st.integers(1, QUARTERS - 1), st.sampled_from([16.0, 20.0, 21.0]), max_size=8),
    begins=st.integers(-20, QUARTERS + 10),
    length=st.integers(1, QUARTERS),
)
def test_on_top_of_a_plan_it_decides_its_own_quarters_and_no_other(
    changes: dict[int, float], begins: int, length: int
) -> None:
    plan = plan_of([(0, 16.0), *sorted(changes.items())])
    at = BEGINS + begins * timedelta(minutes=15)
    held = ManualOverride(
        seq=1,
        building="school-1",
        set_point_c=23.5,
        begins=at,
        expires=at + length * timedelta(minutes=15),
        reason="it is cold",
        set_by="faye",
        set_at=at,
    )
    shown = overridden(plan, held)
    wanted = [
        23.5 if begins <= quarter < begins + length else before for quarter, before in enumerate(plan.set_points_c())
    ]
    assert list(shown.set_points_c()) == wanted
    stamps = [entry.begins for entry in shown.entries]
    assert stamps == sorted(set(stamps))
    assert shown.entries[0].begins == plan.issue_time
    assert (shown.version == plan.version) == (23.5 not in wanted)
    assert Plan.from_json(shown.to_json()) == shown


def test_its_reason_stands_in_the_sentence() -> None:
    held = ManualOverride(
        seq=1,
        building="school-1",
        set_point_c=22.0,
        begins=BEGINS,
        expires=BEGINS + timedelta(hours=2),
        reason="{why} is in braces",
        set_by="faye",
        set_at=BEGINS,
    )
    shown = overridden(plan_of([(0, 16.0)]), held)
    assert shown.entries[0].text("en") == "Set by a person: {why} is in braces"
    assert shown.entries[0].text("da") == "Sat manuelt: {why} is in braces"
