"""Answers the supplier of an invoice: once, in the format of the document, dated the day of receipt."""

from __future__ import annotations

import json

from samdrift_rpa.invoices.answer import Answer, ResponseCode
from samdrift_rpa.invoices.invoice import Invoice
from samdrift_rpa.invoices.invoice_run import InvoiceRun
from samdrift_rpa.invoices.refusal import RefusalReason

SEND_ANSWER = "send_answer"


def answer_supplier(
    run: InvoiceRun, code: ResponseCode, description: str = "", reason: RefusalReason | None = None
) -> None:
    """Plan the answer; nobody is answered who is a private person, or whom the document does not name.

    The answer lies in the object store: names and what a person wrote stay out of the database.
    """
    invoice = run.invoice
    if invoice is None or invoice.supplier.is_private:
        return
    answer = _answer(run, invoice, code, description, reason)
    stored = run.store.put(json.dumps(answer.to_json(), ensure_ascii=False, sort_keys=True).encode())
    run.note("answer", {"response_code": str(code), "reason_code": str(reason or ""), "object": stored})
    run.effect(SEND_ANSWER, {"answer": stored})


def _answer(
    run: InvoiceRun, invoice: Invoice, code: ResponseCode, description: str, reason: RefusalReason | None
) -> Answer:
    return Answer(
        standard=invoice.standard,
        response_code=code,
        description=description,
        reason=reason,
        issue_date=(run.received_on or invoice.issue_date).isoformat(),
        profile=invoice.profile,
        profile_scheme=invoice.profile_scheme,
        sender=invoice.customer,
        receiver=invoice.supplier,
        document_type=invoice.type,
        document_type_code=invoice.type_code,
        document_number=invoice.number,
        document_uuid=invoice.uuid,
        document_issue_date=invoice.issue_date.isoformat(),
    )
