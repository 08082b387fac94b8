"""Documents that come in together: orders go along with the invoices that name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from samdrift_rpa.documents import UnreadableDocumentError, UnsupportedDocumentError, read_document
from samdrift_rpa.invoices.invoice import IncompleteInvoiceError, read_invoice
from samdrift_rpa.invoices.invoice_run import MOST_ORDERS
from samdrift_rpa.invoices.order import UnreadableOrderError, read_order


def bundle(documents: Mapping[str, bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A case for every document that is no order, with its reference; `documents` are bytes by reference.

    What cannot be read is a case too: the process says why it is none that it posts.
    """
    orders = {reference: number for reference, content in documents.items() if (number := _order_number(content))}
    for reference, content in documents.items():
        if reference not in orders:
            named = _order_numbers(content)
            along = [order for order, number in orders.items() if number in named]
            yield reference, {"document": reference, "orders": along[:MOST_ORDERS]}


def _order_number(content: bytes) -> str:
    """The number of an order, change or cancellation; empty for anything else."""
    with suppress(UnreadableDocumentError, UnsupportedDocumentError, UnreadableOrderError):  # then it is none
        return read_order(read_document(content)).number
    return ""


def _order_numbers(content: bytes) -> tuple[str, ...]:
    with suppress(UnreadableDocumentError, UnsupportedDocumentError, IncompleteInvoiceError):  # its steps say why
        return read_invoice(read_document(content)).order_numbers
    return ()
