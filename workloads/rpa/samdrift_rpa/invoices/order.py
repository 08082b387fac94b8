"""The facts of an order that was sent to a supplier, as a value: from an OIOUBL order, change or cancellation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from samdrift_platform.errors import InputError
from samdrift_rpa.documents import Document, DocumentType
from samdrift_rpa.invoices.invoice import Party, read_party
from samdrift_rpa.ubl import Element, amount, date_of, elements, text

BUYER, SELLER = "cac:BuyerCustomerParty/cac:Party", "cac:SellerSupplierParty/cac:Party"
#: What is read as an order: a change says the whole order anew, a cancellation takes it back.
ORDERS = (DocumentType.ORDER, DocumentType.ORDER_CHANGE, DocumentType.ORDER_CANCELLATION)


class UnreadableOrderError(InputError):
    """The document is no order to hold an invoice against. Send the OIOUBL order, change or cancellation."""


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """One line of an order; amounts in the order's currency, without VAT."""

    id: str
    name: str
    quantity: Decimal
    #: None: the order states no amount for the line.
    line_extension_amount: Decimal | None
    sellers_item: str
    standard_item: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order as it stands in one document."""

    type: DocumentType
    #: The buyer's number: of the order itself, or of the order that is changed or cancelled.
    number: str
    issue_date: date
    buyer: Party
    seller: Party
    #: Empty where none is stated.
    currency: str
    lines: tuple[OrderLine, ...]

    @property
    def is_cancelled(self) -> bool:
        """The buyer took it back."""
        return self.type is DocumentType.ORDER_CANCELLATION


def read_order(document: Document) -> Order:
    """The facts of an order; UnreadableOrderError where one is missing or cannot be read."""
    if document.type not in ORDERS:
        raise UnreadableOrderError(f"A document of type {document.type} is not an order.")
    try:
        return _order(document.type, document.root)
    except ValueError as error:
        raise UnreadableOrderError(f"A fact of the order is missing or cannot be read: {error}.") from error


def last_word(documents: Iterable[Order]) -> Order | None:
    """The order as it stands after `documents` about it; None: there are none.

    A change replaces what was ordered and a cancellation ends it, whatever their dates; of several changes the one that
    was issued last counts.
    """
    return max(documents, key=lambda order: (ORDERS.index(order.type), order.issue_date), default=None)


def _order(kind: DocumentType, root: Element) -> Order:
    number = text(root, "cbc:ID" if kind is DocumentType.ORDER else "cac:OrderReference/cbc:ID")
    if not number:
        raise ValueError("the number of the order is missing")
    return Order(
        type=kind,
        number=number,
        issue_date=date_of(text(root, "cbc:IssueDate")),
        buyer=read_party(root, BUYER),
        seller=read_party(root, SELLER),
        currency=text(root, "cbc:DocumentCurrencyCode"),
        lines=tuple(_line(element) for element in elements(root, "cac:OrderLine/cac:LineItem")),
    )


def _line(item: Element) -> OrderLine:
    stated = text(item, "cbc:LineExtensionAmount")
    return OrderLine(
        id=text(item, "cbc:ID"),
        name=text(item, "cac:Item/cbc:Name"),
        quantity=amount(item, "cbc:Quantity", "1"),
        line_extension_amount=amount(item, "cbc:LineExtensionAmount") if stated else None,
        sellers_item=text(item, "cac:Item/cac:SellersItemIdentification/cbc:ID"),
        standard_item=text(item, "cac:Item/cac:StandardItemIdentification/cbc:ID"),
    )
