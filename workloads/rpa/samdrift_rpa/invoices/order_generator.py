"""Writes OIOUBL orders for demonstrations and tests: what would have been ordered before a sale. All is fictitious.

They hold what an invoice is held against and no more; no rules of orders are in use here.
"""

from __future__ import annotations

from datetime import timedelta

from samdrift_rpa.documents import DocumentType
from samdrift_rpa.invoices.generator import Sale, fictitious_cvr, fictitious_gln
from samdrift_rpa.ubl import Element, branch, document, leaf, written

#: How long before the invoice the order went out.
_BEFORE = timedelta(days=14)


def write_order(sale: Sale, kind: DocumentType = DocumentType.ORDER) -> bytes:
    """The order that `sale` names, or its change or cancellation, which came a day later."""
    root = document(kind, kind.namespace)
    is_order = kind is DocumentType.ORDER
    leaf(root, "UBLVersionID", "2.0")
    leaf(root, "CustomizationID", "OIOUBL-2.02")
    leaf(root, "ProfileID", "Procurement-BilSim-1.0", schemeAgencyID="320", schemeID="urn:oioubl:id:profileid-1.2")
    leaf(root, "ID", sale.order if is_order else f"{sale.order}-{kind}")
    leaf(root, "IssueDate", (sale.issue_date - _BEFORE + timedelta(days=0 if is_order else 1)).isoformat())
    if kind is not DocumentType.ORDER_CANCELLATION:
        leaf(root, "DocumentCurrencyCode", sale.currency)
    if not is_order:
        leaf(branch(root, "OrderReference"), "ID", sale.order)
    _party(branch(root, "BuyerCustomerParty"), "Fiktiv kommune", "GLN", sale.customer)
    _party(branch(root, "SellerSupplierParty"), "Fiktiv leverandør", "DK:CVR", sale.supplier)
    if kind is not DocumentType.ORDER_CANCELLATION:
        _lines(root, sale)
    return written(root)


def _party(parent: Element, name: str, scheme: str, index: int) -> None:
    party = branch(parent, "Party")
    leaf(party, "EndpointID", fictitious_gln(index) if scheme == "GLN" else fictitious_cvr(index), schemeID=scheme)
    leaf(branch(party, "PartyName"), "Name", f"{name} {index + 1}")


def _lines(root: Element, sale: Sale) -> None:
    for position, sold in enumerate(sale.lines, 1):
        item = branch(branch(root, "OrderLine"), "LineItem")
        leaf(item, "ID", str(position))
        leaf(item, "Quantity", str(sold.quantity), unitCode="EA")
        leaf(item, "LineExtensionAmount", f"{sold.amount:.2f}", currencyID=sale.currency)
        leaf(branch(item, "Price"), "PriceAmount", f"{sold.price:.2f}", currencyID=sale.currency)
        leaf(branch(item, "Item"), "Name", sold.name)
