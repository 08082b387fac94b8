"""Buildings with heating plans on a ledger, in a line each, and the pages over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI, Request

from samdrift_energy_forecast.account.planned import day_setback_kwh
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.building.register import put
from samdrift_energy_forecast.delivery.planned import planned, wanted
from samdrift_energy_forecast.pages import asking
from samdrift_energy_forecast.plan_list.following import WORKLOAD, catch_up
from samdrift_energy_forecast.planning.fixed_setback import planned_for
from samdrift_energy_forecast.plans.document import HOUR, QUARTER, Entry, Notice, Plan, Summary
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.workload import workload
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Outcome, Priority, Store, Verdict
from samdrift_platform.control import problems
from samdrift_platform.ledger import effects, endings
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.portal.shell import Shell, current_shell, shell_for
from samdrift_platform.portal.testing import GivenReading, portal_of
from samdrift_platform.settings import Settings
from samdrift_testing.in_process import in_process
from samdrift_testing.work import claim, item, look, submit

#: Midnight in Copenhagen on a Monday, when the plans begin; pages are opened at a quarter past nine.
BEGINS = datetime(2026, 1, 25, 23, tzinfo=UTC)
NOW = BEGINS + timedelta(hours=9, minutes=15)
HORIZON_H = 72
#: Set back; warm from a quarter past six on, for an hour and three quarters; while open; set back.
DAY = (
    (0, 16.0, Reason.SET_BACK),
    (25, 21.0, Reason.PREHEAT),
    (32, 20.4, Reason.COMFORT_LIMIT),
    (64, 16.0, Reason.SET_BACK),
)
STALE = Notice(code="stale_weather", da="Vejrudsigten er gammel.", en="The weather forecast is old.")
DEAD = Notice(code="dead_meter", da="Måleren er død.", en="The meter is dead.")


def described(building: str, name: str, **changes: Any) -> BuildingDescription:
    """A school that opens from eight to four."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    document = {
        "id": building,
        "name": name,
        "calendar": {"opening": {day: {"begins": "08:00", "ends": "16:00"} for day in days}},
        "setback": {"warm_c": 21.0, "setback_c": 16.0, "warm": {"begins": "06:00", "ends": "17:00"}},
        "tariff": {"price_per_kwh": 0.62},
        "emission": {"kg_co2_per_kwh": 0.034, "year": 2021, "method": "made up"},
    }
    return BuildingDescription.model_validate(document | changes)


def plan_of(building: BuildingDescription, begins: datetime = BEGINS, **changes: Any) -> Plan:
    """A plan that repeats DAY, with everything a plan can know."""
    hours = range(HORIZON_H)
    values: dict[str, Any] = {
        "building": planned_for(building),
        "issue_time": begins,
        "safe_state": None,
        "attention": (),
        "entries": tuple(
            Entry(begins=begins + day * 24 * HOUR + k * QUARTER, set_point_c=celsius, reason=reason, facts={})
            for day in range(3)
            for k, celsius, reason in DAY
        ),
        "series": {
            "open": tuple(float(8 <= h % 24 < 16) for h in hours),
            "outdoor_c": tuple(-3.0 + (h % 24) / 6 for h in hours),
            "lowest_c": tuple(20.0 if 8 <= h % 24 < 16 else 15.0 for h in hours),
            "setback_c": tuple(21.0 if 6 <= h % 24 < 17 else 16.0 for h in hours),
            "setback_kwh": tuple(100.0 + h % 24 for h in hours),
            "setback_kwh_q10": tuple(80.0 + h % 24 for h in hours),
            "setback_kwh_q90": tuple(120.0 + h % 24 for h in hours),
            "planned_kwh": tuple(95.0 + h % 24 for h in hours),
            "planned_room_c": tuple(19.0 + (h % 24) / 12 for h in hours),
            "setback_room_c": tuple(19.5 + (h % 24) / 12 for h in hours),
            "price_per_kwh": tuple(0.4 + (h % 24) / 50 for h in hours),
            "kg_co2_per_kwh": tuple(0.03 + (h % 24) / 500 for h in hours),
            "hedge": tuple(0.4 if 6 <= h % 24 < 8 else 0.0 for h in hours),
            "supply_offset_k": tuple(2.5 if 8 <= h % 24 < 16 else -3.0 for h in hours),
        },
        "binding": tuple("comfort" if 8 <= h % 24 < 16 else None for h in hours),
        "summary": Summary(
            setback_kwh=8000.0,
            planned_kwh=7600.0,
            saved_kwh=400.0,
            saved_cost=248.0,
            currency="DKK",
            saved_kg_co2=13.6,
            peak_kw_setback=123.0,
            peak_kw_planned=118.0,
            method="made up",
        ),
        "thermal_model": None,
        "forecast_check": {"mean_absolute_error_kwh": 5.0, "hours": 240},
    }
    return Plan(**(values | changes))


