from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import typer
from pyarrow import parquet

from samdrift_energy_forecast.building import register, school_holiday_store
from samdrift_energy_forecast.building.school_holidays import read_csv
from samdrift_energy_forecast.commands import plan
from samdrift_energy_forecast.errors import NotActiveError
from samdrift_energy_forecast.ordering import nightly, orders
from samdrift_energy_forecast.ordering.making import OrderDesk
from samdrift_energy_forecast.ordering.orders import Lack, Order, Ordered, Run
from samdrift_energy_forecast.plans import overrides
from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import items, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.heated_fleet import ISSUE_TIME, NOW, Fleet, enter, simulated

HOUR = timedelta(hours=1)
ELSEWHERE = {"latitude": 54.9, "longitude": 14.9}


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    return simulated(3, days=3)


@pytest.fixture
def desk(ledger: Ledger, store: MemoryStore) -> OrderDesk:
    return OrderDesk(ledger=ledger, store=store, tenant="demo", ordered_by="nightly")


def ordered(ledger: Ledger) -> list[items.WorkItem]:
    with ledger.read() as connection:
        return items.find(connection, workload="energy_forecast")


def test_each_building_is_ordered_once_a_night(desk: OrderDesk, fleet: Fleet, store: MemoryStore) -> None:
    enter(desk.ledger, store, fleet)
    assert desk.order_night(ISSUE_TIME, now=NOW) == 3
    assert desk.order_night(ISSUE_TIME, now=NOW + HOUR) == 0
    found = ordered(desk.ledger)
    assert [item.reference for item in found] == [f"building-0000{n}/2026-01-26T23Z" for n in range(3)]
    with desk.ledger.read() as connection:
        assert len(submissions.find(connection)) == 1


