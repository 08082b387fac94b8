"""The facts of an invoice or a credit note, as values: the same for OIOUBL 2 and for Peppol BIS Billing 3.0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from samdrift_platform.errors import InputError
from samdrift_rpa.documents import POSTED, Document, DocumentType, Standard
from samdrift_rpa.identifiers import Identifier
from samdrift_rpa.ubl import Element, amount, attribute, date_of, elements, text, total

SUPPLIER = "cac:AccountingSupplierParty/cac:Party"
CUSTOMER = "cac:AccountingCustomerParty/cac:Party"
TOTALS = "cac:LegalMonetaryTotal"
#: What suppliers write, in capitals, where there is no number to state: OIOUBL asks for the element all the same.
NOT_STATED = frozenset({"", "NA", "N/A", "-", "0"})
#: UNCL1001: an invoice that claims nothing yet; what a buyer writes in its supplier's name.
PRO_FORMA, SELF_BILLED = "325", frozenset({"389", "261"})
#: Document type codes (UNCL1001) where the document states none of its own.
_INVOICE_CODE, _CREDIT_NOTE_CODE = "380", "381"


class IncompleteInvoiceError(InputError):
    """The document lacks a fact that posting needs. Ask the supplier for a complete one."""


@dataclass(frozen=True, kw_only=True)
class Party:
    """Supplier or customer."""

    name: str
    #: Where documents to this party go.
    endpoint: Identifier
    #: The number under which it is registered (`PartyLegalEntity`; CVR for a Danish company), where it is given.
    company: Identifier | None = None
    #: What else it is known by (`PartyIdentification`), where it is given.
    identification: Identifier | None = None

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """The distinct numbers of this party, the registered one first."""
        numbers = (self.company, self.identification, self.endpoint)
        return tuple(dict.fromkeys(number for number in numbers if number is not None))

    def is_also(self, other: Party) -> bool:
        """It is known by a number that `other` is known by too."""
        return bool({each.normal for each in self.identifiers} & {each.normal for each in other.identifiers})

    @property
    def number(self) -> str:
        """The number that lists show: the registered one first; empty for a person, whose number stays out of them.

        An endpoint that is an e-mail address (scheme `EM`) may be a person's too.
        """
        shown = [each.normal for each in self.identifiers if "@" not in each.value]
        return shown[0] if shown and not self.is_private else ""

    @property
    def public_name(self) -> str:
        """Its name; empty for a person: it lies in the document, and nowhere in the database."""
        return "" if self.is_private else self.name

    @property
    def is_private(self) -> bool:
        """It is a person, known by a CPR number."""
        return any(number.is_personal for number in self.identifiers)


@dataclass(frozen=True, kw_only=True)
class InvoiceLine:
    """One line; amounts in the document's currency, without VAT."""

    id: str
    name: str
    quantity: Decimal
    #: Price of `base_quantity` units.
    price: Decimal
    base_quantity: Decimal
    line_extension_amount: Decimal
    accounting_cost: str
    #: The line of the order that it is for (`OrderLineReference`), and which order if not the document's; or empty.
    order_line: str
    order_number: str
    #: The seller's own number of the item (`SellersItemIdentification`), and the one it has everywhere (a GTIN).
    sellers_item: str
    standard_item: str


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """An invoice or credit note; amounts in `currency`, as the document states them (a credit note's are positive)."""

    type: DocumentType
    #: Whose format it came in: the answer goes back in the same.
    standard: Standard
    #: `InvoiceTypeCode` or `CreditNoteTypeCode` (UNCL1001): 380 and 381 where none is stated.
    type_code: str
    #: The supplier's number of it.
    number: str
    uuid: str
    profile: str
    profile_scheme: str
    issue_date: date
    due_date: date | None
    currency: str
    supplier: Party
    customer: Party
    #: Payment is to go to somebody else than the supplier (`PayeeParty`), such as a factor.
    pays_another: bool
    accounting_cost: str
    #: The buyer's number of the order (`OrderReference`); empty where the supplier says that there is none.
    order_number: str
    lines: tuple[InvoiceLine, ...]
    #: Allowances are subtracted and charges added, for the document as a whole.
    allowances: Decimal
    charges: Decimal
    tax_amount: Decimal
    prepaid_amount: Decimal
    rounding_amount: Decimal
    payable_amount: Decimal

    @property
    def order_numbers(self) -> tuple[str, ...]:
        """The orders that it says it is for, each once."""
        named = (self.order_number, *(line.order_number for line in self.lines))
        return tuple(dict.fromkeys(number for number in named if number))

    @property
    def signed_amount(self) -> Decimal:
        """What is owed to the supplier: a credit note's amount is negative."""
        return -self.payable_amount if self.type is DocumentType.CREDIT_NOTE else self.payable_amount


def read_invoice(document: Document) -> Invoice:
    """The facts of a document; IncompleteInvoiceError where one is missing or cannot be read."""
    if document.type not in POSTED:
        raise IncompleteInvoiceError(f"A document of type {document.type} is not an invoice or a credit note.")
    try:
        return _invoice(document)
    except ValueError as error:
        raise IncompleteInvoiceError(f"A fact of the document is missing or cannot be read: {error}.") from error


def line_elements(root: Element) -> list[Element]:
    """The lines of an invoice or a credit note."""
    return elements(root, "cac:InvoiceLine") + elements(root, "cac:CreditNoteLine")


