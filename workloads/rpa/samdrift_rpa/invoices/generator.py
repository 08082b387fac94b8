"""Writes OIOUBL invoices and credit notes for demonstrations and tests. Everyone in them is fictitious.

The numbers hold their check digits but belong to no one: CVR numbers from 99 000 000 up are not issued, and GLNs
that begin with 952 are reserved by GS1 for examples.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from samdrift_rpa.documents import DocumentType
from samdrift_rpa.ubl import Element, branch, document, leaf, written

VAT_PERCENT = Decimal(25)
_CENT = Decimal("0.01")
_AGENCY = {"schemeAgencyID": "320"}
_CVR_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True, kw_only=True)
class Sold:
    """One line: a quantity at a price without VAT."""

    name: str
    quantity: Decimal
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Price times quantity, to the cent."""
        return _cents(self.price * self.quantity)


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What is written as a document. `supplier` and `customer` number fictitious parties, from 0."""

    number: str
    lines: Sequence[Sold] = field(default_factory=tuple)
    type: DocumentType = DocumentType.INVOICE
    issue_date: date = date(2026, 11, 20)
    supplier: int = 0
    customer: int = 0
    currency: str = "DKK"
    #: The order that it is for, whose lines have the positions of these; "NA": none.
    order: str = "NA"

    @property
    def net(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def vat(self) -> Decimal:
        """VAT on it."""
        return _vat(self.net)


def fictitious_cvr(index: int) -> str:
    """`DK99…`: the `index`-th number from 99 000 000 up whose check digit (modulus 11) holds."""
    stems = (stem for stem in range(9_900_000, 10_000_000) if _cvr_digit(stem) < 10)
    stem = next(stem for position, stem in enumerate(stems) if position == index)
    return f"DK{stem}{_cvr_digit(stem)}"


def fictitious_gln(index: int) -> str:
    """`952…`: a GLN for examples with its check digit (GS1, modulus 10)."""
    stem = f"952{index:09d}"
    weighted = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(stem))
    return f"{stem}{-weighted % 10}"


def write(sale: Sale) -> bytes:
    """The OIOUBL 2.1 document, valid by schema and schematron."""
    root = document(sale.type, sale.type.namespace)
    _header(root, sale)
    _party(branch(root, "AccountingSupplierParty"), "Fiktiv leverandør", "DK:CVR", sale.supplier)
    _party(branch(root, "AccountingCustomerParty"), "Fiktiv kommune", "GLN", sale.customer)
    if sale.type is DocumentType.INVOICE:
        _payment(root, sale)
    _tax(root, sale, sale.net)
    _totals(root, sale)
    for position, line in enumerate(sale.lines, 1):
        _line(root, sale, line, position)
    return written(root)


def _header(root: Element, sale: Sale) -> None:
    leaf(root, "UBLVersionID", "2.1")
    leaf(root, "CustomizationID", "OIOUBL-2.1")
    leaf(root, "ProfileID", "Procurement-BilSim-1.0", schemeID="urn:oioubl:id:profileid-1.2", **_AGENCY)
    leaf(root, "ID", sale.number)
    leaf(root, "IssueDate", sale.issue_date.isoformat())
    if sale.type is DocumentType.INVOICE:
        leaf(root, "InvoiceTypeCode", "380", listAgencyID="320", listID="urn:oioubl:codelist:invoicetypecode-1.1")
    leaf(root, "Note", "Opdigtet dokument til demonstration og test. Fictitious document.")
    leaf(root, "DocumentCurrencyCode", sale.currency)
    if sale.type is DocumentType.INVOICE:
        leaf(branch(root, "OrderReference"), "ID", sale.order)


def _party(parent: Element, name: str, scheme: str, index: int) -> None:
    party = branch(parent, "Party")
    endpoint = fictitious_gln(index) if scheme == "GLN" else fictitious_cvr(index)
    leaf(party, "EndpointID", endpoint, schemeID=scheme)
    leaf(branch(party, "PartyIdentification"), "ID", endpoint, schemeID=scheme)
    leaf(branch(party, "PartyName"), "Name", f"{name} {index + 1}")
    _address(branch(party, "PostalAddress"))
    company = fictitious_cvr(index + 100 if scheme == "GLN" else index)
    if scheme == "DK:CVR":
        tax = branch(party, "PartyTaxScheme")
        leaf(tax, "CompanyID", company, schemeID="DK:SE")
        _tax_scheme(tax)
    entity = branch(party, "PartyLegalEntity")
    leaf(entity, "RegistrationName", f"{name} {index + 1}")
    leaf(entity, "CompanyID", company, schemeID="DK:CVR")
    leaf(branch(party, "Contact"), "ID", "1")


def _address(address: Element) -> None:
    codes = {"listAgencyID": "320", "listID": "urn:oioubl:codelist:addressformatcode-1.1"}
    leaf(address, "AddressFormatCode", "StructuredDK", **codes)
    leaf(address, "StreetName", "Opdigtet Vej")
    leaf(address, "BuildingNumber", "1")
    leaf(address, "CityName", "Opdigtet By")
    leaf(address, "PostalZone", "9999")
    leaf(branch(address, "Country"), "IdentificationCode", "DK")


def _payment(root: Element, sale: Sale) -> None:
    means = branch(root, "PaymentMeans")
    leaf(means, "PaymentMeansCode", "42")
    leaf(means, "PaymentDueDate", (sale.issue_date + timedelta(days=30)).isoformat())
    codes = {"listAgencyID": "320", "listID": "urn:oioubl:codelist:paymentchannelcode-1.1"}
    leaf(means, "PaymentChannelCode", "DK:BANK", **codes)
    account = branch(means, "PayeeFinancialAccount")
    leaf(account, "ID", "1234567890")
    leaf(branch(account, "FinancialInstitutionBranch"), "ID", "1234")


def _tax(parent: Element, sale: Sale, taxable: Decimal) -> None:
    tax = branch(parent, "TaxTotal")
    _amount(tax, "TaxAmount", _vat(taxable), sale)
    part = branch(tax, "TaxSubtotal")
    _amount(part, "TaxableAmount", taxable, sale)
    _amount(part, "TaxAmount", _vat(taxable), sale)
    category = branch(part, "TaxCategory")
    leaf(category, "ID", "StandardRated", schemeID="urn:oioubl:id:taxcategoryid-1.1", **_AGENCY)
    leaf(category, "Percent", str(VAT_PERCENT))
    _tax_scheme(category)


def _tax_scheme(parent: Element) -> None:
    scheme = branch(parent, "TaxScheme")
    leaf(scheme, "ID", "63", schemeID="urn:oioubl:id:taxschemeid-1.5", **_AGENCY)
    leaf(scheme, "Name", "Moms")


def _totals(root: Element, sale: Sale) -> None:
    """`TaxExclusiveAmount` is the sum of the taxes in OIOUBL 2.x (rule F-INV127)."""
    totals = branch(root, "LegalMonetaryTotal")
    _amount(totals, "LineExtensionAmount", sale.net, sale)
    _amount(totals, "TaxExclusiveAmount", sale.vat, sale)
    _amount(totals, "TaxInclusiveAmount", sale.net + sale.vat, sale)
    _amount(totals, "PayableAmount", sale.net + sale.vat, sale)


def _line(root: Element, sale: Sale, sold: Sold, position: int) -> None:
    is_invoice = sale.type is DocumentType.INVOICE
    line = branch(root, "InvoiceLine" if is_invoice else "CreditNoteLine")
    leaf(line, "ID", str(position))
    leaf(line, "InvoicedQuantity" if is_invoice else "CreditedQuantity", str(sold.quantity), unitCode="EA")
    _amount(line, "LineExtensionAmount", sold.amount, sale)
    if sale.order != "NA" and is_invoice:
        leaf(branch(line, "OrderLineReference"), "LineID", str(position))
    _tax(line, sale, sold.amount)
    item = branch(line, "Item")
    leaf(item, "Description", sold.name)
    leaf(item, "Name", sold.name)
    price = branch(line, "Price")
    _amount(price, "PriceAmount", sold.price, sale)
    leaf(price, "BaseQuantity", "1", unitCode="EA")


def _amount(parent: Element, name: str, amount: Decimal, sale: Sale) -> None:
    leaf(parent, name, f"{amount:.2f}", currencyID=sale.currency)


def _vat(taxable: Decimal) -> Decimal:
    return _cents(taxable * VAT_PERCENT / 100)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def _cvr_digit(stem: int) -> int:
    """The eighth digit, 10 where there is none (weights 2 7 6 5 4 3 2 1, modulus 11)."""
    return -sum(int(digit) * weight for digit, weight in zip(str(stem), _CVR_WEIGHTS, strict=True)) % 11


def main() -> None:
    """Write fictitious invoices: `python -m samdrift_rpa.invoices.generator FOLDER [HOW_MANY [SERIES]]`."""
    given = dict(enumerate(sys.argv))
    folder, count, series = Path(sys.argv[1]), int(given.get(2, "3")), given.get(3, "EXAMPLE")
    folder.mkdir(parents=True, exist_ok=True)
    chairs = Sold(name="Stol (opdigtet)", quantity=Decimal(4), price=Decimal("312.50"))
    for index in range(count):
        name = f"{series}-{index + 1}"
        (folder / f"{name}.xml").write_bytes(write(Sale(number=name, supplier=index, lines=(chairs,))))


if __name__ == "__main__":
    main()
