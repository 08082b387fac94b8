"""The policy file of the process: what may be posted without a person, and to which accounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from samdrift_platform.question import UNIT, Deciders
from samdrift_rpa.identifiers import Identifier, without_spaces
from samdrift_rpa.own_minutes import OwnMinutes
from samdrift_rpa.policy_file import read_policy_file
from samdrift_rpa.settings import POLICY


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


class OrderPolicy(BaseModel):
    """How an invoice is held against its order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: An invoice that names no order, or one that did not come with it, waits for a person.
    required: bool = False
    #: What a line, or a whole document, may cost more than was ordered: the larger of an amount and a share.
    amount_tolerance: Decimal = Field(default=Decimal(0), ge=0)
    percent_tolerance: Decimal = Field(default=Decimal(0), ge=0, le=100)

    def tolerance(self, ordered: Decimal) -> Decimal:
        """How much more than `ordered` may be invoiced, in the same currency."""
        return max(self.amount_tolerance, abs(ordered) * self.percent_tolerance / 100)


class Approvers(BaseModel):
    """Who decides about invoices: one of the roles, in one of the units. Empty: whoever may decide at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[Literal["case_worker", "clinical", "domain", "operator"], ...] = ()
    units: tuple[Annotated[str, Field(pattern=f"^{UNIT.pattern}$", max_length=80)], ...] = ()


class Policy(OwnMinutes):
    """Who may decide what. People sign it, so it is a file with a version and not code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    #: Invoices in any other currency wait for a person: no exchange rates here.
    currency: str = Field(pattern="^[A-Z]{3}$")
    #: A payable amount above this (or below its negative) waits for a person.
    amount_limit: Decimal = Field(gt=0)
    #: And above this for two, who must decide the same; None: one is always enough.
    two_people_above: Decimal | None = Field(default=None, gt=0)
    #: The same for documents in other currencies, ISO 4217 code -> amount; of any other currency nothing is too small.
    two_people_above_in: Mapping[str, Decimal] = {}
    approvers: Approvers = Approvers()
    #: `EndpointID` values that documents may be addressed to, GLN or CVR; empty: it is not checked.
    our_endpoints: tuple[str, ...] = ()
    #: CVR numbers and GLNs whose check digit does not hold wait for a person.
    check_digits: bool = True
    orders: OrderPolicy = OrderPolicy()
    #: Days that a question may wait before it is escalated.
    answer_within_days: float = Field(default=3.0, gt=0)
    accounts: Accounts
    #: UBL `AccountingCost` that the supplier quotes -> account.
    accounts_by_accounting_cost: Mapping[str, str]
    #: `sha256:` over the file, so that an outcome can name exactly what it was judged by.
    digest: str = ""

    @field_validator("our_endpoints")
    @classmethod
    def _normal(cls, endpoints: tuple[str, ...]) -> tuple[str, ...]:
        """Without spaces, and a CVR number with its `DK`."""
        return tuple(_normal(endpoint) for endpoint in endpoints)

    @model_validator(mode="after")
    def _in_order(self) -> Policy:
        if self.two_people_above is not None and self.two_people_above < self.amount_limit:
            raise ValueError("two_people_above must not be below amount_limit")
        return self

    def two_people_limit(self, currency: str) -> Decimal | None:
        """Above which amount in `currency` two people decide; None: never."""
        if self.two_people_above is None or currency == self.currency:
            return self.two_people_above
        return self.two_people_above_in.get(currency, Decimal(0))

    @property
    def deciders(self) -> Deciders:
        """Who decides about invoices, as a question says it."""
        return Deciders(roles=self.approvers.roles, units=self.approvers.units)

    def is_ours(self, endpoint: Identifier) -> bool:
        """Documents may be addressed to `endpoint`."""
        return not self.our_endpoints or endpoint.normal in self.our_endpoints

    def account_for(self, accounting_cost: str) -> str:
        """The expense account for an `AccountingCost`."""
        return self.accounts_by_accounting_cost.get(accounting_cost, self.accounts.expense)


def _normal(endpoint: str) -> str:
    plain = without_spaces(endpoint)
    return f"DK{plain}" if re.fullmatch(r"\d{8}", plain) else plain


def read_policy(path: Path | None = None) -> Policy:
    """The policy at `path`, or the one that the settings name; SettingError when it cannot be used."""
    policy, digest = read_policy_file(Policy, "invoices", POLICY, path)
    return policy.model_copy(update={"digest": digest})
