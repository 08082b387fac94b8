"""Writes Peppol BIS Billing 3.0 invoices and credit notes for demonstrations and tests. Everyone is fictitious.

The same sales as in OIOUBL, by Danish suppliers: valid by EN 16931's and Peppol's rules, the Danish ones included.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from samdrift_rpa.documents import PEPPOL_BILLING, DocumentType
from samdrift_rpa.invoices.generator import VAT_PERCENT, Sale, Sold, fictitious_cvr, fictitious_gln
from samdrift_rpa.ubl import Element, branch, document, leaf, written

_PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
#: ISO 6523 codes: CVR numbers and GLNs.
_CVR, _GLN = "0184", "0088"


def write_peppol(sale: Sale) -> bytes:
    """The document of `sale`."""
    root = document(sale.type, sale.type.namespace)
    _header(root, sale)
    _supplier(branch(branch(root, "AccountingSupplierParty"), "Party"), sale.supplier)
    _customer(branch(branch(root, "AccountingCustomerParty"), "Party"), sale.customer)
    _payment(branch(root, "PaymentMeans"))
    _tax(branch(root, "TaxTotal"), sale)
    _totals(branch(root, "LegalMonetaryTotal"), sale)
    for position, sold in enumerate(sale.lines, 1):
        _line(root, sale, sold, position)
    return written(root)


def _header(root: Element, sale: Sale) -> None:
    is_invoice = sale.type is DocumentType.INVOICE
    leaf(root, "CustomizationID", PEPPOL_BILLING)
    leaf(root, "ProfileID", _PROFILE)
    leaf(root, "ID", sale.number)
    leaf(root, "IssueDate", sale.issue_date.isoformat())
    if is_invoice:
        leaf(root, "DueDate", (sale.issue_date + timedelta(days=30)).isoformat())
    leaf(root, "InvoiceTypeCode" if is_invoice else "CreditNoteTypeCode", "380" if is_invoice else "381")
    leaf(root, "Note", "Opdigtet dokument til demonstration og test. Fictitious document.")
    leaf(root, "DocumentCurrencyCode", sale.currency)
    leaf(root, "BuyerReference", "1")
    if sale.order != "NA":
        leaf(branch(root, "OrderReference"), "ID", sale.order)


def _supplier(party: Element, index: int) -> None:
    cvr = fictitious_cvr(index)
    leaf(party, "EndpointID", cvr, schemeID=_CVR)
    _address(branch(party, "PostalAddress"))
    tax = branch(party, "PartyTaxScheme")
    leaf(tax, "CompanyID", cvr)
    leaf(branch(tax, "TaxScheme"), "ID", "VAT")
    entity = branch(party, "PartyLegalEntity")
    leaf(entity, "RegistrationName", f"Fiktiv leverandør {index + 1}")
    leaf(entity, "CompanyID", cvr, schemeID=_CVR)


def _customer(party: Element, index: int) -> None:
    leaf(party, "EndpointID", fictitious_gln(index), schemeID=_GLN)
    _address(branch(party, "PostalAddress"))
    entity = branch(party, "PartyLegalEntity")
    leaf(entity, "RegistrationName", f"Fiktiv kommune {index + 1}")
    leaf(entity, "CompanyID", fictitious_cvr(index + 100), schemeID=_CVR)


def _address(address: Element) -> None:
    leaf(address, "StreetName", "Opdigtet Vej 1")
    leaf(address, "CityName", "Opdigtet By")
    leaf(address, "PostalZone", "9999")
    leaf(branch(address, "Country"), "IdentificationCode", "DK")


def _payment(means: Element) -> None:
    """To a bank account: its number and the branch's (rules DK-R-005, DK-R-006)."""
    leaf(means, "PaymentMeansCode", "42")
    account = branch(means, "PayeeFinancialAccount")
    leaf(account, "ID", "1234567890")
    leaf(branch(account, "FinancialInstitutionBranch"), "ID", "1234")


def _tax(tax: Element, sale: Sale) -> None:
    _amount(tax, "TaxAmount", sale.vat, sale)
    part = branch(tax, "TaxSubtotal")
    _amount(part, "TaxableAmount", sale.net, sale)
    _amount(part, "TaxAmount", sale.vat, sale)
    _category(branch(part, "TaxCategory"))


def _category(category: Element) -> None:
    leaf(category, "ID", "S")
    leaf(category, "Percent", str(VAT_PERCENT))
    leaf(branch(category, "TaxScheme"), "ID", "VAT")


def _totals(totals: Element, sale: Sale) -> None:
    for name, amount in (
        ("LineExtensionAmount", sale.net),
        ("TaxExclusiveAmount", sale.net),
        ("TaxInclusiveAmount", sale.net + sale.vat),
        ("PayableAmount", sale.net + sale.vat),
    ):
        _amount(totals, name, amount, sale)


def _line(root: Element, sale: Sale, sold: Sold, position: int) -> None:
    is_invoice = sale.type is DocumentType.INVOICE
    line = branch(root, "InvoiceLine" if is_invoice else "CreditNoteLine")
    leaf(line, "ID", str(position))
    leaf(line, "InvoicedQuantity" if is_invoice else "CreditedQuantity", str(sold.quantity), unitCode="EA")
    _amount(line, "LineExtensionAmount", sold.amount, sale)
    if sale.order != "NA":
        leaf(branch(line, "OrderLineReference"), "LineID", str(position))
    item = branch(line, "Item")
    leaf(item, "Name", sold.name)
    _category(branch(item, "ClassifiedTaxCategory"))
    _amount(branch(line, "Price"), "PriceAmount", sold.price, sale)


def _amount(parent: Element, name: str, amount: Decimal, sale: Sale) -> None:
    leaf(parent, name, f"{amount:.2f}", currencyID=sale.currency)
