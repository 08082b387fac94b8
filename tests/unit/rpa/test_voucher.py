from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_rpa.documents import DocumentType, read_document
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.invoice import Invoice, read_invoice
from samdrift_rpa.invoices.policy import Policy
from samdrift_rpa.invoices.voucher import UnbalancedVoucherError, voucher_of

amounts = st.integers(-1_000_000, 1_000_000).map(lambda n: Decimal(n) / 100)
SALE = Sale(number="T-1", lines=(Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50")),))


def invoice(kind: DocumentType = DocumentType.INVOICE) -> Invoice:
    return read_invoice(read_document(write(replace(SALE, type=kind))))


def test_an_invoice_debits_expense_and_vat_and_credits_the_supplier(policy: Policy) -> None:
    voucher = voucher_of(invoice(), policy)
    entries = [(line.account, line.debit, line.credit) for line in voucher.lines]
    accounts = policy.accounts
    assert entries == [
        (accounts.expense, Decimal("1250.00"), 0),
        (accounts.input_vat, Decimal("312.50"), 0),
        (accounts.payable, 0, Decimal("1562.50")),
    ]
    assert voucher.amount == Decimal("1562.50")


def test_a_credit_note_is_the_mirror_image(policy: Policy) -> None:
    ahead, back = voucher_of(invoice(), policy), voucher_of(invoice(DocumentType.CREDIT_NOTE), policy)
    assert [(e.account, e.debit, e.credit) for e in ahead.lines] == [(e.account, e.credit, e.debit) for e in back.lines]
    assert back.amount == -ahead.amount


@settings(deadline=None)
@given(net=amounts, tax=amounts, charges=amounts, allowances=amounts, rounding=amounts, prepaid=amounts)
def test_amounts_that_add_up_balance_whatever_their_signs(
    net: Decimal, tax: Decimal, charges: Decimal, allowances: Decimal, rounding: Decimal, prepaid: Decimal
) -> None:
    policy = _policy()
    base = invoice()
    full = replace(
        base,
        lines=(replace(base.lines[0], line_extension_amount=net),),
        tax_amount=tax,
        charges=charges,
        allowances=allowances,
        rounding_amount=rounding,
        prepaid_amount=prepaid,
        payable_amount=net + tax + charges - allowances + rounding - prepaid,
    )
    voucher = voucher_of(full, policy)
    assert voucher.balance == 0
    assert all((line.debit > 0) != (line.credit > 0) for line in voucher.lines)
    assert min((min(line.debit, line.credit) for line in voucher.lines), default=Decimal(0)) >= 0


def _policy() -> Policy:
    from samdrift_rpa.invoices.policy import read_policy

    return read_policy()


@pytest.mark.parametrize("off", ["0.01", "-5.00"])
def test_what_does_not_add_up_is_not_a_voucher(policy: Policy, off: str) -> None:
    wrong = replace(invoice(), payable_amount=invoice().payable_amount + Decimal(off))
    with pytest.raises(UnbalancedVoucherError):
        voucher_of(wrong, policy)


def test_fractions_of_a_cent_are_not_posted(policy: Policy) -> None:
    base = invoice()
    odd = replace(base, tax_amount=Decimal("312.505"), payable_amount=Decimal("1562.505"))
    with pytest.raises(UnbalancedVoucherError):
        voucher_of(odd, policy)


def test_the_account_follows_the_accounting_cost(policy: Policy) -> None:
    chosen = policy.model_copy(update={"accounts_by_accounting_cost": {"5250": "4711"}})
    voucher = voucher_of(replace(invoice(), accounting_cost="5250"), chosen)
    assert voucher.lines[0].account == "4711"
    assert voucher_of(replace(invoice(), accounting_cost="1"), chosen).lines[0].account == policy.accounts.expense
