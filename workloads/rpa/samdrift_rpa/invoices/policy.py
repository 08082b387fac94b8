"""The policy file of the process: what may be posted without a person, and to which accounts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from samdrift_platform.errors import SettingError
from samdrift_rpa.settings import POLICY

SHIPPED = Path(__file__).parent.parent / "policies" / "invoices.json"


class Accounts(BaseModel):
    """Where amounts go when nothing more particular is said. The shipped numbers are examples of no one's plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Purchases, and allowances and charges of the whole invoice.
    expense: str
    #: VAT that is recovered.
    input_vat: str
    #: `PayableRoundingAmount`.
    rounding: str
    #: `PrepaidAmount`.
    prepaid: str
    #: What is owed to suppliers.
    payable: str


class Policy(BaseModel):
    """Who may decide what. People sign it, so it is a file with a version and not code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    #: Invoices in any other currency wait for a person: no exchange rates here.
    currency: str = Field(pattern="^[A-Z]{3}$")
    #: A payable amount above this (or below its negative) waits for a person.
    amount_limit: Decimal = Field(gt=0)
    accounts: Accounts
    #: UBL `AccountingCost` that the supplier quotes -> account.
    accounts_by_accounting_cost: Mapping[str, str]
    #: Minutes that one invoice takes by hand (OS2autoproces' `timeSpendPerOccurance`); None: what the process says.
    time_spend_per_occurance_min: float | None = Field(default=None, gt=0)
    #: `sha256:` over the file, so that an outcome can name exactly what it was judged by.
    digest: str = ""

    def account_for(self, accounting_cost: str) -> str:
        """The expense account for an `AccountingCost`."""
        return self.accounts_by_accounting_cost.get(accounting_cost, self.accounts.expense)


def read_policy(path: Path | None = None) -> Policy:
    """The policy at `path`, or the one that the settings name; SettingError when it cannot be used."""
    path = path or (Path(POLICY.value()) if POLICY.value() else SHIPPED)
    try:
        content = path.read_bytes()
        policy = Policy.model_validate_json(content)
    except (OSError, ValidationError) as error:
        raise SettingError(f"The policy {path} cannot be used: {error}", field=POLICY.name) from error
    return policy.model_copy(update={"digest": "sha256:" + hashlib.sha256(content).hexdigest()})
