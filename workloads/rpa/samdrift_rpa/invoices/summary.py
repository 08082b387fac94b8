"""What lists and people see of an invoice; no personal data, so that it may stand in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from samdrift_platform.contract import Store
from samdrift_rpa.documents import (
    POSTED,
    Document,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    read_document,
)
from samdrift_rpa.invoices.invoice import IncompleteInvoiceError, Invoice, read_invoice

if TYPE_CHECKING:
    from samdrift_rpa.invoices.invoice_run import IncomingInvoice


def read_posted(content: bytes) -> Document:
    """A document of a type that is posted; UnreadableDocumentError or UnsupportedDocumentError otherwise."""
    document = read_document(content)
    if document.type not in POSTED:
        raise UnsupportedDocumentError(f"A document of type {document.type} is not an invoice or a credit note.")
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
