"""The ladder: whatever is wrong with a building's input it has a plan, and a person is told what to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import NoPlanError
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.forecasting.ridge import FamilyModel
from samdrift_energy_forecast.planning.fallback import plan_in_any_case, stopped
from samdrift_energy_forecast.planning.fixed_setback import fixed_setback
from samdrift_energy_forecast.planning.planner import plan_building
from samdrift_energy_forecast.plans.document import HOUR, Plan
from samdrift_energy_forecast.plans.notice import told
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.submission import Building
from samdrift_platform.checks import MemoryStore

Planning = Callable[..., Plan]
#: Orders name their tables by content, so the same order is the same plan.
MADE: dict[str, Plan] = {}


@pytest.fixture
def planning(building: Building, store: MemoryStore, family: FamilyModel, issue: int) -> Planning:
    """The house's plan with some of its order changed; bytes are stored first."""

    def planned(hour: int = issue, **fields: Any) -> Plan:
        stored = {name: store.put(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        order = Building.model_validate(building.model_dump(mode="json") | stored)
        asked = f"{hour} {order!r}"
        if asked not in MADE:
            MADE[asked] = plan_in_any_case(order, hour, store, family)
        return MADE[asked]

    return planned


def rows(table: bytes, keep: Callable[[int, int], bool]) -> bytes:
    """The header, and the rows (their number, of how many) to keep."""
    header, *body = table.decode().splitlines()
    return "\n".join([header, *(row for k, row in enumerate(body) if keep(k, len(body))), ""]).encode()


def codes(plan: Plan) -> list[str]:
    return [notice.code for notice in plan.attention]


def setback_of(building: Building, issue: int) -> tuple[float, ...]:
    return fixed_setback(building, issue, told("stopped")).set_points_c()


def test_a_whole_order_needs_nobodys_attention(planning: Planning) -> None:
    plan = planning()
    assert (plan.safe_state, plan.attention) == (None, ())
    assert plan.horizon_h == HORIZON_H


@pytest.mark.parametrize("days", [2, 3, 4, 7])
def test_before_days_on_which_nobody_comes_it_is_planned_too(
    planning: Planning, building: Building, issue: int, days: int
) -> None:
    """Easter and New Year: the next opening lies beyond the plan's end, or beyond all that is looked at."""
    closed = [(hours.start_of(issue) + timedelta(days=number, hours=2)).date().isoformat() for number in range(days)]
    plan = planning(calendar={**building.calendar.model_dump(mode="json"), "closed": closed})
    assert (plan.safe_state, codes(plan)) == (None, [])
    assert plan.horizon_h == HORIZON_H
    assert max(plan.set_points_c()[: (days * 24 - 12) * 4]) <= building.setback.setback_c


@pytest.mark.parametrize(
    ("readings", "code"),
    [
        (lambda table: b"", "readings_unusable"),
        (lambda table: rows(table, lambda k, n: k < n - 30), "meter_silent"),
        (lambda table: rows(table, lambda k, n: k >= n - 100), "history_short"),
        (lambda table: b"stamp,heat_kwh\n2026-01-05T01:00:00,1\n", "readings_unusable"),
    ],
    ids=["empty", "dead for 30 h", "four days", "no time zone"],
)
def test_without_usable_readings_fixed_setback_applies(
    planning: Planning, building: Building, issue: int, meter_csv: bytes, readings: Any, code: str
) -> None:
    plan = planning(readings=readings(meter_csv))
    assert plan.safe_state is not None
    assert plan.safe_state.code == "fixed_setback"
    assert codes(plan) == [code]
    assert plan.set_points_c() == setback_of(building, issue)


def test_readings_that_are_some_hours_late_are_bridged_and_told(planning: Planning, meter_csv: bytes) -> None:
    late = planning(readings=rows(meter_csv, lambda k, n: k < n - 5))
    assert late.safe_state is None
    assert codes(late) == ["readings_late"]
    assert "5 hours old" in late.attention[0].en
    assert not codes(planning(readings=rows(meter_csv, lambda k, n: k < n - 2)))
    # The house held its set-back meanwhile, so the computed room temperature is the one that would have been read.
    for one, other in zip(late.values("setback_room_c")[:6], planning().values("setback_room_c")[:6], strict=True):
        assert one == pytest.approx(other, abs=1.0)


@pytest.mark.parametrize(("late_h", "responds"), [(1, True), (8, False)])
def test_rooms_that_were_not_read_for_some_hours_are_carried_by_their_own_response(
    building: Building,
    store: MemoryStore,
    family: FamilyModel,
    issue: int,
    meter_csv: bytes,
    late_h: int,
    responds: bool,
) -> None:
    readings = store.put(rows(meter_csv, lambda k, n: k < n - late_h))
    made = plan_building(building.model_copy(update={"readings": readings}), issue, store, family)
    assert (made.responsive is not None) == responds


def test_with_a_dead_meter_yesterdays_plan_goes_on_then_fixed_setback(
    planning: Planning, building: Building, issue: int, meter_csv: bytes
) -> None:
    yesterday = planning()
    later = issue + 24
    plan = planning(later, readings=b"", previous_plan=yesterday.to_json())
    assert plan.safe_state is not None
    assert plan.safe_state.code == "previous_plan"
    assert "mandag 00:00" in plan.safe_state.da
    covered = (HORIZON_H - 24) * 4
    assert plan.set_points_c()[:covered] == yesterday.set_points_c()[24 * 4 :]
    assert plan.set_points_c()[covered:] == setback_of(building, later)[covered:]
    assert plan.values("planned_kwh")[: HORIZON_H - 24] == yesterday.values("planned_kwh")[24:]
    assert plan.values("planned_kwh")[HORIZON_H - 24 :] == (None,) * 24
    assert plan.summary.saved_kwh is None
    assert len({entry.begins for entry in plan.entries}) == len(plan.entries)


def test_it_goes_on_for_every_night_that_it_lasts(planning: Planning, building: Building, issue: int) -> None:
    first = planning()
    second = planning(issue + 12, readings=b"", previous_plan=first.to_json())
    third = planning(issue + 24, readings=b"", previous_plan=second.to_json())
    assert third.set_points_c()[: (HORIZON_H - 24) * 4] == first.set_points_c()[24 * 4 :]
    assert third.safe_state == second.safe_state


@pytest.mark.parametrize("age_h", [HORIZON_H, -1])
def test_a_plan_that_does_not_hold_now_does_not_go_on(planning: Planning, issue: int, age_h: int) -> None:
    earlier = planning()
    moved = replace(earlier, issue_time=earlier.issue_time - timedelta(hours=age_h))
    plan = planning(readings=b"", previous_plan=moved.to_json())
    assert plan.safe_state is not None
    assert plan.safe_state.code == "fixed_setback"


def test_anothers_plan_does_not_go_on(planning: Planning) -> None:
    earlier = planning()
    others = replace(earlier, building=replace(earlier.building, id="school-2"))
    plan = planning(readings=b"", previous_plan=others.to_json())
    assert plan.safe_state is not None
    assert plan.safe_state.code == "fixed_setback"


def test_a_damaged_previous_plan_is_told(planning: Planning) -> None:
    plan = planning(readings=b"", previous_plan=b"{}")
    assert codes(plan) == ["readings_unusable", "previous_plan_unusable"]


def test_where_rooms_were_not_measured_the_plan_before_outranks_fixed_setback(
    planning: Planning, meter_csv: bytes, issue: int
) -> None:
    heat_only = "\n".join(",".join(line.split(",")[:2]) for line in meter_csv.decode().splitlines()).encode()
    alone = planning(readings=heat_only)
    assert alone.safe_state is not None
    assert alone.safe_state.code == "rooms_not_measured"
    assert alone.summary.setback_kwh is not None
    helped = planning(readings=heat_only, previous_plan=planning().to_json())
    assert helped.safe_state is not None
    assert helped.safe_state.code == "previous_plan"
    assert codes(helped) == ["rooms_not_measured"]


def test_without_a_weather_forecast_there_is_still_a_plan(planning: Planning, forecast_csv: bytes) -> None:
    for damaged in (b"", b"x", forecast_csv.replace(b"2026-01-25T23:00:00Z,", b"2026-01-26T09:00:00Z,")):
        plan = planning(weather_forecast=damaged)
        assert plan.safe_state is None
        assert codes(plan) == ["weather_missing"]


def test_a_short_or_stale_weather_forecast_is_told_with_its_numbers(planning: Planning, forecast_csv: bytes) -> None:
    short = planning(weather_forecast=rows(forecast_csv, lambda k, n: k < n - 25))
    assert codes(short) == ["weather_short"]
    assert f"{HORIZON_H - 25} hours" in short.attention[0].en
    stale = planning(weather_forecast=forecast_csv.replace(b"2026-01-25T23:00:00Z,2", b"2026-01-24T23:00:00Z,2"))
    assert codes(stale) == ["weather_stale"]
    assert "24 hours old" in stale.attention[0].en
    assert max(h or 0 for h in stale.values("hedge")) > max(h or 0 for h in planning().values("hedge"))


def test_a_forecast_that_ends_where_dmis_runs_end_asks_for_nobody(planning: Planning, forecast_csv: bytes) -> None:
    assert not codes(planning(weather_forecast=rows(forecast_csv, lambda k, n: k < n - 17)))


def test_missing_and_old_prices_are_told_and_the_flat_price_applies(planning: Planning, issue: int) -> None:
    header = "issued,stamp,price_per_kwh"
    issued = (hours.start_of(issue - age) for age in (1, 50))
    fresh, old = (f"{header}\n{one.isoformat()},{hours.end_of(issue).isoformat()},0.1\n".encode() for one in issued)
    past = f"{header}\n2026-01-20T00:00:00Z,2026-01-21T00:00:00Z,0.1\n".encode()
    assert codes(planning(signals=fresh)) == []
    assert codes(planning(signals=old)) == ["price_stale"]
    unknown, unreadable = planning(signals=past), planning(signals=b"x\n1\n")
    assert codes(unknown) == ["price_missing"]
    assert codes(unreadable) == ["signals_unusable"]
    assert set(unreadable.values("price_per_kwh")) == {0.62}


def test_contradictory_limits_are_told_and_planned_around(planning: Planning) -> None:
    plan = planning(comfort={"open_c": 16, "closed_c": 22}, setback={**SETBACK, "warm_c": 16, "setback_c": 21})
    assert plan.safe_state is None
    assert codes(plan) == ["set_back_above_warm", "too_cold_to_work", "closed_above_open"]
    assert min(plan.set_points_c()) >= 16.0


SETBACK = {"warm": {"begins": "06:00", "ends": "17:00"}}


def test_after_a_heating_failure_at_12_degrees_full_heat_is_planned_and_a_person_told(
    planning: Planning, meter_csv: bytes
) -> None:
    header, *body = meter_csv.decode().splitlines()
    failed = [
        f"{line.split(',')[0]},0,{celsius:.2f},{celsius - 0.5:.2f}"
        for line, celsius in zip(body[-14:], np.linspace(16.0, 12.0, 14), strict=True)
    ]
    plan = planning(readings="\n".join([header, *body[:-14], *failed, ""]).encode())
    assert plan.safe_state is None
    assert "heating_failure" in codes(plan)
    first = plan.entries[0]
    assert first.reason is Reason.FULL_HEAT
    assert "12" in first.text("en")
    assert first.set_point_c >= 15.0
    assert plan.binding[0] == "shortfall"


def test_what_people_hold_is_in_every_plan(planning: Planning, building: Building, issue: int) -> None:
    begins = hours.start_of(issue) + 10 * HOUR
    override = {
        "set_point_c": 22.0,
        "begins": begins.isoformat(),
        "expires": (begins + 3 * HOUR).isoformat(),
        "reason": "Open day",
        "set_by": "head@example.org",
    }
    held = building.model_validate(building.model_dump(mode="json") | {"overrides": [override]})
    for plan in (planning(overrides=[override]), planning(overrides=[override], readings=b""), stopped(held, issue)):
        assert plan.entry_at(begins + HOUR).set_point_c == 22.0
        assert plan.entry_at(begins + HOUR).reason is Reason.OVERRIDE
        assert plan.entry_at(begins + 3 * HOUR).reason is not Reason.OVERRIDE


def test_what_people_hold_is_planned_around(planning: Planning, issue: int) -> None:
    begins = hours.start_of(issue) + 17 * HOUR
    evening = {"set_point_c": 22.0, "begins": begins.isoformat(), "expires": (begins + 5 * HOUR).isoformat()}
    held = planning(overrides=[evening | {"reason": "Parents' evening", "set_by": "head@example.org"}])
    lowest, planned = held.values("lowest_c"), held.values("planned_kwh")
    assert min(celsius or 0.0 for celsius in lowest[17:22]) > 20.0
    assert sum(kwh or 0.0 for kwh in planned[17:22]) > sum(kwh or 0.0 for kwh in held.values("setback_kwh")[17:22])


def test_a_set_point_below_frost_is_raised_and_told(planning: Planning, issue: int) -> None:
    begins = hours.start_of(issue)
    low = {"set_point_c": 3.0, "begins": begins.isoformat(), "expires": (begins + HOUR).isoformat()}
    plan = planning(overrides=[low | {"reason": "Nobody there", "set_by": "x@example.org"}])
    assert plan.set_points_c()[0] == 8.0
    assert codes(plan) == ["override_raised"]


@pytest.mark.parametrize(
    ("fault", "code"), [(NoPlanError("x"), "solver_failed"), (ZeroDivisionError("y"), "planner_failed")]
)
def test_a_defect_of_ours_leaves_no_school_cold(
    planning: Planning, building: Building, issue: int, monkeypatch: pytest.MonkeyPatch, fault: Exception, code: str
) -> None:
    def fails(*_: object) -> None:
        raise fault

    MADE.clear()
    monkeypatch.setattr("samdrift_energy_forecast.planning.by_programme.solve", fails)
    with capture_logs() as logs:
        plan = planning()
    MADE.clear()
    assert [one["building"] for one in logs] == (["school-1"] if code == "planner_failed" else [])
    assert codes(plan) == [code]
    assert plan.set_points_c() == setback_of(building, issue)


def test_a_missing_object_is_told(planning: Planning) -> None:
    assert codes(planning(readings="sha256:" + "0" * 64)) == ["readings_unusable"]
