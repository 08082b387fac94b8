"""From a document to an outcome: read, hold to the rules, and decide whether it may be posted without a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from pydantic import JsonValue

from samdrift_platform.contract import Item, Outcome, Store, Verdict
from samdrift_rpa.answer import Answer, ResponseCode
from samdrift_rpa.documents import (
    POSTED,
    Document,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    read_document,
)
from samdrift_rpa.identifiers import without_cpr
from samdrift_rpa.invoice import IncompleteInvoiceError, Invoice, read_invoice
from samdrift_rpa.messages import N_
from samdrift_rpa.policy import Policy
from samdrift_rpa.rules.findings import FailedRule, RuleSet, fatal
from samdrift_rpa.submission import received_on
from samdrift_rpa.voucher import UnbalancedVoucherError, voucher_of

#: How many broken rules a reason quotes, and how many a result keeps; it also says how many there were.
_QUOTED, _KEPT = 3, 100


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

STOPPED = N_("Automatic processing is stopped, so a person decides.")


def to_a_person(item: Item, store: Store) -> Outcome:
    """The outcome of one item in the safe state: no rule and no policy is applied; what can be read is shown."""
    ground = Ground(code="stopped", sentence=STOPPED, values={})
    facts: dict[str, JsonValue] = {"failed_rules": [], "grounds": [ground.to_json()]}
    with suppress(UnreadableDocumentError, UnsupportedDocumentError, IncompleteInvoiceError):  # the person sees that
        facts["invoice"] = _summary(read_invoice(_read(store.get(str(item.payload["document"])))))
    return Outcome(reference=item.reference, verdict=Verdict.WAITING_FOR_PERSON, result=facts, reason=ground.say())


def judge(item: Item, store: Store, engine: Engine) -> Outcome:
    """The outcome of one item; pure: the same item, rules and policy give the same outcome."""
    facts = _provenance(engine)
    try:
        document = _read(store.get(str(item.payload["document"])))
    except (UnreadableDocumentError, UnsupportedDocumentError) as error:
        reason = without_cpr(error.message)
        return Outcome(reference=item.reference, verdict=Verdict.REJECTED, result=facts, reason=reason)
    failed = engine.rules.check(document)
    facts["failed_rules"] = [rule.to_json() for rule in failed[:_KEPT]]
    facts["failed_rules_in_all"] = len(failed)
    if broken := fatal(failed):
        return _rejected(item, document, broken, facts)
    return _accepted(item, document, engine.policy, facts)


def _read(content: bytes) -> Document:
    document = read_document(content)
    if document.type not in POSTED:
        raise UnsupportedDocumentError(f"A document of type {document.type} is not an invoice or a credit note.")
    return document


def _rejected(item: Item, document: Document, broken: Sequence[FailedRule], facts: dict[str, JsonValue]) -> Outcome:
    reason = _reason(broken)
    try:
        invoice = read_invoice(document)
    except IncompleteInvoiceError:  # nobody is named whom an answer could reach: the reason says what is wrong
        return Outcome(reference=item.reference, verdict=Verdict.REJECTED, result=facts, reason=reason)
    facts["invoice"] = _summary(invoice)
    if not invoice.supplier.is_private:
        facts["answer"] = _answer(item, invoice, ResponseCode.TECHNICAL_REJECT, reason).to_json()
    return Outcome(reference=item.reference, verdict=Verdict.REJECTED, result=facts, reason=reason)


def _accepted(item: Item, document: Document, policy: Policy, facts: dict[str, JsonValue]) -> Outcome:
    try:
        invoice = read_invoice(document)
        facts["invoice"] = _summary(invoice)
        grounds = [*_grounds(item, invoice, policy)]
        facts["voucher"] = voucher_of(invoice, policy).to_json()
    except IncompleteInvoiceError:
        grounds = [Ground(code="incomplete", sentence=INCOMPLETE, values={})]
    except UnbalancedVoucherError:
        grounds.append(Ground(code="unbalanced", sentence=UNBALANCED, values={}))
    if grounds:
        facts["grounds"] = [ground.to_json() for ground in grounds]
        reason = " ".join(ground.say() for ground in grounds)
        return Outcome(reference=item.reference, verdict=Verdict.WAITING_FOR_PERSON, result=facts, reason=reason)
    facts["answer"] = _answer(item, invoice, ResponseCode.BUSINESS_ACCEPT, "").to_json()
    return Outcome(reference=item.reference, verdict=Verdict.DONE, result=facts)


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
    if "same_number_as" in item.payload:
        yield Ground(code="same_number", sentence=SAME_NUMBER, values={})


def _answer(item: Item, invoice: Invoice, code: ResponseCode, description: str) -> Answer:
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


def _provenance(engine: Engine) -> dict[str, JsonValue]:
    return {
        "rule_set": {"name": engine.rules.name, "official": engine.rules.official},
        "policy": {
            "version": engine.policy.version,
            "digest": engine.policy.digest,
            "time_spend_per_occurance_min": engine.policy.time_spend_per_occurance_min,
        },
        "failed_rules": [],
    }


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


def _reason(broken: Sequence[FailedRule]) -> str:
    quoted = "; ".join(f"[{rule.code}] {rule.say()}" for rule in broken[:_QUOTED])
    more = f" (and {len(broken) - _QUOTED} more)" if len(broken) > _QUOTED else ""
    return quoted + more


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
