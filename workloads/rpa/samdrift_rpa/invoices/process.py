"""Incoming invoices: held to their rules, posted once as a voucher, and answered once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from samdrift_platform.contract import Question, Store
from samdrift_platform.cpr import mask
from samdrift_platform.question import Choice
from samdrift_rpa.business_error import BusinessError
from samdrift_rpa.documents import Document, UnreadableDocumentError, UnsupportedDocumentError, read_document
from samdrift_rpa.invoices import judging
from samdrift_rpa.invoices.answer import ResponseCode
from samdrift_rpa.invoices.invoice import IncompleteInvoiceError, Invoice, read_invoice
from samdrift_rpa.invoices.judging import Engine, Ground
from samdrift_rpa.invoices.voucher import voucher_of
from samdrift_rpa.process import EffectSpec, LegalBasis, Process, TimeSaved
from samdrift_rpa.rules.findings import fatal
from samdrift_rpa.run import Run
from samdrift_rpa.step import step

POST_VOUCHER, SEND_ANSWER = "post_voucher", "send_answer"
_LONGEST_REFERENCE = 120

ObjectReference = Annotated[str, StringConstraints(pattern="^sha256:[0-9a-f]{64}$")]


class IncomingInvoice(BaseModel):
    """One invoice or credit note that was received, as a reference to the stored document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: ObjectReference = Field(description="The XML document, stored before.")


class InvoiceRun(Run):
    """An invoice on its way."""

    given: IncomingInvoice
    engine: Engine
    document: Document
    invoice: Invoice


@step(da="Læs dokumentet", en="Read the document")
def read(run: InvoiceRun) -> None:
    """Bytes to a document of a type that is posted."""
    for name, value in judging.provenance(run.engine).items():
        run.note(name, value)
    try:
        run.document = judging.read(run.store.get(run.given.document))
    except (UnreadableDocumentError, UnsupportedDocumentError) as error:
        raise BusinessError("unreadable", "%(what)s", what=mask(error.message)) from error


@step(da="Hold det op mod reglerne", en="Hold it to the rules")
def hold_to_rules(run: InvoiceRun) -> None:
    """What breaks a fatal rule is rejected, and its supplier told."""
    failed = run.engine.rules.check(run.document)
    run.note("failed_rules", [rule.to_json() for rule in failed[: judging.KEPT]])
    run.note("failed_rules_in_all", len(failed))
    run.note("scores", {"failed_rules": len(failed)})
    if broken := fatal(failed):
        reason = judging.reason_of(broken)
        _answer_rejection(run, reason)
        raise BusinessError("rules", "%(reason)s", reason=reason)


@step(da="Afgør om et menneske skal godkende", en="Decide whether a person must approve")
def approve(run: InvoiceRun) -> None:
    """What the policy reserves for a person is asked; refused, it is rejected."""
    grounds = judging.grounds_of(run)
    if not grounds:
        return
    run.note("grounds", [ground.to_json() for ground in grounds])
    decision = run.ask(_approval(grounds))
    if decision.choice == "reject":
        why = str(decision.fields.get("reason") or "")
        _answer_rejection(run, why)
        raise BusinessError("refused", "A person refused it.")


@step(da="Bogfør", en="Post the voucher")
def post(run: InvoiceRun) -> None:
    """Once, in the ERP system."""
    run.effect(POST_VOUCHER, voucher_of(run.invoice, run.engine.policy).to_json())


@step(da="Svar leverandøren", en="Answer the supplier")
def answer(run: InvoiceRun) -> None:
    """Once, by the access point."""
    made = judging.answer_of(run.item, run.invoice, ResponseCode.BUSINESS_ACCEPT, "").to_json()
    run.note("answer", made)
    run.effect(SEND_ANSWER, made)


def reference_of(given: IncomingInvoice, store: Store) -> str:
    """`DK16356706 Invoice A00095678`; the content's digest where that cannot be read or would name a person."""
    content = store.get(given.document)
    by_content = "document sha256:" + hashlib.sha256(content).hexdigest()
    try:
        invoice = read_invoice(read_document(content))
    except (UnreadableDocumentError, UnsupportedDocumentError, IncompleteInvoiceError):
        return by_content
    reference = f"{invoice.supplier.number} {invoice.type} {' '.join(invoice.number.split())}"
    return by_content if invoice.supplier.is_private or len(reference) > _LONGEST_REFERENCE else reference


def _answer_rejection(run: InvoiceRun, reason: str) -> None:
    invoice = judging.invoice_of(run)
    if invoice is not None and not invoice.supplier.is_private:
        made = judging.answer_of(run.item, invoice, ResponseCode.TECHNICAL_REJECT, reason).to_json()
        run.note("answer", made)
        run.effect(SEND_ANSWER, made)


def _approval(grounds: list[Ground]) -> Question:
    return Question(
        code="approval",
        title={"da": "Skal fakturaen bogføres?", "en": "Shall this invoice be posted?"},
        reasons=tuple({"en": ground.say(), "da": ground.say()} for ground in grounds),
        choices=(
            Choice(code="approve", label={"da": "Godkend og bogfør", "en": "Approve and post"}),
            Choice(code="reject", label={"da": "Afvis", "en": "Reject"}),
        ),
    )


def _load(models: Mapping[str, Any]) -> Engine:
    from samdrift_rpa.invoices.policy import read_policy
    from samdrift_rpa.rules import choose

    return Engine(rules=choose(), policy=read_policy())


process = Process(
    name="invoices",
    title={"da": "Indgående fakturaer", "en": "Incoming invoices"},
    purpose={
        "da": "Holder fakturaer op mod reglerne, bogfører dem én gang og svarer leverandøren én gang.",
        "en": "Holds invoices to the rules, posts them once and answers their suppliers once.",
    },
    given=IncomingInvoice,
    reference=reference_of,
    run=InvoiceRun,
    steps=(read, hold_to_rules, approve, post, answer),
    effects=(
        EffectSpec(step=POST_VOUCHER, receiver="erp", title={"da": "Bilag bogført", "en": "Voucher posted"}),
        EffectSpec(step=SEND_ANSWER, receiver="access_point", title={"da": "Svar sendt", "en": "Answer sent"}),
    ),
    load=_load,
    glance=judging.glance,
    legal_basis=LegalBasis(
        clause="GDPR art. 6(1)(c) and (e); bogføringsloven",
        purpose={"da": "Betaling af leverandører", "en": "Paying suppliers"},
    ),
    kle=("00.32.02",),
    time_saved=TimeSaved(time_spend_per_occurance_min=6.0),
    example={"document": "sha256:" + "0123456789abcdef" * 4},
)