def due_date_text(root: Element) -> str:
    """The first date by which payment is due, empty when none is stated. Peppol's invoices state it at the top."""
    paths = ("cbc:DueDate", "cac:PaymentMeans/cbc:PaymentDueDate", "cac:PaymentTerms/cbc:PaymentDueDate")
    return next((found for found in (text(root, path) for path in paths) if found), "")


def tax_amount_of(root: Element) -> Decimal:
    """All VAT and duties of the document in its own currency.

    A second total in the currency of accounting (EN 16931, BT-111) is the same tax once more.
    """
    currency = text(root, "cbc:DocumentCurrencyCode")
    totals = elements(root, "cac:TaxTotal")
    own = [one for one in totals if attribute(one, "cbc:TaxAmount", "currencyID") in (currency, "")]
    return total(own, "cbc:TaxAmount")


def _invoice(document: Document) -> Invoice:
    kind, root = document.type, document.root
    due, supplier = due_date_text(root), read_party(root, SUPPLIER)
    return Invoice(
        type=kind,
        standard=document.standard,
        type_code=_type_code(kind, root),
        number=_required(root, "cbc:ID"),
        uuid=text(root, "cbc:UUID"),
        profile=_required(root, "cbc:ProfileID"),
        profile_scheme=attribute(root, "cbc:ProfileID", "schemeID"),
        issue_date=date_of(text(root, "cbc:IssueDate")),
        due_date=date_of(due) if due else None,
        currency=_required(root, "cbc:DocumentCurrencyCode"),
        supplier=supplier,
        customer=read_party(root, CUSTOMER),
        pays_another=_pays_another(root, supplier),
        accounting_cost=text(root, "cbc:AccountingCost"),
        order_number=_order_number(text(root, "cac:OrderReference/cbc:ID")),
        lines=tuple(_line(element) for element in line_elements(root)),
        allowances=amount(root, f"{TOTALS}/cbc:AllowanceTotalAmount", "0"),
        charges=amount(root, f"{TOTALS}/cbc:ChargeTotalAmount", "0"),
        tax_amount=tax_amount_of(root),
        prepaid_amount=amount(root, f"{TOTALS}/cbc:PrepaidAmount", "0"),
        rounding_amount=amount(root, f"{TOTALS}/cbc:PayableRoundingAmount", "0"),
        payable_amount=amount(root, f"{TOTALS}/cbc:PayableAmount"),
    )


def read_party(root: Element, path: str) -> Party:
    """The party at `path`; ValueError when it has no endpoint."""
    endpoint = _identifier(root, f"{path}/cbc:EndpointID")
    if endpoint is None:
        raise ValueError(f"{path}/cbc:EndpointID is missing")
    names = (f"{path}/cac:PartyName/cbc:Name", f"{path}/cac:PartyLegalEntity/cbc:RegistrationName")
    name = next((found for found in (text(root, name) for name in names) if found), endpoint.normal)
    return Party(
        name=name,
        endpoint=endpoint,
        company=_identifier(root, f"{path}/cac:PartyLegalEntity/cbc:CompanyID"),
        identification=_identifier(root, f"{path}/cac:PartyIdentification/cbc:ID"),
    )


def _type_code(kind: DocumentType, root: Element) -> str:
    if kind is DocumentType.CREDIT_NOTE:
        return text(root, "cbc:CreditNoteTypeCode") or _CREDIT_NOTE_CODE
    return text(root, "cbc:InvoiceTypeCode") or _INVOICE_CODE


def _pays_another(root: Element, supplier: Party) -> bool:
    """By the payee's numbers, or by its name where it states none."""
    for payee in elements(root, "cac:PayeeParty"):
        paths = ("cac:PartyLegalEntity/cbc:CompanyID", "cac:PartyIdentification/cbc:ID", "cbc:EndpointID")
        numbers = {number.normal for number in (_identifier(payee, path) for path in paths) if number is not None}
        if numbers:
            return not numbers & {each.normal for each in supplier.identifiers}
        return text(payee, "cac:PartyName/cbc:Name") != supplier.name
    return False


def _order_number(stated: str) -> str:
    return "" if stated.upper() in NOT_STATED else stated


def _line(element: Element) -> InvoiceLine:
    quantity = "cbc:CreditedQuantity" if element.tag.endswith("}CreditNoteLine") else "cbc:InvoicedQuantity"
    return InvoiceLine(
        id=_required(element, "cbc:ID"),
        name=text(element, "cac:Item/cbc:Name"),
        quantity=amount(element, quantity, "1"),
        price=amount(element, "cac:Price/cbc:PriceAmount", "0"),
        base_quantity=amount(element, "cac:Price/cbc:BaseQuantity", "1"),
        line_extension_amount=amount(element, "cbc:LineExtensionAmount"),
        accounting_cost=text(element, "cbc:AccountingCost"),
        order_line=text(element, "cac:OrderLineReference/cbc:LineID"),
        order_number=_order_number(text(element, "cac:OrderLineReference/cac:OrderReference/cbc:ID")),
        sellers_item=text(element, "cac:Item/cac:SellersItemIdentification/cbc:ID"),
        standard_item=text(element, "cac:Item/cac:StandardItemIdentification/cbc:ID"),
    )


def _identifier(root: Element, path: str) -> Identifier | None:
    value = text(root, path)
    return Identifier(scheme=attribute(root, path, "schemeID"), value=value) if value else None


def _required(parent: Element, path: str) -> str:
    value = text(parent, path)
    if not value:
        raise ValueError(f"{path} is missing")
    return value
