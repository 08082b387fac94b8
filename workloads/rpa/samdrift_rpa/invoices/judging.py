"""What the steps need to know about a document: whether it may be posted without a person, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import JsonValue

from samdrift_platform.contract import Item, Store
from samdrift_rpa.documents import (
    POSTED,
    Document,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    read_document,
)
from samdrift_rpa.hours import COPENHAGEN
from samdrift_rpa.invoices.answer import Answer, ResponseCode
from samdrift_rpa.invoices.invoice import IncompleteInvoiceError, Invoice, read_invoice
from samdrift_rpa.invoices.policy import Policy
from samdrift_rpa.invoices.voucher import UnbalancedVoucherError, voucher_of
from samdrift_rpa.messages import N_
from samdrift_rpa.rules.findings import FailedRule, RuleSet

if TYPE_CHECKING:
    from samdrift_rpa.invoices.process import IncomingInvoice, InvoiceRun

#: How many broken rules a reason quotes, and how many a result keeps; it also says how many there were.
_QUOTED, KEPT = 3, 100
#: An invoice that is not answered within this time is late.
ANSWER_WITHIN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What a replica holds: compiled rules and the policy."""

    rules: RuleSet
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Why a person must decide: a code, and a sentence that is a message id with `%(names)s`."""

    code: str
    sentence: str
    values: Mapping[str, str]

    def to_json(self) -> dict[str, JsonValue]:
        """As it is kept in a result."""
        return {"code": self.code, "sentence": self.sentence, "values": dict(self.values)}

    def say(self) -> str:
        """The sentence in English, for the item's reason."""
        return self.sentence % self.values


ABOVE_LIMIT = N_("The amount of %(amount)s %(currency)s is above the limit of %(limit)s %(currency)s.")
OTHER_CURRENCY = N_("The document is in %(currency)s; only %(expected)s is posted without a person.")
PRIVATE_PERSON = N_("The supplier is a private person, and payment may have to be reported as income.")
SAME_NUMBER = N_("Another document with the same supplier and number but other content came with this one.")
UNBALANCED = N_("The document passes its rules, but its amounts do not balance as a voucher.")
INCOMPLETE = N_("The document passes its rules, but lacks a fact that posting needs.")


def read(content: bytes) -> Document:
    """A document of a type that is posted; UnreadableDocumentError or UnsupportedDocumentError otherwise."""
    document = read_document(content)
    if document.type not in POSTED:
        raise UnsupportedDocumentError(f"A document of type {document.type} is not an invoice or a credit note.")
    return document


def invoice_of(run: InvoiceRun) -> Invoice | None:
    """What the document says, kept with the run; None when a fact is lacking."""
    try:
        invoice = read_invoice(run.document)
    except IncompleteInvoiceError:  # nobody is named whom an answer could reach: the reason says what is wrong
        return None
    run.invoice = invoice
    run.note("invoice", _summary(invoice))
    return invoice


def grounds_of(run: InvoiceRun) -> list[Ground]:
    """Why a person must decide about it; empty: nobody must."""
    invoice = invoice_of(run)
    if invoice is None:
        return [Ground(code="incomplete", sentence=INCOMPLETE, values={})]
    grounds = [*_grounds(run.item, invoice, run.engine.policy)]
    try:
        run.note("voucher", voucher_of(invoice, run.engine.policy).to_json())
    except UnbalancedVoucherError:
        grounds.append(Ground(code="unbalanced", sentence=UNBALANCED, values={}))
    return grounds


def _grounds(item: Item, invoice: Invoice, policy: Policy) -> Iterator[Ground]:
    """What the policy reserves for a person."""
    if invoice.currency != policy.currency:
        values = {"currency": invoice.currency, "expected": policy.currency}
        yield Ground(code="currency", sentence=OTHER_CURRENCY, values=values)
    elif abs(invoice.payable_amount) > policy.amount_limit:
        values = {"amount": _money(invoice.payable_amount), "limit": _money(policy.amount_limit)}
        yield Ground(code="limit", sentence=ABOVE_LIMIT, values={**values, "currency": policy.currency})
    if invoice.supplier.is_private:
        yield Ground(code="person", sentence=PRIVATE_PERSON, values={})
    if item.payload.get("same_reference"):
        yield Ground(code="same_number", sentence=SAME_NUMBER, values={})


def answer_of(item: Item, invoice: Invoice, code: ResponseCode, description: str) -> Answer:
    """The answer to the supplier, dated the day of receipt."""
    return Answer(
        response_code=code,
        description=description,
        issue_date=(received_on(item) or invoice.issue_date).isoformat(),
        profile=invoice.profile,
        profile_scheme=invoice.profile_scheme,
        sender=invoice.customer,
        receiver=invoice.supplier,
        document_type=invoice.type,
        document_number=invoice.number,
        document_uuid=invoice.uuid,
        document_issue_date=invoice.issue_date.isoformat(),
    )


def received_on(item: Item) -> date | None:
    """The Danish day on which the document was received, told from the item's deadline."""
    return (item.deadline - ANSWER_WITHIN).astimezone(COPENHAGEN).date() if item.deadline else None


def provenance(engine: Engine) -> dict[str, JsonValue]:
    """Which rules and which policy decided."""
    return {
        "rule_set": {"name": engine.rules.name, "official": engine.rules.official},
        "policy": {"version": engine.policy.version, "digest": engine.policy.digest},
        "failed_rules": [],
        **_time_saved(engine.policy),
    }


def _time_saved(policy: Policy) -> dict[str, JsonValue]:
    """The policy's own minutes, where it says them."""
    minutes = policy.time_spend_per_occurance_min
    if minutes is None:
        return {}
    return {"time_saved": {"time_spend_per_occurance_min": minutes, "policy": policy.version}}


def glance(given: IncomingInvoice, store: Store) -> dict[str, JsonValue]:
    """What can be read of a document, for a person who handles it without the robot."""
    try:
        return {"invoice": _summary(read_invoice(read(store.get(given.document))))}
    except (UnreadableDocumentError, UnsupportedDocumentError, IncompleteInvoiceError):  # the person sees that
        return {}


def _summary(invoice: Invoice) -> dict[str, JsonValue]:
    """What lists show."""
    return {
        "type": str(invoice.type),
        "number": invoice.number,
        "supplier": invoice.supplier.number,
        "supplier_name": invoice.supplier.name,
        "issue_date": invoice.issue_date.isoformat(),
        "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
        "currency": invoice.currency,
        "payable_amount": _money(invoice.payable_amount),
    }


def reason_of(broken: Sequence[FailedRule]) -> str:
    """The first broken rules in a sentence, and how many more there are."""
    quoted = "; ".join(f"[{rule.code}] {rule.say()}" for rule in broken[:_QUOTED])
    more = f" (and {len(broken) - _QUOTED} more)" if len(broken) > _QUOTED else ""
    return quoted + more


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