@dataclass
class Estate:
    """Puts buildings and plans into `ledger`."""

    ledger: Ledger
    store: Store = field(default_factory=MemoryStore)
    now: datetime = NOW
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def registered(self, *descriptions: BuildingDescription) -> None:
        """Buildings that are planned for every night."""
        with self.ledger.write() as connection:
            put(connection, descriptions, by="faye", now=self.now)

    def planned(
        self, building: str = "school-1", name: str = "Skolen ved Søen", *, begins: datetime = BEGINS, **changes: Any
    ) -> UUID:
        """A building's plan, made; with `delivery` for the building's own. The item's id."""
        delivery = changes.pop("delivery", {})
        description = described(building, name, delivery=delivery)
        plan = plan_of(description, begins, **changes)
        claimed = self._claimed(description, begins)
        result = self.result(plan, claimed.payload)
        outcome = Outcome(reference=claimed.reference, verdict=Verdict.DONE, result=result)
        return self._completed(claimed, Completion(outcome=outcome, effects=list(planned(result))))

    def rejected(self, building: str, name: str, reason: str, *, begins: datetime = BEGINS) -> UUID:
        """An order that came to nothing."""
        claimed = self._claimed(described(building, name), begins)
        outcome = Outcome(reference=claimed.reference, verdict=Verdict.REJECTED, reason=reason)
        return self._completed(claimed, Completion(outcome=outcome, effects=()))

    def queued(self, building: str, name: str, *, begins: datetime = BEGINS) -> None:
        """An order that waits for its plan; put in last."""
        self._submit(described(building, name), begins)

    def caught_up(self) -> Ledger:
        """The ledger, with its list up to date."""
        catch_up(self.ledger)
        return self.ledger

    def plan(self, item_id: UUID) -> Plan:
        """The plan of an item."""
        return Plan.from_json(self.store.get(str(look(self.ledger, item_id).result["plan"])))

    def result(self, plan: Plan, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The result of an item whose plan it is, which is kept."""
        return {
            "building": {"id": plan.building.id, "name": plan.building.name},
            "issue_time": plan.issue_time.isoformat(),
            "ends": plan.ends.isoformat(),
            "version": plan.version,
            "safe_state": None if plan.safe_state is None else vars(plan.safe_state),
            "attention": [vars(notice) for notice in plan.attention],
            "summary": vars(plan.summary),
            "plan": self.store.put(plan.to_json()),
            "delivery": wanted(payload),
            "day_setback_kwh": day_setback_kwh(plan),
        }

    def _completed(self, claimed: Any, completion: Completion) -> UUID:
        with self.ledger.write() as connection:
            endings.complete(connection, WORKLOAD, [(claimed, completion)], now=self.now)
        return UUID(str(claimed.id))

    def _claimed(self, building: BuildingDescription, begins: datetime) -> Any:
        self._submit(building, begins)
        (claimed,) = claim(self.ledger, workload=WORKLOAD, now=self.now)
        assert claimed.payload["building"]["id"] == building.id, "an order that was only queued stands before this one"
        return claimed

    def _submit(self, building: BuildingDescription, begins: datetime) -> None:
        number = next(self._numbers)
        payload = {"issue_time": begins.isoformat(), "building": building.model_dump(mode="json")}
        made = item(f"{building.id}/{begins:%Y-%m-%dT%HZ}/{number}", begins + 8 * HOUR, **payload)
        submit(self.ledger, f"s{number}", [made], workload=WORKLOAD, priority=Priority.OPERATIONAL, now=self.now)


@dataclass(frozen=True, kw_only=True)
class EstateReading(GivenReading):
    """Items and effects from a ledger; what else pages read is given."""

    ledger: Ledger

    def item(self, item_id: UUID) -> WorkItem:
        """One item."""
        return look(self.ledger, item_id)

    def effects(self, item_id: UUID) -> list[EffectRow]:
        """The effects of one item."""
        with self.ledger.read() as connection:
            return effects.of_item(connection, item_id)


@dataclass
class Visit:
    """The pages over an estate, opened by anybody."""

    estate: Estate
    app: FastAPI
    transport: httpx.BaseTransport

    def get(self, path: str, language: str = "en", user: str = "faye", **headers: str) -> httpx.Response:
        """The answer, whatever it is."""
        told = {"Accept-Language": language, **{name.replace("_", "-"): value for name, value in headers.items()}}
        with self._client(user) as client:
            return client.get(path, headers=told)

    def page(self, path: str, language: str = "en", user: str = "faye") -> str:
        """The text of a page that is there."""
        answer = self.get(path, language, user)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, user: str = "faye", **form: Any) -> httpx.Response:
        """What a form is answered."""
        with self._client(user) as client:
            return client.post(path, data=form, headers={"Accept-Language": "en"})

    def send(self, method: str, path: str, body: Any = None, user: str = "faye") -> httpx.Response:
        """What a program is answered, with JSON or without."""
        with self._client(user) as client:
            return client.request(method, path, json=body)

    def _client(self, user: str) -> httpx.Client:
        def shell(request: Request) -> Shell:
            return shell_for(request, user=user)

        self.app.dependency_overrides[current_shell] = shell
        return httpx.Client(transport=self.transport, base_url="http://portal.test")


def app_over(estate: Estate) -> FastAPI:
    """The workload's pages over `estate`, at its own time."""
    app = portal_of(workload)
    problems.install(app)
    _lay(app, estate)
    return app


def _lay(app: FastAPI, estate: Estate) -> None:
    app.state.ledger, app.state.store = estate.ledger, estate.store
    app.state.reading, app.state.settings = EstateReading(ledger=estate.ledger), Settings()
    app.dependency_overrides[asking.now] = lambda: estate.now


@contextmanager
def site() -> Iterator[Callable[[Estate], Visit]]:
    """The workload's pages, in process, to be opened over one estate after the other."""
    app = portal_of(workload)
    problems.install(app)
    with in_process(app) as transport:

        def over(estate: Estate) -> Visit:
            _lay(app, estate)
            return Visit(estate, app, transport)

        yield over
