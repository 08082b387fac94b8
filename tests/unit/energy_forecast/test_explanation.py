"""Reasons say what is true of the plan that they stand in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.forecasting.ridge import FamilyModel
from samdrift_energy_forecast.planning import planner
from samdrift_energy_forecast.planning.binding import Binding
from samdrift_energy_forecast.planning.fallback import plan_in_any_case
from samdrift_energy_forecast.plans.document import HOUR, Entry, Plan
from samdrift_energy_forecast.plans.reasons import TEXTS, WITH_FACTS, Reason, fields, filled, sentence
from samdrift_energy_forecast.submission import Building
from samdrift_platform.checks import MemoryStore

Planning = Callable[..., Plan]
#: Orders name their tables by content, so the same order is the same plan.
MADE: dict[str, Plan] = {}


@pytest.fixture
def planning(
    building: Building, store: MemoryStore, family: FamilyModel, issue: int, monkeypatch: pytest.MonkeyPatch
) -> Planning:
    """The house's plan by the programme with some of its order changed; the same order is planned once."""
    monkeypatch.setattr(planner, "_by_response", lambda _building, made, *_: made, raising=False)

    def planned(**fields: Any) -> Plan:
        order = Building.model_validate(building.model_dump(mode="json") | fields)
        if repr(order) not in MADE:
            MADE[repr(order)] = plan_in_any_case(order, issue, store, family)
        return MADE[repr(order)]

    return planned


@pytest.fixture
def signals(store: MemoryStore, issue: int) -> Callable[..., str]:
    """The reference of a table with a price or a CO2 factor for each hour of the plan."""

    def stored(name: str, values: np.ndarray) -> str:
        issued = hours.start_of(issue).isoformat()
        rows = [f"{issued},{hours.end_of(issue + k).isoformat()},{value:.4f}" for k, value in enumerate(values)]
        return store.put("\n".join([f"issued,stamp,{name}", *rows]).encode())

    return stored


def hourly(plan: Plan) -> list[Entry]:
    return [plan.entry_at(begins) for begins in plan.hours]


def told(plan: Plan, reason: Reason) -> list[int]:
    """Hours with this reason."""
    return [k for k, entry in enumerate(hourly(plan)) if entry.reason is reason]


def opening_after(plan: Plan, k: int) -> int:
    return next(j for j in range(k, plan.horizon_h) if plan.values("open")[j])


def dip(cheapest: int) -> np.ndarray:
    """Prices of one, low around one hour of the first night, lowest in it."""
    values = np.ones(HORIZON_H)
    values[cheapest - 1 : cheapest + 2] = (0.3, 0.2, 0.3)
    return values


def test_the_cheapest_hour_before_the_opening_is_the_cheapest(
    planning: Planning, signals: Callable[..., str], issue: int
) -> None:
    plan = planning(signals=signals("price_per_kwh", dip(4)))
    (first, *_) = told(plan, Reason.PREHEAT_CHEAP)
    entry = plan.entry_at(plan.hours[first])
    price = plan.values("price_per_kwh")
    opening = opening_after(plan, first)
    assert price[first] == min(price[k] or 0.0 for k in range(max(0, opening - 12), opening))
    opens = datetime.fromisoformat(str(entry.facts["opens_at"]))
    assert opens == plan.hours[opening]
    assert "cheapest hour before the opening on Monday 08:00 (0.20 DKK/kWh)" in entry.text("en")
    assert "0,20 DKK/kWh" in entry.text("da")
    assert f"{plan.values('outdoor_c')[first]:.0f} °C outside" in entry.text("en")


def test_under_a_flat_price_no_hour_is_called_cheap(planning: Planning) -> None:
    reasons = {entry.reason for entry in planning().entries}
    assert not reasons & {Reason.PREHEAT_CHEAP, Reason.PREHEAT_CLEAN, Reason.STORE_CHEAP, Reason.PREHEAT_PEAK}
    assert reasons & {Reason.PREHEAT, Reason.PREHEAT_FULL}


def test_the_hour_with_the_least_co2_is_named_where_co2_weighs(
    planning: Planning, signals: Callable[..., str], building: Building
) -> None:
    emission = building.emission.model_dump() | {"price_per_kg": 10.0, "hourly_method": "marginal"}
    plan = planning(signals=signals("kg_co2_per_kwh", 0.1 * dip(4)), emission=emission)
    assert told(plan, Reason.PREHEAT_CLEAN)
    assert "by the hour: marginal" in plan.summary.method


@pytest.mark.parametrize(
    ("tariff", "reason", "binding"),
    [
        ({"peak_price_per_kw": 5.0}, Reason.PREHEAT_PEAK, Binding.PEAK),
        ({"return_temperature": {"rise_at_full_k": 30.0}}, Reason.PREHEAT_RETURN, Binding.RETURN_TEMPERATURE),
    ],
)
def test_spread_heat_says_why(planning: Planning, tariff: dict[str, Any], reason: Reason, binding: Binding) -> None:
    plan, plain = planning(tariff={"price_per_kwh": 0.62, **tariff}), planning()
    preheated = told(plan, reason)
    assert preheated
    assert {plan.binding[k] for k in preheated} == {binding.value}
    assert len(preheated) > len([*told(plain, Reason.PREHEAT), *told(plain, Reason.PREHEAT_FULL)]) / 2
    assert "kW" in plan.entry_at(plan.hours[preheated[0]]).text("en")


def test_the_reserve_that_a_reason_names_is_the_plans(planning: Planning) -> None:
    plan = planning()
    k = [*told(plan, Reason.PREHEAT), *told(plan, Reason.PREHEAT_FULL)][0]
    reserve = plan.values("hedge")[opening_after(plan, k)]
    assert plan.entry_at(plan.hours[k]).facts["reserve_k"] == pytest.approx(reserve, abs=0.051)


def test_an_entry_begins_where_set_point_or_reason_changes(planning: Planning) -> None:
    plan = planning()
    assert plan.entries[0].begins == plan.issue_time
    for one, other in pairwise(plan.entries):
        assert other.begins - one.begins >= HOUR
        assert (one.set_point_c, one.reason) != (other.set_point_c, other.reason)


def test_every_reason_is_told_in_both_languages_with_the_same_facts() -> None:
    assert set(TEXTS) == set(Reason)
    for texts in (*TEXTS.values(), *WITH_FACTS.values()):
        assert fields(texts["da"]) == fields(texts["en"])
        assert texts["da"] != texts["en"]


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.OVERRIDE])
def test_a_reason_without_its_facts_is_still_a_sentence(reason: Reason) -> None:
    assert sentence(reason, {}, "da") == TEXTS[reason]["da"]


@pytest.mark.parametrize(("value", "text"), [(-6.4, "-6"), (-0.3, "0"), (0.0, "0")])
def test_numbers_are_written_as_people_read_them(value: float, text: str) -> None:
    assert filled("{outdoor_c:.0f} °C", {"outdoor_c": value}, "en") == f"{text} °C"
