"""What lists and people see of an invoice; no personal data, so that it may stand in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from samdrift_platform.contract import Store
from samdrift_rpa.documents import (
    PEPPOL_BILLING,
    POSTED,
    Document,
    Standard,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    read_document,
)
from samdrift_rpa.invoices.invoice import SELF_BILLED, IncompleteInvoiceError, Invoice, read_invoice
from samdrift_rpa.ubl import text

if TYPE_CHECKING:
    from samdrift_rpa.invoices.invoice_run import IncomingInvoice


def read_posted(content: bytes) -> Document:
    """A document of a type that is posted; UnreadableDocumentError or UnsupportedDocumentError otherwise.

    In a self-billed one the parties have changed places: it claims nothing from who receives it.
    """
    document = read_document(content)
    if document.type not in POSTED:
        raise UnsupportedDocumentError(f"A document of type {document.type} is not an invoice or a credit note.")
    if document.standard is Standard.PEPPOL and not document.customization_id.startswith(PEPPOL_BILLING):
        raise UnsupportedDocumentError("Of Peppol's invoices those of BIS Billing 3.0 are posted; send that.")
    codes = {text(document.root, f"cbc:{name}") for name in ("InvoiceTypeCode", "CreditNoteTypeCode")}
    if codes & SELF_BILLED:
        raise UnsupportedDocumentError("The document is self-billed: its receiver sold and does not pay.")
    return document


def summary(invoice: Invoice) -> dict[str, JsonValue]:
    """The facts that lists show; a private supplier has neither name nor number here."""
    return {
        "type": str(invoice.type),
        "standard": str(invoice.standard),
        "number": invoice.number,
        "supplier": invoice.supplier.number,
        "supplier_name": invoice.supplier.public_name,
        "issue_date": invoice.issue_date.isoformat(),
        "due_date": invoice.due_date.isoformat() if invoice.due_date else None,
        "currency": invoice.currency,
        "payable_amount": f"{invoice.payable_amount:.2f}",
        "orders": [*invoice.order_numbers],
    }


def glance(given: IncomingInvoice, store: Store) -> dict[str, JsonValue]:
    """What can be read of a document, for a person who handles it without the robot."""
    try:
        return {"invoice": summary(read_invoice(read_posted(store.get(given.document))))}
    except (UnreadableDocumentError, UnsupportedDocumentError, IncompleteInvoiceError):  # the person sees that
        return {}
