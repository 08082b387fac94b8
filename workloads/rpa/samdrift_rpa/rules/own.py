"""Our own small rule set, for installations without the official one. It is not official and says so.

It holds invoices and credit notes of OIOUBL 2 and of EN 16931 (Peppol BIS Billing 3.0) to what posting depends on: the
mandatory facts, identifiers, currency, dates, and the arithmetic of lines, tax and totals. The codes are `SD-M..`
(mandatory), `SD-F..` (form), `SD-I..` (identifiers), `SD-A..` (arithmetic) and `SD-D..` (dates). Each sentence is a
message id, so that pages can say it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from samdrift_rpa.documents import POSTED, Document, Standard
from samdrift_rpa.identifiers import Identifier
from samdrift_rpa.invoices.invoice import (
    CUSTOMER,
    SUPPLIER,
    TOTALS,
    due_date_text,
    line_elements,
    read_party,
    tax_amount_of,
)
from samdrift_rpa.messages import N_
from samdrift_rpa.rules.findings import FailedRule, Findings, Severity
from samdrift_rpa.ubl import CAC, Element, amount, date_of, decimal_of, elements, text, total

#: OIOUBL allows one unit of currency between a line's amount and price times quantity (F-INV340, F-LIB402).
ROUNDING = Decimal("1.00")


@dataclass(frozen=True, kw_only=True)
class Mandatory:
    """A fact that must be there."""

    code: str
    path: str
    sentence: str
    #: EN 16931 does without.
    only_oioubl: bool = False


HEADER = (
    Mandatory(code="SD-M01", path="cbc:ID", sentence=N_("The document has no number (ID).")),
    Mandatory(code="SD-M02", path="cbc:IssueDate", sentence=N_("The issue date is missing.")),
    Mandatory(code="SD-M03", path="cbc:DocumentCurrencyCode", sentence=N_("The currency is missing.")),
    Mandatory(code="SD-M04", path="cbc:ProfileID", sentence=N_("The profile (ProfileID) is missing.")),
    Mandatory(code="SD-M05", path=f"{SUPPLIER}/cbc:EndpointID", sentence=N_("The supplier has no endpoint.")),
    Mandatory(
        code="SD-M06",
        path=f"{SUPPLIER}/cac:PartyLegalEntity/cbc:CompanyID",
        sentence=N_("The supplier's company number is missing."),
        only_oioubl=True,
    ),
    Mandatory(code="SD-M07", path=f"{CUSTOMER}/cbc:EndpointID", sentence=N_("The customer has no endpoint.")),
    Mandatory(code="SD-M08", path="cac:TaxTotal/cbc:TaxAmount", sentence=N_("The tax total is missing.")),
    Mandatory(code="SD-M09", path=f"{TOTALS}/cbc:LineExtensionAmount", sentence=N_("The sum of the lines is missing.")),
    Mandatory(code="SD-M10", path=f"{TOTALS}/cbc:PayableAmount", sentence=N_("The payable amount is missing.")),
)
LINE = (
    Mandatory(code="SD-M12", path="cbc:ID", sentence=N_("Line %(position)s has no number (ID).")),
    Mandatory(code="SD-M13", path="cbc:LineExtensionAmount", sentence=N_("Line %(position)s has no amount.")),
    Mandatory(code="SD-M14", path="cac:Price/cbc:PriceAmount", sentence=N_("Line %(position)s has no price.")),
)
NO_LINES = N_("The document has no lines.")
NOT_A_NUMBER = N_("%(element)s is %(value)s, which is not an amount.")
NOT_A_DATE = N_("%(element)s is %(value)s, which is not a date.")
UNKNOWN_VERSION = N_("The UBLVersionID %(value)s is not one that this standard uses.")
UNKNOWN_CURRENCY = N_("The currency %(value)s does not exist.")
OTHER_CURRENCY = N_("%(element)s is in %(value)s, but the document is in %(currency)s.")
CVR_DIGIT = N_("The company number %(value)s is not a valid CVR number: its check digit does not hold.")
GLN_DIGIT = N_("The location number %(value)s is not a valid GLN: its check digit does not hold.")
LINE_AMOUNT = N_("Line %(position)s says %(stated)s, but price and quantity give %(computed)s.")
LINES_SUM = N_("The sum of the lines says %(stated)s, but the lines add up to %(computed)s.")
TAX_SUM = N_("The tax total says %(stated)s, but its parts add up to %(computed)s.")
TAX_PERCENT = N_("The tax of %(stated)s is not %(percent)s percent of %(taxable)s.")
TAX_EXCLUSIVE = N_("The total of taxes says %(stated)s, but the taxes add up to %(computed)s.")
WITHOUT_TAX = N_("The total without tax says %(stated)s, but lines and charges give %(computed)s.")
INCLUSIVE = N_("The total with tax says %(stated)s, but lines, charges and tax give %(computed)s.")
PAYABLE = N_("The payable amount says %(stated)s, but the totals give %(computed)s.")
ALLOWANCES = N_("The total of allowances says %(stated)s, but they add up to %(computed)s.")
CHARGES = N_("The total of charges says %(stated)s, but they add up to %(computed)s.")
DUE_BEFORE_ISSUE = N_("Payment is due on %(due)s, before the document was issued on %(issued)s.")


class OwnRules:
    """The set as a whole: form first, and only what has form is calculated with."""

    name = "Samdrift's own small rule set (not official)"
    official = False

    def validate(self, document: Document) -> Findings:
        """The verdict on an invoice or a credit note; it has no rules for other types, and no schemas."""
        if document.type not in POSTED:
            return Findings(schema_valid=None)
        return Findings(schema_valid=None, failed_rules=self.check(document), held_to=(self.name,))

    def check(self, document: Document) -> tuple[FailedRule, ...]:
        """The broken rules, sorted by code."""
        if document.type not in POSTED:
            return ()
        for stage in ((mandatory, form), (identifiers, currency, lines, taxes, totals, dates)):
            failed = [rule for check in stage for rule in check(document)]
            if failed:
                return tuple(sorted(failed))
        return ()


def mandatory(document: Document) -> Iterator[FailedRule]:
    """SD-M: what must be there."""
    root = document.root
    asked = [fact for fact in HEADER if document.standard is Standard.OIOUBL or not fact.only_oioubl]
    yield from (_failed(fact.code, fact.sentence) for fact in asked if not text(root, fact.path))
    found = line_elements(root)
    if not found:
        yield _failed("SD-M11", NO_LINES)
    for position, line in enumerate(found, 1):
        yield from (_failed(f.code, f.sentence, position=position) for f in LINE if not text(line, f.path))


def form(document: Document) -> Iterator[FailedRule]:
    """SD-F01, SD-F02: amounts, quantities and rates are decimals, dates are dates. SD-F05: UBL's version is known."""
    root, version = document.root, document.ubl_version_id
    if version not in (("2.0", "2.1") if document.standard is Standard.OIOUBL else ("2.1", "")):
        yield _failed("SD-F05", UNKNOWN_VERSION, value=version[:20] or "-")
    yield from _misformed(root, ("Amount", "Quantity", "Percent"), decimal_of, "SD-F01", NOT_A_NUMBER)
    yield from _misformed(root, ("Date",), date_of, "SD-F02", NOT_A_DATE)


