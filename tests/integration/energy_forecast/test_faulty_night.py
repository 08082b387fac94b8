"""A night in which meters are dead, forecasts do not come and prices are missing: every building has a plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import samdrift_energy_forecast
from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.ordering import nightly
from samdrift_energy_forecast.ordering.making import OrderDesk
from samdrift_energy_forecast.ordering.nightly import Night
from samdrift_energy_forecast.plans.document import Plan
from samdrift_energy_forecast.workload import MODEL, workload
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Context, Item
from samdrift_platform.ledger import endings, items, queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_registry.verified import VerifiedModel
from samdrift_testing.heated_fleet import ISSUE_TIME, NOW, Fleet, enter, simulated

HOUR = timedelta(hours=1)
#: When the dead meter sent its last reading.
BEFORE = ISSUE_TIME - 27 * HOUR
LEASE = timedelta(minutes=5)
#: A place of which nothing was fetched.
ELSEWHERE = {"latitude": 54.9, "longitude": 14.9}
WELL, DEAD, SILENT, NO_WEATHER, NO_PRICE, UNKNOWN = range(6)
SHIPPED = Path(samdrift_energy_forecast.__file__).parent / "shipped" / MODEL


@dataclass(frozen=True, kw_only=True)
class Made:
    """One fleet's night of faults, and what a person is told of it."""

    fleet: Fleet
    night: Night
    concerns: dict[str, tuple[str, ...]]
    plans: dict[str, list[Plan]]

    def told(self, number: int) -> set[str]:
        return set(self.concerns.get(self.fleet.ids[number], ()))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The night before, on which one meter was alive still, and the night of the faults."""
    from samdrift_platform.ledger import migrations

    url = f"sqlite:///{tmp_path_factory.mktemp('faults') / 'ledger.db'}"
    migrations.upgrade(url)
    ledger, store = Ledger(url), MemoryStore()
    fleet = simulated(6, days=57)
    desk = OrderDesk(ledger=ledger, store=store, tenant="demo", ordered_by="nightly")
    enter(ledger, store, fleet, chosen=[DEAD], until=BEFORE)
    desk.order_night(BEFORE, now=BEFORE)
    work_off(ledger, store)
    enter(ledger, store, fleet, chosen=[WELL])
    enter(ledger, store, fleet, chosen=[NO_PRICE], plant={"source": "heat_pump"})
    enter(ledger, store, fleet, chosen=[NO_WEATHER], location=ELSEWHERE)
    with ledger.write() as connection:
        described = [fleet.description(SILENT), fleet.description(UNKNOWN, location=None)]
        register.put(connection, described, by="olga", now=NOW)
    desk.order_night(ISSUE_TIME, now=NOW)
    work_off(ledger, store)
    with ledger.read() as connection:
        found = nightly.night(connection, ISSUE_TIME)
        concerns = {each.building: each.codes for each in nightly.concerns(connection, ISSUE_TIME)}
        made = items.find(connection, workload=workload.name)
    plans: dict[str, list[Plan]] = {}
    for item in made:
        plan = Plan.from_json(store.get(item.result["plan"]))
        plans.setdefault(plan.building.id, []).append(plan)
    ledger.close()
    return Made(fleet=fleet, night=found, concerns=concerns, plans=plans)


def test_every_building_has_a_plan(made: Made) -> None:
    night = made.night
    assert (night.ordered, night.without, night.waiting) == (6, 0, 0)
    assert set(made.plans) == set(made.fleet.ids)
    for plan in (each for plans in made.plans.values() for each in plans):
        assert len(plan.set_points_c(HOUR)) == plan.horizon_h
        assert all(5 <= celsius <= 26 for celsius in plan.set_points_c(HOUR))


def test_the_summary_says_how_many_and_of_whom_to_think(made: Made) -> None:
    night = made.night
    assert night.planned >= 2, "the building that is well, and the one without prices"
    assert night.fallback >= 2, "the dead meter and the silent one"
    said = " ".join(night.sentences())
    assert "6 of 6 buildings ordered" in said
    assert "A person should look: no_readings in 2." in said


def test_a_building_that_is_well_is_not_a_concern(made: Made) -> None:
    assert made.told(WELL) == set()


def test_a_dead_meter_is_told_and_the_plan_before_goes_on(made: Made) -> None:
    assert {"meter_silent", "previous_plan"} <= made.told(DEAD)
    before, after = made.plans[made.fleet.ids[DEAD]]
    assert before.safe_state is None
    common = (before.ends - after.issue_time) // HOUR
    assert 0 < common < before.horizon_h
    assert after.set_points_c(HOUR)[:common] == before.set_points_c(HOUR)[-common:]


def test_what_was_never_read_is_told(made: Made) -> None:
    assert "no_readings" in made.told(SILENT)


def test_missing_weather_is_told(made: Made) -> None:
    assert "no_weather_forecast" in made.told(NO_WEATHER)


def test_missing_prices_are_told_and_the_plan_is_made(made: Made) -> None:
    assert {"no_prices", "no_co2"} <= made.told(NO_PRICE)
    (plan,) = made.plans[made.fleet.ids[NO_PRICE]]
    assert plan.safe_state is None


def test_an_unknown_place_is_told(made: Made) -> None:
    assert "no_location" in made.told(UNKNOWN)


def work_off(ledger: Ledger, store: MemoryStore) -> None:
    """Do what the dispatcher and a replica do, one batch after the other."""
    verified = VerifiedModel(name=MODEL, version=1, digest="sha256:" + "0" * 64, folder=SHIPPED)
    context = Context(store=store, engine=workload.load({MODEL: verified}))
    known: dict[str, Any] = {"workload": workload.name, "worker": "test", "limit": 64, "lease": LEASE, "now": NOW}
    while True:
        with ledger.write() as connection:
            claims = queue.claim(connection, **known)
        if not claims:
            return
        outcomes = workload.process([Item(reference=c.reference, payload=c.payload) for c in claims], context)
        completions = [Completion(outcome=outcome) for outcome in outcomes]
        with ledger.write() as connection:
            endings.complete(connection, workload.name, list(zip(claims, completions, strict=True)), now=NOW)
