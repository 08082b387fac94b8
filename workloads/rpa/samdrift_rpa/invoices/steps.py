"""The steps that an invoice is taken through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import JsonValue

from samdrift_platform.cpr import mask
from samdrift_platform.question import Decision, Question
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.documents import UnreadableDocumentError, UnsupportedDocumentError, read_document
from samdrift_rpa.invoices import questions
from samdrift_rpa.invoices.answer import ResponseCode
from samdrift_rpa.invoices.answering import answer_supplier
from samdrift_rpa.invoices.ground import Ground
from samdrift_rpa.invoices.grounds import INCOMPLETE_GROUND, grounds_of
from samdrift_rpa.invoices.invoice import IncompleteInvoiceError, Invoice, read_invoice
from samdrift_rpa.invoices.invoice_run import InvoiceRun
from samdrift_rpa.invoices.order import Order, UnreadableOrderError, read_order
from samdrift_rpa.invoices.order_match import Match, match
from samdrift_rpa.invoices.refusal import LABELS, RefusalReason
from samdrift_rpa.invoices.summary import read_posted, summary
from samdrift_rpa.invoices.voucher import UnbalancedVoucherError, voucher_of
from samdrift_rpa.messages import N_
from samdrift_rpa.rules.ended import UnfinishedError
from samdrift_rpa.rules.findings import FailedRule, fatal
from samdrift_rpa.step import step

POST_VOUCHER = "post_voucher"
#: How many broken rules a reason quotes, and how many a result keeps; it also says how many there were.
_QUOTED, _KEPT = 3, 100

REFUSED = N_("A person refused it: %(reason)s.")
UNFINISHED = N_("It is so large that the official rules were not done with it in time, so nobody knows if it holds.")
ORDER_UNREADABLE = N_("An order document that came with it cannot be read.")


@step(da="Læs dokumentet", en="Read the document")
def read(run: InvoiceRun) -> None:
    """Bytes to a document of a type that is posted, and its facts."""
    for name, value in run.engine.provenance().items():
        run.note(name, value)
    try:
        run.document = read_posted(run.store.get(run.given.document))
    except (UnreadableDocumentError, UnsupportedDocumentError) as error:
        raise BusinessError("unreadable", "%(what)s", what=mask(error.message)) from error
    try:
        run.invoice = read_invoice(run.document)
    except IncompleteInvoiceError:  # nobody is named whom an answer could reach: the rules say what is wrong
        return
    run.note("invoice", summary(run.invoice))
    if "first_item" in run.item.payload:
        run.note("first_item", run.item.payload["first_item"])


@step(da="Hold det op mod reglerne", en="Hold it to the rules")
def hold_to_rules(run: InvoiceRun) -> None:
    """What breaks a fatal rule is rejected, and its supplier told; unless people have settled it before."""
    try:
        findings = run.engine.rules.validate(run.document)
    except UnfinishedError:
        run.grounds += (Ground(code="rules_unfinished", sentence=UNFINISHED, postable=False),)
        return
    failed = findings.all
    run.note("rule_set", {"name": ", ".join(findings.held_to), "official": findings.official})
    run.note("failed_rules", [rule.to_json() for rule in failed[:_KEPT]])
    run.note("failed_rules_in_all", len(failed))
    run.note("scores", {"failed_rules": len(failed)})
    if (broken := fatal(failed)) and not _is_settled(run):
        reason = _quoted(broken)
        answer_supplier(run, ResponseCode.TECHNICAL_REJECT, reason, RefusalReason.OTHER)
        raise BusinessError("rules", "%(reason)s", reason=reason)


@step(da="Hold det op mod ordren", en="Hold it against its order")
def match_order(run: InvoiceRun) -> None:
    """By the number of the order: parties, currency, lines, quantities and amounts."""
    if run.invoice is None:
        return
    orders = [*_orders(run)]
    found = match(run.invoice, orders, run.engine.policy.orders)
    run.grounds += found.grounds
    if len(orders) < len(run.given.orders):
        run.grounds += (Ground(code="order_unreadable", sentence=ORDER_UNREADABLE),)
    run.note("order_match", _told(run.invoice, found))


@step(da="Vurdér, om en medarbejder skal godkende", en="Decide whether a person must approve")
def approve(run: InvoiceRun) -> None:
    """What the policy reserves for a person is asked; refused, it is rejected.

    What people have decided stands, also when there would be nothing to ask by now: the rules were done in time today,
    or the policy is another.
    """
    run.grounds += tuple(_unusual(run))
    _note_voucher(run)
    if run.grounds:
        run.note("grounds", [ground.to_json() for ground in run.grounds])
    decision = _decided(run) or (run.ask(_question(run)) if run.grounds else None)
    if decision is None:
        return
    if decision.choice == questions.REJECT:
        _refuse(run, decision)
    if decision.choice == questions.BY_HAND:
        run.by_hand = True
        run.note("by_hand", list(decision.people))


@step(da="Bogfør", en="Post the voucher")
def post(run: InvoiceRun) -> None:
    """Once, in the ERP system."""
    if not run.by_hand:
        run.effect(POST_VOUCHER, {"voucher": str(run.facts["voucher"])})


@step(da="Svar leverandøren", en="Answer the supplier")
def answer(run: InvoiceRun) -> None:
    """Once, by the access point."""
    answer_supplier(run, ResponseCode.BUSINESS_ACCEPT)


def _decided(run: InvoiceRun) -> Decision | None:
    return run.item.earlier.decision(questions.APPROVAL)


def _is_settled(run: InvoiceRun) -> bool:
    """A person posted or refused it; a document is rejected for its rules no more."""
    decision = _decided(run)
    return decision is not None and decision.choice in (questions.BY_HAND, questions.REJECT)


def _orders(run: InvoiceRun) -> Iterator[Order]:
    for reference in run.given.orders:
        try:
            yield read_order(read_document(run.store.get(reference)))
        except (UnreadableDocumentError, UnsupportedDocumentError, UnreadableOrderError):
            continue  # counted by the caller: a person sees it


def _told(invoice: Invoice, found: Match) -> dict[str, JsonValue]:
    """For the result: which orders it names, which of them came along, and whether it fits them."""
    matched: bool | None = not found.grounds if found.orders else None
    return {"named": [*invoice.order_numbers], "held_against": [o.number for o in found.orders], "fits": matched}


def _unusual(run: InvoiceRun) -> list[Ground]:
    if run.invoice is None:
        return [INCOMPLETE_GROUND]
    same_number = "same_reference" in run.item.payload
    return grounds_of(run.invoice, run.engine.policy, same_number=same_number)


def _note_voucher(run: InvoiceRun) -> None:
    """Kept as an object, so that a person sees what would be posted; texts of lines stay out of the database."""
    if run.invoice is None:
        return
    try:
        voucher = voucher_of(run.invoice, run.engine.policy)
    except UnbalancedVoucherError:  # a ground says so
        return
    run.note("voucher", run.store.put(json.dumps(voucher.to_json(), ensure_ascii=False, sort_keys=True).encode()))


def _question(run: InvoiceRun) -> Question:
    evidence = questions.Evidence(
        document=run.given.document,
        orders=run.given.orders,
        first=str(run.item.payload.get("same_reference", "")),
    )
    policy = run.engine.policy
    asked = questions.approval(run.invoice, run.grounds, evidence, within_days=policy.answer_within_days)
    return replace(asked, deciders=policy.deciders)


def _refuse(run: InvoiceRun, decision: Decision) -> None:
    """The supplier is told in the person's words; the item keeps the code."""
    code = RefusalReason(str(decision.fields["reason_code"]))
    answer_supplier(run, ResponseCode.BUSINESS_REJECT, str(decision.fields["reason"]), code)
    raise BusinessError(f"refused_{code.lower()}", REFUSED, reason=LABELS[code]["en"])


def _quoted(broken: Sequence[FailedRule]) -> str:
    """The first broken rules in a sentence, and how many more there are."""
    quoted = "; ".join(f"[{rule.code}] {rule.say()}" for rule in broken[:_QUOTED])
    more = f" (and {len(broken) - _QUOTED} more)" if len(broken) > _QUOTED else ""
    return quoted + more
