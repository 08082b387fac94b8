"""An account as a work item: its outcome, and what of it goes to the benefit ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from samdrift_energy_forecast.account.order import AccountedBuilding
from samdrift_platform.contract import Benefit, Context, Item, Outcome, Verdict

if TYPE_CHECKING:
    from datetime import datetime

#: Key of an account in an item's payload and result.
ACCOUNT = "account"
#: Measures of the benefit ledger, apart from those of plans, which are only planned; column of the account, unit.
MEASURES = (
    ("heat_measured_saved", "saved_kwh", "kWh"),
    ("co2_measured_saved", "saved_kg_co2", "kg"),
    ("cost_measured_saved", "saved_cost", None),
)


def account_item(building: AccountedBuilding, issue_time: datetime) -> Item:
    """The item of one account; it holds what was known at `issue_time`."""
    payload = {"issue_time": issue_time.astimezone(UTC).isoformat(), ACCOUNT: building.model_dump(mode="json")}
    return Item(reference=building.reference, payload=payload)


def is_account(item: Item) -> bool:
    """Whether the item asks for an account, not for a plan."""
    return ACCOUNT in item.payload


def accounted(item: Item, context: Context) -> Outcome:
    """Measure the saving; without enough to measure it by, the item is rejected with the reason.

    No model decides anything here, so a stopped workload's accounts are made just the same.
    """
    from datetime import datetime

    from samdrift_energy_forecast import hours
    from samdrift_energy_forecast.account.degree_days import NORMAL_DEGREE_DAYS
    from samdrift_energy_forecast.account.inputs import read_inputs
    from samdrift_energy_forecast.account.refusal import Refusal
    from samdrift_energy_forecast.account.statement import statement
    from samdrift_energy_forecast.account.table import row
    from samdrift_energy_forecast.errors import ReadingsError

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
        return Outcome(reference=item.reference, verdict=Verdict.REJECTED, reason=made.savings.text("en"))
    return Outcome(reference=item.reference, verdict=Verdict.DONE, result={ACCOUNT: row(made)})


def measured_benefits(result: Mapping[str, Any]) -> Iterator[Benefit]:
    """What an account adds to the benefit ledger, more use as a negative saving: no one-sided choice is made."""
    account = result[ACCOUNT]
    for measure, column, unit in MEASURES:
        quantity = float(account[column])
        yield Benefit(measure=measure, quantity=quantity, unit=unit or account["currency"], method=account["method"])