def currency(document: Document) -> Iterator[FailedRule]:
    """SD-F03, SD-F04: the currency exists (ISO 4217), and the amounts that are posted are in it."""
    from babel.numbers import is_currency

    root = document.root
    code = text(root, "cbc:DocumentCurrencyCode")
    if not is_currency(code):
        yield _failed("SD-F03", UNKNOWN_CURRENCY, value=code)
    posted = [*root.iterfind("{*}LegalMonetaryTotal/{*}*"), *_tax_amounts(document)]
    posted += [amount for line in line_elements(root) for amount in line.iterfind("{*}LineExtensionAmount")]
    for element in posted:
        stated = element.get("currencyID", "")
        if stated != code:
            yield _failed("SD-F04", OTHER_CURRENCY, element=_name(element), value=stated or "-", currency=code)


def identifiers(document: Document) -> Iterator[FailedRule]:
    """SD-I01, SD-I02: check digits of CVR numbers and GLNs of both parties."""
    for path in (SUPPLIER, CUSTOMER):
        for number in read_party(document.root, path).identifiers:
            if not number.check_digit_holds:
                yield _wrong_digit(number)


def lines(document: Document) -> Iterator[FailedRule]:
    """SD-A01, SD-A02: each line follows from price and quantity; the lines add up."""
    root = document.root
    found = line_elements(root)
    for position, line in enumerate(found, 1):
        stated, computed = amount(line, "cbc:LineExtensionAmount"), _line_amount(line)
        if abs(stated - computed) > ROUNDING:
            yield _differs("SD-A01", LINE_AMOUNT, stated, computed, position=position)
    yield from _unequal("SD-A02", LINES_SUM, root, "LineExtensionAmount", total(found, "cbc:LineExtensionAmount"))


def taxes(document: Document) -> Iterator[FailedRule]:
    """SD-A03, SD-A04: parts of the tax add up, and each follows from its rate."""
    root = document.root
    for tax in root.iter(f"{{{CAC}}}TaxTotal"):  # of the document and of its lines
        stated, parts = amount(tax, "cbc:TaxAmount"), elements(tax, "cac:TaxSubtotal")
        computed = total(parts, "cbc:TaxAmount")
        if parts and stated != computed:
            yield _differs("SD-A03", TAX_SUM, stated, computed)
        for part in parts:
            yield from _wrong_rate(part)


