"""An account as a work item, and what of it goes to the benefit ledger. Importing this is light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from samdrift_energy_forecast.account.order import AccountedBuilding
from samdrift_platform.contract import Benefit, Item, JsonObject

if TYPE_CHECKING:
    from datetime import datetime

#: Key of an account in an item's payload and result.
ACCOUNT = "account"
#: Key of what a rejected account lacks.
REFUSAL = "refusal"
#: Measures of the benefit ledger, apart from those of plans, which are only planned; column of the account, unit.
MEASURES = (
    ("heat_measured_saved", "saved_kwh", "kWh"),
    ("co2_measured_saved", "saved_kg_co2", "kg"),
    ("cost_measured_saved", "saved_cost", None),
)


def account_item(building: AccountedBuilding, issue_time: datetime) -> Item:
    """The item of one account; it holds what was known at `issue_time`."""
    made_at = issue_time.astimezone(UTC).isoformat()
    payload: JsonObject = {"issue_time": made_at, ACCOUNT: building.model_dump(mode="json")}
    return Item(reference=building.reference, payload=payload)


def is_account(item: Item) -> bool:
    """Whether the item asks for an account, not for a plan."""
    return ACCOUNT in item.payload


def measured_benefits(result: Mapping[str, Any]) -> Iterator[Benefit]:
    """What an account adds to the benefit ledger, more use as a negative saving: no one-sided choice is made."""
    account = result[ACCOUNT]
    for measure, column, unit in MEASURES:
        quantity = float(account[column])
        yield Benefit(measure=measure, quantity=quantity, unit=unit or account["currency"], method=account["method"])