def test_the_chunks_of_a_night_are_bounded(
    desk: OrderDesk, fleet: Fleet, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samdrift_energy_forecast.ordering.making.CHUNK", 2)
    enter(desk.ledger, store, fleet)
    assert desk.order_night(ISSUE_TIME, now=NOW) == 3
    with desk.ledger.read() as connection:
        assert sorted(each.total for each in submissions.find(connection)) == [1, 2]


def test_a_building_that_came_later_is_added_to_the_night(desk: OrderDesk, fleet: Fleet, store: MemoryStore) -> None:
    enter(desk.ledger, store, fleet, chosen=[0, 2])
    desk.order_night(ISSUE_TIME, now=NOW)
    with desk.ledger.write() as connection:
        register.put(connection, [fleet.description(1)], by="olga", now=NOW)
        register.remove(connection, fleet.ids[2], by="olga", now=NOW)
    assert desk.order_night(ISSUE_TIME, now=NOW + HOUR) == 1
    assert desk.order_night(ISSUE_TIME + 24 * HOUR, now=NOW + 24 * HOUR) == 2


def test_an_order_holds_what_was_known_by_then(desk: OrderDesk, fleet: Fleet, store: MemoryStore) -> None:
    enter(desk.ledger, store, fleet, chosen=[0])
    desk.order_night(ISSUE_TIME - HOUR, now=NOW - HOUR)
    (item,) = ordered(desk.ledger)
    building = item.payload["building"]
    assert store.get(building["readings"]) == b"", "its readings came in later"
    desk.order_night(ISSUE_TIME, now=NOW)
    building = ordered(desk.ledger)[1].payload["building"]
    table = parquet.read_table(io.BytesIO(store.get(building["readings"])))
    assert table["heat"].to_pylist() == pytest.approx(fleet.heat_kwh[0].round(3).tolist())
    observed = store.get(building["weather_observed"]).decode().splitlines()
    forecast = store.get(building["weather_forecast"]).decode().splitlines()
    assert observed[-1].split(",")[0] == "2026-01-26T23:00:00Z"
    assert forecast[1].split(",")[:2] == ["2026-01-26T22:00:00Z", "2026-01-27T00:00:00Z"]


def test_neighbours_share_their_weather(desk: OrderDesk, store: MemoryStore) -> None:
    enter(desk.ledger, store, simulated(9, days=2))
    desk.order_night(ISSUE_TIME, now=NOW)
    assert len({item.payload["building"]["weather_forecast"] for item in ordered(desk.ledger)}) == 4


def test_a_building_of_which_nothing_is_known_is_ordered_and_it_is_said(
    desk: OrderDesk, fleet: Fleet, store: MemoryStore
) -> None:
    with desk.ledger.write() as connection:
        register.put(connection, [fleet.description(0, location=None)], by="olga", now=NOW)
    assert desk.order_night(ISSUE_TIME, now=NOW) == 1
    with desk.ledger.read() as connection:
        (found,) = orders.of_night(connection, ISSUE_TIME)
        (concern,) = nightly.concerns(connection, ISSUE_TIME)
    assert found.order.lacks == (Lack.READINGS, Lack.LOCATION)
    assert concern.codes == ("no_readings", "no_location")


def test_missing_weather_is_said(desk: OrderDesk, fleet: Fleet, store: MemoryStore) -> None:
    enter(desk.ledger, store, fleet, chosen=[0])
    with desk.ledger.write() as connection:
        register.put(connection, [fleet.description(1, location=ELSEWHERE)], by="olga", now=NOW)
    desk.order_night(ISSUE_TIME, now=NOW)
    with desk.ledger.read() as connection:
        known, unknown = orders.of_night(connection, ISSUE_TIME)
    assert known.order.lacks == (Lack.WEATHER,), "three days of 56 were observed"
    assert unknown.order.lacks == (Lack.READINGS, Lack.WEATHER, Lack.FORECAST)


def test_plan_now_has_a_number_and_is_not_the_night_s(desk: OrderDesk, fleet: Fleet, store: MemoryStore) -> None:
    enter(desk.ledger, store, fleet, chosen=[0])
    desk.order_night(ISSUE_TIME, now=NOW)
    first, second = (desk.plan_now(fleet.ids[0], now=NOW) for _ in range(2))
    assert [first.reference, second.reference] == [f"building-00000/2026-01-26T23Z/{n}" for n in (1, 2)]
    assert first.run is Run.NOW
    night, *asked_for = ordered(desk.ledger)
    assert night.deadline is not None
    assert night.deadline > NOW
    assert [item.deadline for item in asked_for] == [NOW, NOW], "a person waits for it"
    assert len(ordered(desk.ledger)) == 3
    with desk.ledger.read() as connection:
        assert nightly.night(connection, ISSUE_TIME).ordered == 1


@pytest.mark.parametrize(
    ("became", "status", "said"),
    [
        (
            {"state": items.ItemState.RUNNING, "result": {"plan": "sha256:1"}},
            0,
            "/energy_forecast/buildings/building-0",
        ),
        ({"state": items.ItemState.FAILED, "reason": "out of chalk"}, 1, "No plan was made: out of chalk."),
    ],
)
def test_a_plan_now_is_waited_for_until_it_is_made_or_never_will_be(
    desk: OrderDesk,
    fleet: Fleet,
    store: MemoryStore,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    became: dict[str, Any],
    status: int,
    said: str,
) -> None:
    enter(desk.ledger, store, fleet, chosen=[0])
    order = desk.plan_now(fleet.ids[0], now=NOW)
    (queued,) = ordered(desk.ledger)
    looks = iter([queued, replace(queued, **became)])
    monkeypatch.setattr(items, "get", lambda _connection, _id: next(looks))
    monkeypatch.setattr(plan, "LOOK_S", 0.0)
    if status:
        with pytest.raises(typer.Exit):
            plan.wait_for(desk, order, as_json=False)
    else:
        plan.wait_for(desk, order, as_json=False)
    told = capsys.readouterr()
    assert said in told.out + told.err


def test_plan_now_for_a_building_that_is_not_there(desk: OrderDesk, fleet: Fleet) -> None:
    with pytest.raises(NotFoundError):
        desk.plan_now("nowhere", now=NOW)
    with desk.ledger.write() as connection:
        register.put(connection, [fleet.description(0)], by="olga", now=NOW)
        register.remove(connection, fleet.ids[0], by="olga", now=NOW)
    with pytest.raises(NotActiveError):
        desk.plan_now(fleet.ids[0], now=NOW)


def test_the_override_that_holds_travels_with_the_order(desk: OrderDesk, fleet: Fleet, store: MemoryStore) -> None:
    enter(desk.ledger, store, fleet, chosen=[0])
    with desk.ledger.write() as connection:
        expires = NOW + 5 * HOUR
        overrides.put(connection, fleet.ids[0], set_point_c=20.0, expires=expires, reason="Fest", by="olga", now=NOW)
    desk.order_night(ISSUE_TIME, now=NOW)
    (item,) = ordered(desk.ledger)
    (override,) = item.payload["building"]["overrides"]
    assert (override["set_point_c"], override["set_by"]) == (20.0, "olga")


def test_an_order_holds_the_municipality_s_school_holidays(desk: OrderDesk, fleet: Fleet, store: MemoryStore) -> None:
    enter(desk.ledger, store, fleet, chosen=[0])
    calendar = fleet.description(0).calendar.model_copy(update={"school_holidays_of": "0999"})
    winter = b"municipality,municipality_name,name,first,last,source\n0999,,Vinterferie,2026-02-09,2026-02-13,example\n"
    with desk.ledger.write() as connection:
        school_holiday_store.put(connection, read_csv(winter), by="olga", now=NOW)
        register.put(connection, [fleet.description(0, calendar=calendar)], by="olga", now=NOW)
    desk.order_night(ISSUE_TIME, now=NOW)
    (item,) = ordered(desk.ledger)
    (closure,) = item.payload["building"]["calendar"]["closures"]
    assert (closure["first"], closure["last"], closure["name"]) == ("2026-02-09", "2026-02-13", "Vinterferie")
    with desk.ledger.write() as connection:
        (known,) = orders.of_night(connection, ISSUE_TIME)
        later = calendar.model_copy(update={"school_holidays_of": "0998"})
        register.put(connection, [fleet.description(0, calendar=later)], by="olga", now=NOW)
    desk.order_night(ISSUE_TIME + 24 * HOUR, now=NOW + 24 * HOUR)
    with desk.ledger.read() as connection:
        (unknown,) = orders.of_night(connection, ISSUE_TIME + 24 * HOUR)
    assert Lack.SCHOOL_HOLIDAYS not in known.order.lacks
    assert Lack.SCHOOL_HOLIDAYS in unknown.order.lacks


def test_a_night_waits_for_each_building_once(desk: OrderDesk, fleet: Fleet, store: MemoryStore) -> None:
    enter(desk.ledger, store, fleet)
    desk.order_night(ISSUE_TIME, now=NOW)
    desk.plan_now(fleet.ids[0], now=NOW)
    with desk.ledger.read() as connection:
        assert orders.waiting(connection, ISSUE_TIME) == nightly.night(connection, ISSUE_TIME).waiting == 3
        assert orders.waiting(connection, ISSUE_TIME + 24 * HOUR) == 0
        assert orders.newest_night(connection) == ISSUE_TIME


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        ("2026-01-26T22:59Z", "2026-01-25T23:00Z"),
        ("2026-01-26T23:00Z", "2026-01-26T23:00Z"),
        ("2026-07-01T21:59Z", "2026-06-30T22:00Z"),
        ("2026-07-01T22:10Z", "2026-07-01T22:00Z"),
        ("2026-03-29T01:30Z", "2026-03-28T23:00Z"),
    ],
)
def test_a_night_begins_at_midnight_in_denmark(now: str, begins: str) -> None:
    assert nightly.midnight(datetime.fromisoformat(now)) == datetime.fromisoformat(begins)