def totals(document: Document) -> Iterator[FailedRule]:
    """SD-A05 to SD-A09: the total of or without tax, allowances, charges, the total with tax, and what is to be paid.

    In OIOUBL 2.x `TaxExclusiveAmount` is the sum of the taxes (rule F-INV127); in EN 16931 it is the amount without
    them (BT-109, rule BR-CO-13).
    """
    root = document.root
    allowances, charges = _allowance_charges(root, "false"), _allowance_charges(root, "true")
    yield from _unequal("SD-A06", ALLOWANCES, root, "AllowanceTotalAmount", allowances)
    yield from _unequal("SD-A07", CHARGES, root, "ChargeTotalAmount", charges)
    sum_of_lines = amount(root, f"{TOTALS}/cbc:LineExtensionAmount")
    tax, net = tax_amount_of(root), sum_of_lines - allowances + charges
    if document.standard is Standard.OIOUBL:
        yield from _unequal("SD-A05", TAX_EXCLUSIVE, root, "TaxExclusiveAmount", tax)
    else:
        yield from _unequal("SD-A05", WITHOUT_TAX, root, "TaxExclusiveAmount", net)
    inclusive = net + tax
    rounding = amount(root, f"{TOTALS}/cbc:PayableRoundingAmount", "0")
    yield from _unequal("SD-A08", INCLUSIVE, root, "TaxInclusiveAmount", inclusive + rounding, inclusive)
    payable = inclusive + rounding - amount(root, f"{TOTALS}/cbc:PrepaidAmount", "0")
    yield from _unequal("SD-A09", PAYABLE, root, "PayableAmount", payable)


def dates(document: Document) -> Iterator[FailedRule]:
    """SD-D01: nothing is due before it was issued."""
    root = document.root
    due, issued = due_date_text(root), text(root, "cbc:IssueDate")
    if due and date_of(due) < date_of(issued):
        yield _failed("SD-D01", DUE_BEFORE_ISSUE, due=due, issued=issued)


def _tax_amounts(document: Document) -> list[Element]:
    """The totals of tax that are in the document's currency; EN 16931 has another in that of the accounts (BT-111)."""
    found = [*document.root.iterfind("{*}TaxTotal/{*}TaxAmount")]
    accounts = text(document.root, "cbc:TaxCurrencyCode")
    if document.standard is Standard.OIOUBL or not accounts:
        return found
    return [one for one in found if one.get("currencyID") != accounts or len(found) == 1]


def _misformed(
    root: Element, endings: tuple[str, ...], read: Callable[[str], object], code: str, sentence: str
) -> Iterator[FailedRule]:
    for element in root.iter("{*}*"):
        name = _name(element)
        if name.endswith(endings) and len(element) == 0:
            value = (element.text or "").strip()
            try:
                read(value)
            except ValueError:
                yield _failed(code, sentence, element=name, value=value[:40] or "-")


def _wrong_digit(number: Identifier) -> FailedRule:
    if number.is_location:
        return _failed("SD-I02", GLN_DIGIT, value=number.value)
    return _failed("SD-I01", CVR_DIGIT, value=number.value)


def _line_amount(line: Element) -> Decimal:
    """Price times quantity by the base quantity, less allowances, plus charges of the line."""
    quantity = text(line, "cbc:InvoicedQuantity") or text(line, "cbc:CreditedQuantity") or "1"
    base = amount(line, "cac:Price/cbc:BaseQuantity", "1") or Decimal(1)
    factor = amount(line, "cac:Price/cbc:OrderableUnitFactorRate", "1")
    value = amount(line, "cac:Price/cbc:PriceAmount") * decimal_of(quantity) * factor / base
    return value - _allowance_charges(line, "false") + _allowance_charges(line, "true")


def _allowance_charges(parent: Element, indicator: str) -> Decimal:
    found = elements(parent, "cac:AllowanceCharge")
    return total([one for one in found if text(one, "cbc:ChargeIndicator") == indicator], "cbc:Amount")


def _wrong_rate(part: Element) -> Iterator[FailedRule]:
    percent, taxable = text(part, "cac:TaxCategory/cbc:Percent"), text(part, "cbc:TaxableAmount")
    if percent and taxable:
        stated, computed = amount(part, "cbc:TaxAmount"), decimal_of(taxable) * decimal_of(percent) / 100
        if abs(stated - computed) > ROUNDING:
            yield _failed("SD-A04", TAX_PERCENT, stated=stated, percent=percent, taxable=taxable)


def _unequal(code: str, sentence: str, root: Element, name: str, *accepted: Decimal) -> Iterator[FailedRule]:
    """A total that is stated must be one of the `accepted` sums."""
    value = text(root, f"{TOTALS}/cbc:{name}")
    if value and decimal_of(value) not in accepted:
        yield _differs(code, sentence, decimal_of(value), accepted[0])


def _differs(code: str, sentence: str, stated: Decimal, computed: Decimal, **values: object) -> FailedRule:
    return _failed(code, sentence, stated=stated, computed=f"{computed:.2f}", **values)


def _failed(code: str, sentence: str, **values: object) -> FailedRule:
    texts = {name: str(value) for name, value in values.items()}
    return FailedRule(code=code, severity=Severity.FATAL, sentence=sentence, values=texts)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
