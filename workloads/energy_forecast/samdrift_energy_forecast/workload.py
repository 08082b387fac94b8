"""The workload: one heating plan per building and issue time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, JsonValue

from samdrift_energy_forecast.account.item import ACCOUNT, account_item, is_account, measured_benefits
from samdrift_energy_forecast.submission import Building, Submission
from samdrift_platform.contract import (
    Benefit,
    Context,
    Effect,
    Item,
    ModelUse,
    Outcome,
    Priority,
    Receiver,
    Resources,
    Store,
    Verdict,
)

if TYPE_CHECKING:
    from fastapi import APIRouter

    from samdrift_energy_forecast.forecasting.ridge import FamilyModel
    from samdrift_energy_forecast.plans.document import Plan
    from samdrift_registry.verified import VerifiedModel

MODEL = "energy-forecast-ridge"
#: A plan is replaced after a night, so its later days are not counted: the next plan's are.
COUNTED = "counted for its first 24 h, until the next night's plan"


class EnergyForecast:
    """Forecasts a building's heat and plans its set-points for the next 48 hours."""

    name = "energy_forecast"
    title: Mapping[str, str] = {"da": "Varmeplaner", "en": "Heating plans"}
    priority = Priority.OPERATIONAL
    submission: type[BaseModel] = Submission
    resources = Resources(cpus=1.0, memory_mib=512, largest_batch=64, most_replicas=16)
    models: Mapping[str, ModelUse] = {MODEL: ModelUse(suite="energy-forecast", policy="energy-forecast")}

    def split(self, submission: Submission, store: Store) -> Iterable[Item]:
        """One item a building; it is due when the building opens next."""
        issue_time = submission.issue_time.astimezone(UTC)
        for building in submission.buildings:
            yield Item(
                reference=f"{building.id}/{issue_time:%Y-%m-%dT%HZ}",
                payload={"issue_time": issue_time.isoformat(), "building": building.model_dump(mode="json")},
                deadline=_next_opening(building, submission),
            )
        for accounted in submission.accounts:
            yield account_item(accounted, submission.issue_time)

    def load(self, models: Mapping[str, VerifiedModel]) -> FamilyModel:
        """The family model that every building's forecast is pulled towards."""
        from samdrift_energy_forecast.forecasting.ridge import FamilyModel

        return FamilyModel.load(models[MODEL].folder)

    def process(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Plan each building. Whatever is wrong with its input, it gets a plan that says so (`fallback`)."""
        return [_account(item, context) if is_account(item) else _planned(item, context) for item in items]

    def safe(self, items: Sequence[Item], context: Context) -> Sequence[Outcome]:
        """Each building's fixed setback plan: it needs no model, no readings and no weather."""
        return [_account(item, context) if is_account(item) else _set_back(item, context) for item in items]

    def scores(self, outcome: Outcome) -> Mapping[str, float]:
        """Heat in kWh under fixed setback and under the plan; and whether there is a plan, which is a decision."""
        summary = outcome.result.get("summary")
        if not isinstance(summary, Mapping) or summary["planned_kwh"] is None:
            return {}
        heat = {name: _number(summary[name]) for name in ("setback_kwh", "planned_kwh")}
        return {**heat, "planned": int(not outcome.result.get("safe_state"))}

    def effects(self, outcome: Outcome) -> Iterable[Effect]:
        """The plan to those whom its building names: into the folder, by e-mail. Once a plan version."""
        from samdrift_energy_forecast.delivery.planned import planned

        return planned(outcome.result)

    def benefits(self, outcome: Outcome) -> Iterable[Benefit]:
        """Heat and CO2 that the plan is meant to save against fixed setback; the method says that it is a plan.

        Of an account the heat, CO2 and cost that were saved as measured, under other measures.
        """
        if ACCOUNT in outcome.result:
            yield from measured_benefits(outcome.result)
            return
        summary = outcome.result.get("summary")
        if not isinstance(summary, Mapping) or outcome.result.get("safe_state") or not _is_of_night(outcome.reference):
            return
        method = f"{summary['method']}; {COUNTED}"
        share = _number(outcome.result["counted_share"])
        for measure, name, unit in (
            ("heat_planned_saved", "saved_kwh", "kWh"),
            ("co2_planned_saved", "saved_kg_co2", "kg"),
        ):
            yield Benefit(measure=measure, quantity=_number(summary[name]) * share, unit=unit, method=method)

    def receivers(self) -> Mapping[str, Receiver]:
        """A mail server and a folder, as the settings name them."""
        from samdrift_energy_forecast.delivery.receivers import receivers

        return receivers()

    def routes(self) -> APIRouter | None:
        """The pages of buildings and plans, and the API for buildings and readings."""
        from fastapi import APIRouter

        from samdrift_energy_forecast import api, pages

        whole = APIRouter()
        for router in (pages.router(), api.router()):
            whole.include_router(router)
        return whole


def _is_of_night(reference: str) -> bool:
    """A plan that somebody asks for during the day has a number behind its issue time; the night's counts already."""
    return reference.count("/") <= 1


def _next_opening(building: Building, submission: Submission) -> Any:
    from samdrift_energy_forecast import hours
    from samdrift_energy_forecast.building.calendar import BuildingCalendar

    opening = BuildingCalendar(building).next_opening(hours.beginning_at(submission.issue_time))
    return None if opening is None else hours.start_of(opening)


def _account(item: Item, context: Context) -> Outcome:
    from samdrift_energy_forecast.account.making import accounted

    return accounted(item, context)


def _planned(item: Item, context: Context) -> Outcome:
    from samdrift_energy_forecast.planning.fallback import plan_in_any_case

    building, issue = _ordered(item)
    return _done(item, plan_in_any_case(building, issue, context.store, context.engine), context)


def _set_back(item: Item, context: Context) -> Outcome:
    from samdrift_energy_forecast.planning.fallback import stopped

    building, issue = _ordered(item)
    return _done(item, stopped(building, issue), context)


def _ordered(item: Item) -> tuple[Building, int]:
    """The building of an item, and the hour in which its plan begins."""
    from samdrift_energy_forecast import hours

    order = Submission.model_validate(
        {"issue_time": item.payload["issue_time"], "buildings": [item.payload["building"]]}
    )
    return order.buildings[0], hours.beginning_at(order.issue_time)


def _done(item: Item, plan: Plan, context: Context) -> Outcome:
    """The plan is one stored object; the item's result holds what lists, ledgers and deliveries need of it."""
    from samdrift_energy_forecast.account.planned import counted_share, day_setback_kwh
    from samdrift_energy_forecast.delivery.planned import wanted

    result: dict[str, JsonValue] = {
        "building": {name: getattr(plan.building, name) for name in ("id", "name", "time_zone", "language")},
        "issue_time": plan.issue_time.isoformat(),
        "ends": plan.ends.isoformat(),
        "version": plan.version,
        "safe_state": None if plan.safe_state is None else asdict(plan.safe_state),
        "attention": [asdict(notice) for notice in plan.attention],
        "summary": asdict(plan.summary),
        "counted_share": counted_share(plan),
        "day_setback_kwh": day_setback_kwh(plan),
        "plan": context.store.put(plan.to_json()),
        "delivery": wanted(item.payload),
    }
    return Outcome(reference=item.reference, verdict=Verdict.DONE, result=result)


def _number(value: JsonValue) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"a benefit's quantity is a number, not {value!r}")
    return float(value)


workload = EnergyForecast()
