from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_rpa.documents import PEPPOL_BILLING, DocumentType, read_document
from samdrift_rpa.invoices.generator import Sale, Sold, fictitious_cvr, fictitious_gln, write
from samdrift_rpa.rules import own
from samdrift_rpa.rules.findings import codes
from samdrift_rpa.rules.own import OwnRules

RULES = OwnRules()
CHAIR = Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50"))
BOARD = Sold(name="Tavle", quantity=Decimal(1), price=Decimal("4950.00"))
VALID = write(Sale(number="T-1", lines=(CHAIR, BOARD))).decode()

cents = st.integers(1, 10_000_000).map(lambda n: Decimal(n) / 100)
quantities = st.integers(1, 100_000).map(lambda n: Decimal(n) / 1000)
solds = st.builds(Sold, name=st.just("Vare"), quantity=quantities, price=cents)
sales = st.builds(
    Sale,
    number=st.text("ABC0123456789-", min_size=1, max_size=20).filter(lambda text: text.strip("-")),
    lines=st.lists(solds, min_size=1, max_size=6),
    type=st.sampled_from([DocumentType.INVOICE, DocumentType.CREDIT_NOTE]),
    supplier=st.integers(0, 50),
    customer=st.integers(0, 50),
)


def broken(document: str) -> list[str]:
    return codes(RULES.check(read_document(document.encode())))


@given(sales)
def test_a_generated_document_breaks_no_rule(sale: Sale) -> None:
    assert broken(write(sale).decode()) == []


@pytest.mark.parametrize(
    ("code", "pattern", "replacement"),
    [
        ("SD-M01", r"<cbc:ID>T-1</cbc:ID>", ""),
        ("SD-M02", r"<cbc:IssueDate>.*?</cbc:IssueDate>", ""),
        ("SD-M03", r"<cbc:DocumentCurrencyCode>DKK</cbc:DocumentCurrencyCode>", "<cbc:DocumentCurrencyCode/>"),
        ("SD-M04", r"<cbc:ProfileID.*?</cbc:ProfileID>", ""),
        ("SD-M05", r"<cbc:EndpointID schemeID=\"DK:CVR\">.*?</cbc:EndpointID>", ""),
        ("SD-M06", r"<cac:PartyLegalEntity>.*?</cac:PartyLegalEntity>", ""),
        ("SD-M07", r"<cbc:EndpointID schemeID=\"GLN\">.*?</cbc:EndpointID>", ""),
        ("SD-M08", r"<cac:TaxTotal>.*?</cac:TaxTotal>", ""),
        ("SD-M09", r"(<cac:LegalMonetaryTotal>\s*)<cbc:LineExtensionAmount.*?</cbc:LineExtensionAmount>", r"\1"),
        ("SD-M10", r"<cbc:PayableAmount.*?</cbc:PayableAmount>", ""),
        ("SD-M11", r"<cac:InvoiceLine>.*</cac:InvoiceLine>", ""),
        ("SD-M12", r"<cbc:ID>1</cbc:ID>(\s*<cbc:Inv)", r"\1"),
        ("SD-M13", r"(</cbc:InvoicedQuantity>\s*)<cbc:LineExtensionAmount.*?</cbc:LineExtensionAmount>", r"\1"),
        ("SD-M14", r"<cbc:PriceAmount.*?</cbc:PriceAmount>", ""),
        ("SD-F01", r">7750.00</cbc:PayableAmount>", ">7,750.00</cbc:PayableAmount>"),
        ("SD-F01", r">7750.00</cbc:PayableAmount>", ">NaN</cbc:PayableAmount>"),
        ("SD-F01", r">4</cbc:InvoicedQuantity>", ">4e9</cbc:InvoicedQuantity>"),
        ("SD-F02", r">2026-11-20</cbc:IssueDate>", ">20-11-2026</cbc:IssueDate>"),
        ("SD-F02", r">2026-11-20</cbc:IssueDate>", ">2026-02-30</cbc:IssueDate>"),
        ("SD-F03", r">DKK</cbc:DocumentCurrencyCode>", ">KRX</cbc:DocumentCurrencyCode>"),
        ("SD-F05", r">2.1</cbc:UBLVersionID>", ">2.2</cbc:UBLVersionID>"),
        ("SD-F04", r"currencyID=\"DKK\">7750.00</cbc:PayableAmount>", 'currencyID="EUR">7750.00</cbc:PayableAmount>'),
        ("SD-I01", fictitious_cvr(0), fictitious_cvr(0)[:-1] + "9"),
        ("SD-I02", fictitious_gln(0), fictitious_gln(0)[:-1] + "1"),
        ("SD-A01", r">312.50</cbc:PriceAmount>", ">312.90</cbc:PriceAmount>"),
        ("SD-A02", r">6200.00</cbc:LineExtensionAmount>", ">6200.01</cbc:LineExtensionAmount>"),
        ("SD-A03", r"(<cac:TaxTotal>\s*<cbc:TaxAmount currencyID=\"DKK\">)312.50", r"\g<1>312.51"),
        ("SD-A04", r"<cbc:Percent>25<", "<cbc:Percent>24<"),
        ("SD-A05", r">1550.00</cbc:TaxExclusiveAmount>", ">6200.00</cbc:TaxExclusiveAmount>"),
        ("SD-A08", r">7750.00</cbc:TaxInclusiveAmount>", ">7750.50</cbc:TaxInclusiveAmount>"),
        ("SD-A09", r">7750.00</cbc:PayableAmount>", ">7755.00</cbc:PayableAmount>"),
        ("SD-D01", r">2026-12-20</cbc:PaymentDueDate>", ">2026-11-19</cbc:PaymentDueDate>"),
    ],
)
def test_each_mutation_breaks_its_rule(code: str, pattern: str, replacement: str) -> None:
    mutated = re.sub(pattern, replacement, VALID, flags=re.DOTALL, count=0 if code == "SD-I01" else 1)
    assert mutated != VALID
    assert code in broken(mutated)