def test_a_week_for_comparison_is_no_fallback_and_no_concern() -> None:
    night = nightly.Night(issue_time=ISSUE_TIME, buildings=2)
    for code in ("comparison_week", "fixed_setback"):
        night.count(made("done", {"safe_state": {"code": code}}))
    assert (night.planned, night.compared, night.fallback, night.is_over) == (0, 1, 1, True)
    assert night.attention == {"fixed_setback": 1}
    assert "Fixed setback for comparison, as was drawn: 1 buildings." in night.sentences()


@pytest.mark.parametrize(
    ("state", "result", "counted"),
    [
        ("queued", {}, "waiting"),
        ("running", {}, "waiting"),
        ("running", {"summary": {}}, "planned"),
        ("failed", {}, "without"),
        ("rejected", {}, "without"),
        ("waiting_for_person", {"summary": {}}, "planned"),
    ],
)
def test_each_order_of_a_night_is_counted_once(state: str, result: dict[str, Any], counted: str) -> None:
    night = nightly.Night(issue_time=ISSUE_TIME, buildings=1)
    night.count(made(state, result))
    numbers = {name: getattr(night, name) for name in ("planned", "fallback", "compared", "without", "waiting")}
    assert numbers == dict.fromkeys(numbers, 0) | {counted: 1}


def made(state: str, result: dict[str, Any]) -> Ordered:
    """An order with what became of it."""
    order = Order(
        building="school-1",
        issue_time=ISSUE_TIME,
        run=Run.NIGHTLY,
        reference="school-1/2026-01-26T23Z",
        item_id=uuid4(),
        lacks=(),
        ordered_by="nightly",
        ordered_at=NOW,
    )
    return Ordered(order=order, state=items.ItemState(state), result=result, reason=None)
