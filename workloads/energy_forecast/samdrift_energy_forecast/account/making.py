"""Makes the account of a work item, from the objects that it names alone."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.account.degree_days import NORMAL_DEGREE_DAYS
from samdrift_energy_forecast.account.inputs import read_inputs
from samdrift_energy_forecast.account.item import ACCOUNT, REFUSAL
from samdrift_energy_forecast.account.order import AccountedBuilding
from samdrift_energy_forecast.account.refusal import Refusal
from samdrift_energy_forecast.account.savings import Week
from samdrift_energy_forecast.account.statement import statement
from samdrift_energy_forecast.account.table import row
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_platform.contract import Context, Item, Outcome, Verdict

#: Said of every account, because a stopped workload makes it too.
NO_MODEL = "Measured from readings and weather without any registered model: a stop of the workload changes nothing."


def accounted(item: Item, context: Context) -> Outcome:
    """Measure the saving; without enough to measure it by, the item is rejected with the reason.

    No model decides anything here, so a stopped workload's accounts are made just the same.
    """
    building = AccountedBuilding.model_validate(item.payload[ACCOUNT])
    until = hours.beginning_at(datetime.fromisoformat(str(item.payload["issue_time"])))
    try:
        tables = (
            context.store.get(one) for one in (building.readings, building.weather_observed, building.heated_days)
        )
        inputs = read_inputs(building, *tables, until=until)
    except ReadingsError as error:
        return Outcome(reference=item.reference, verdict=Verdict.REJECTED, reason=error.message)
    made = statement(
        building,
        inputs.days,
        inputs.setback_forecast_kwh,
        building.first,
        building.last,
        normal_degree_days=NORMAL_DEGREE_DAYS,
    )
    if isinstance(made.savings, Refusal):
        return _refused(item, made.savings)
    account: dict[str, JsonValue] = {**row(made), "weeks": [_week(one) for one in made.savings.weeks]}
    return Outcome(reference=item.reference, verdict=Verdict.DONE, result={ACCOUNT: account}, reason=NO_MODEL)


def _refused(item: Item, why: Refusal) -> Outcome:
    """The reason in English, and its code and numbers for pages in other languages."""
    facts: dict[str, JsonValue] = {**why.facts}
    result: dict[str, JsonValue] = {REFUSAL: {"code": str(why.code), "facts": facts}}
    return Outcome(reference=item.reference, verdict=Verdict.REJECTED, result=result, reason=why.text("en"))


def _week(week: Week) -> JsonValue:
    return {
        "begins": week.begins.isoformat(),
        "days": week.days,
        "expected_kwh": round(week.expected_kwh, 1),
        "measured_kwh": round(week.measured_kwh, 1),
    }