def _charged(indicator: str) -> str:
    """An allowance or a charge of 100.00 on the whole document, and totals that forget it."""
    element = (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{indicator}</cbc:ChargeIndicator>"
        '<cbc:Amount currencyID="DKK">100.00</cbc:Amount></cac:AllowanceCharge>'
    )
    name = "ChargeTotalAmount" if indicator == "true" else "AllowanceTotalAmount"
    stated = f'<cbc:{name} currencyID="DKK">90.00</cbc:{name}>'
    first = VALID.index("<cac:TaxTotal>")
    return f"{VALID[:first]}{element}{VALID[first:]}".replace("<cbc:PayableAmount", f"{stated}<cbc:PayableAmount")


@pytest.mark.parametrize(("indicator", "code"), [("false", "SD-A06"), ("true", "SD-A07")])
def test_allowances_and_charges_count(indicator: str, code: str) -> None:
    assert {code, "SD-A08", "SD-A09"} <= set(broken(_charged(indicator)))


def test_every_code_has_a_mutation() -> None:
    defined, tested = (_codes_in(Path(file)) for file in (own.__file__, __file__))
    assert defined == tested


def _codes_in(source: Path) -> set[str]:
    return set(re.findall(r'"(SD-[A-Z]\d\d)"', source.read_text(encoding="utf-8")))


@given(sales, st.integers(2, 10_000))
def test_a_payable_amount_that_is_off_is_always_found(sale: Sale, cents_off: int) -> None:
    right = sale.net + sale.vat
    document = write(sale).decode()
    wrong = document.replace(
        f">{right:.2f}</cbc:PayableAmount>", f">{right + Decimal(cents_off) / 100:.2f}</cbc:PayableAmount>"
    )
    assert "SD-A09" in broken(wrong)


def test_a_sentence_carries_its_values() -> None:
    document = VALID.replace(">7750.00</cbc:PayableAmount>", ">7755.00</cbc:PayableAmount>")
    (failed,) = RULES.check(read_document(document.encode()))
    assert failed.say() == "The payable amount says 7755.00, but the totals give 7750.00."


def _peppol(document: str) -> str:
    """The same amounts as Peppol BIS Billing states them: `TaxExclusiveAmount` is what they are without tax."""
    return (
        document.replace("OIOUBL-2.1", PEPPOL_BILLING)
        .replace(">1550.00</cbc:TaxExclusiveAmount>", ">6200.00</cbc:TaxExclusiveAmount>")
        .replace("<cbc:UBLVersionID>2.1</cbc:UBLVersionID>", "")
    )


def test_a_sound_peppol_invoice_breaks_no_rule() -> None:
    assert broken(_peppol(VALID)) == []


def test_in_peppol_the_amount_without_tax_is_no_sum_of_taxes() -> None:
    assert broken(_peppol(VALID).replace(">6200.00</cbc:TaxExclusive", ">1550.00</cbc:TaxExclusive")) == ["SD-A05"]


def test_the_same_tax_in_the_currency_of_the_accounts_is_counted_once() -> None:
    accounts = '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">207.80</cbc:TaxAmount></cac:TaxTotal>'
    document = _peppol(VALID).replace("<cac:LegalMonetaryTotal>", f"{accounts}<cac:LegalMonetaryTotal>")
    currency = "</cbc:DocumentCurrencyCode>"
    told = document.replace(currency, f"{currency}<cbc:TaxCurrencyCode>EUR</cbc:TaxCurrencyCode>")
    assert broken(told) == []
    assert "SD-F04" in broken(document)


def test_there_are_no_rules_for_other_types() -> None:
    order = VALID.replace("xsd:Invoice-2", "xsd:Order-2").replace("<Invoice", "<Order").replace("</Invoice", "</Order")
    findings = RULES.validate(read_document(order.encode()))
    assert (findings.schema_valid, findings.failed_rules, findings.held_to) == (None, (), ())
