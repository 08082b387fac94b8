"""The same sale in Peppol BIS Billing 3.0 and in OIOUBL is the same invoice, and is answered in its own format."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item, Outcome
from samdrift_platform.question import Decision, Earlier
from samdrift_rpa.conduct import conduct
from samdrift_rpa.documents import DocumentType, Standard, read_document
from samdrift_rpa.identifiers import Identifier
from samdrift_rpa.invoices.answer import Answer, ResponseCode, read_answer
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.invoice import Party, read_invoice
from samdrift_rpa.invoices.peppol_generator import write_peppol
from samdrift_rpa.invoices.policy import Policy
from samdrift_rpa.invoices.process import process
from samdrift_rpa.invoices.refusal import RefusalReason
from samdrift_rpa.invoices.voucher import voucher_of
from samdrift_rpa.workload import workload
from samdrift_testing.invoice_response import broken

KEY = UUID("12345678-1234-5678-1234-567812345678")
CHAIR = Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50"))
SALE = Sale(number="T-1", lines=(CHAIR,), order="O-1")

sales = st.builds(
    Sale,
    number=st.from_regex(r"[A-Z]{1,3}-[0-9]{1,6}", fullmatch=True),
    type=st.sampled_from([DocumentType.INVOICE, DocumentType.CREDIT_NOTE]),
    supplier=st.integers(0, 20),
    customer=st.integers(0, 20),
    currency=st.sampled_from(["DKK", "EUR"]),
    order=st.sampled_from(["NA", "O-1"]),
    lines=st.lists(
        st.builds(
            Sold,
            name=st.sampled_from(["Stol", "Bord"]),
            quantity=st.integers(1, 100).map(Decimal),
            price=st.integers(1, 100_000).map(lambda cents: Decimal(cents) / 100),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
)


@given(sales)
def test_both_formats_say_the_same(sale: Sale) -> None:
    ours, peppol = (read_invoice(read_document(content)) for content in (write(sale), write_peppol(sale)))
    for name in (
        "type",
        "type_code",
        "number",
        "issue_date",
        "currency",
        "order_number",
        "payable_amount",
        "tax_amount",
    ):
        if (name, sale.type) != ("order_number", DocumentType.CREDIT_NOTE):  # our OIOUBL credit notes name no order
            assert getattr(ours, name) == getattr(peppol, name), name
    assert (ours.supplier.number, ours.customer.endpoint.normal) == (
        peppol.supplier.number,
        peppol.customer.endpoint.normal,
    )
    assert [line.line_extension_amount for line in ours.lines] == [line.line_extension_amount for line in peppol.lines]


def test_both_formats_become_the_same_voucher(policy: Policy) -> None:
    ours, peppol = (voucher_of(read_invoice(read_document(c)), policy) for c in (write(SALE), write_peppol(SALE)))
    assert ours.to_json() == peppol.to_json()


def test_both_formats_are_one_case() -> None:
    store = MemoryStore()
    cases = [{"document": store.put(content)} for content in (write(SALE), write_peppol(SALE))]
    submission = {"process": "invoices", "cases": cases, "received_at": "2026-11-24T08:00Z"}
    first, second = workload.split(workload.submission.model_validate(submission), store)
    assert second.reference == first.reference
    assert second.beside is not None


def test_the_invoices_own_due_date_is_read() -> None:
    assert str(read_invoice(read_document(write_peppol(SALE))).due_date) == "2026-12-20"


def test_the_same_tax_in_another_currency_is_counted_once() -> None:
    again = b'<cac:TaxTotal><cbc:TaxAmount currencyID="DKK">2331.00</cbc:TaxAmount></cac:TaxTotal>'
    content = write_peppol(replace(SALE, currency="EUR"))
    content = content.replace(b"<cac:LegalMonetaryTotal>", again + b"<cac:LegalMonetaryTotal>")
    assert read_invoice(read_document(content)).tax_amount == Decimal("312.50")


@pytest.mark.parametrize(
    ("scheme", "value", "normal", "holds"),
    [
        ("0184", "DK99000007", "DK99000007", True),
        ("0184", "99000007", "DK99000007", True),
        ("0198", "DK99000008", "DK99000008", False),
        ("0088", "9520000000004", "9520000000004", True),
        ("0088", "9520000000005", "9520000000005", False),
        ("0192", "123", "123", True),
    ],
)
def test_peppols_schemes_are_known(scheme: str, value: str, normal: str, holds: bool) -> None:
    number = Identifier(scheme=scheme, value=value)
    assert (number.normal, number.check_digit_holds) == (normal, holds)


def test_an_e_mail_address_is_nobodys_number() -> None:
    address = Identifier(scheme="EM", value="anna@example.org")
    assert Party(name="Anna", endpoint=address).number == ""
    company = Identifier(scheme="0184", value="DK99000007")
    assert Party(name="Anna", endpoint=address, company=company).number == "DK99000007"


def outcome(engine: Engine, content: bytes, store: MemoryStore, *decisions: Decision) -> Outcome:
    payload = {"process": "invoices", "case": {"document": store.put(content)}}
    item = Item(reference="r", payload=payload, earlier=Earlier(decisions=decisions))  # type: ignore[arg-type]  # JSON
    return conduct(process, item, store, engine)


def answer_of(found: Outcome, store: MemoryStore) -> Answer:
    (effect,) = [each for each in workload.effects(found) if each.step == "send_answer"]
    return read_answer(json.loads(store.get(str(effect.request["answer"]))))


REFUSAL = Decision(
    question="approval",
    choice="reject",
    fields={"reason_code": "QTY", "reason": "Der kom to stole."},
    people=("anna",),
    decided_at=datetime(2026, 11, 24, tzinfo=UTC),
)
DEAR = replace(SALE, lines=(replace(CHAIR, price=Decimal(12500)),))


@pytest.mark.parametrize("kind", [DocumentType.INVOICE, DocumentType.CREDIT_NOTE])
def test_an_accepted_peppol_document_gets_an_invoice_response(engine: Engine, kind: DocumentType) -> None:
    store = MemoryStore()
    answer = answer_of(outcome(engine, write_peppol(replace(SALE, type=kind)), store), store)
    root = read_document(answer.written(KEY)).root
    assert broken(root) == []
    assert (root.findtext("{*}ID"), root.findtext(".//{*}ResponseCode")) == (str(KEY), "AP")
    assert root.findtext(".//{*}DocumentTypeCode") == ("380" if kind is DocumentType.INVOICE else "381")


def test_a_refused_one_says_why_and_what_to_do(engine: Engine) -> None:
    store = MemoryStore()
    answer = answer_of(outcome(engine, write_peppol(DEAR), store, REFUSAL), store)
    root = read_document(answer.written(KEY)).root
    assert broken(root) == []
    assert root.findtext(".//{*}ResponseCode") == "RE"
    clarifications = {each.get("listID"): each.text for each in root.iter("{*}StatusReasonCode")}
    assert clarifications == {"OPStatusReason": "QTY", "OPStatusAction": "NIN"}
    assert root.findtext(".//{*}StatusReason") == "Der kom to stole."


def test_one_that_breaks_rules_is_told_which(engine: Engine) -> None:
    store = MemoryStore()
    wrong = write_peppol(SALE).replace(b">1562.50</cbc:PayableAmount>", b">1600.00</cbc:PayableAmount>")
    root = read_document(answer_of(outcome(engine, wrong, store), store).written(KEY)).root
    assert broken(root) == []
    assert (root.findtext(".//{*}ResponseCode"), root.findtext(".//{*}StatusReasonCode")) == ("RE", "OTH")
    assert "[SD-A09]" in root.findtext(".//{*}StatusReason")


def test_the_parties_change_places(engine: Engine) -> None:
    store = MemoryStore()
    invoice = read_invoice(read_document(write_peppol(SALE)))
    answer = answer_of(outcome(engine, write_peppol(SALE), store), store)
    root = read_document(answer.written(KEY)).root
    assert root.findtext("{*}SenderParty/{*}EndpointID") == invoice.customer.endpoint.value
    assert root.findtext("{*}ReceiverParty/{*}EndpointID") == invoice.supplier.endpoint.value


@given(
    st.sampled_from([None, *RefusalReason]),
    st.text(min_size=1, max_size=50),
    st.sampled_from(["GLN", "EAN", "DK:CVR", "DK:SE", "0088", "0184", "0192"]),
    st.text("abcdefgæøå ", min_size=1, max_size=20).map(lambda name: f"x{name}"),
)
def test_any_answer_is_a_sound_invoice_response(
    reason: RefusalReason | None, description: str, scheme: str, name: str
) -> None:
    party = Party(name=name, endpoint=Identifier(scheme=scheme, value="9520000000004"))
    answer = Answer(
        standard=Standard.PEPPOL,
        response_code=ResponseCode.BUSINESS_REJECT if reason else ResponseCode.BUSINESS_ACCEPT,
        description=f"x{description}",
        reason=reason,
        issue_date="2026-11-24",
        profile="p",
        profile_scheme="",
        sender=party,
        receiver=party,
        document_type=DocumentType.INVOICE,
        document_type_code="380",
        document_number="T-1",
        document_uuid="",
        document_issue_date="2026-11-20",
    )
    assert broken(read_document(answer.written(KEY)).root) == []
