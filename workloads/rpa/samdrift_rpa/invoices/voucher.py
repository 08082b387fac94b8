"""The voucher that an invoice becomes: double-entry lines that balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import JsonValue

from samdrift_platform.cpr import mask
from samdrift_platform.errors import InputError
from samdrift_rpa.documents import DocumentType
from samdrift_rpa.invoices.invoice import Invoice
from samdrift_rpa.invoices.policy import Policy

NOTHING = Decimal(0)


class UnbalancedVoucherError(InputError):
    """The invoice's amounts do not add up to what is to be paid. A person must look before anything is posted."""


@dataclass(frozen=True, kw_only=True)
class VoucherLine:
    """One entry; exactly one of `debit` and `credit` is above 0, in the voucher's currency."""

    account: str
    text: str
    debit: Decimal = NOTHING
    credit: Decimal = NOTHING


@dataclass(frozen=True, kw_only=True)
class Voucher:
    """What the ERP system is asked to post."""

    document_type: DocumentType
    document_number: str
    #: Its number; empty for a private person.
    supplier: str
    supplier_name: str
    issue_date: date
    due_date: date | None
    currency: str
    #: What is owed to the supplier; negative for a credit note.
    amount: Decimal
    lines: tuple[VoucherLine, ...]

    @property
    def balance(self) -> Decimal:
        """Debit less credit; 0 for a voucher that may be posted."""
        return sum((line.debit - line.credit for line in self.lines), NOTHING)

    def to_json(self) -> dict[str, JsonValue]:
        """The request to the ERP system; amounts as text with two decimals, so that nothing is rounded on the way."""
        return {
            "document_type": str(self.document_type),
            "document_number": self.document_number,
            "supplier": self.supplier,
            "supplier_name": self.supplier_name,
            "issue_date": self.issue_date.isoformat(),
            "due_date": self.due_date.isoformat() if self.due_date else None,
            "currency": self.currency,
            "amount": f"{self.amount:.2f}",
            "lines": [
                {
                    "account": line.account,
                    "text": line.text,
                    "debit": f"{line.debit:.2f}",
                    "credit": f"{line.credit:.2f}",
                }
                for line in self.lines
            ],
        }


def voucher_of(invoice: Invoice, policy: Policy) -> Voucher:
    """The voucher of an invoice; a credit note's entries are on the opposite sides.

    Raises:
        UnbalancedVoucherError: lines, tax, charges, allowances, rounding and prepayment do not give the payable
            amount, or an amount has fractions of a cent.
    """
    sign = -1 if invoice.type is DocumentType.CREDIT_NOTE else 1
    entries = [entry for entry in _entries(invoice, policy) if entry[2]]
    voucher = Voucher(
        document_type=invoice.type,
        document_number=invoice.number,
        supplier=invoice.supplier.number,
        supplier_name=invoice.supplier.name,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        amount=invoice.signed_amount,
        lines=tuple(_line(account, text, sign * amount) for account, text, amount in entries),
    )
    if voucher.balance or any(_has_fractions(amount) for _, _, amount in entries):
        raise UnbalancedVoucherError(
            f"The amounts of {invoice.type} {invoice.number} leave {voucher.balance} {invoice.currency} "
            "over when they are posted. A person must look before anything is posted."
        )
    return voucher


def _entries(invoice: Invoice, policy: Policy) -> Iterator[tuple[str, str, Decimal]]:
    """Account, text and signed amount (debit above 0) of each entry of an invoice."""
    accounts = policy.accounts
    for line in invoice.lines:
        account = policy.account_for(line.accounting_cost or invoice.accounting_cost)
        yield account, mask(line.name) or f"Line {line.id}", line.line_extension_amount
    general = policy.account_for(invoice.accounting_cost)
    yield general, "Charges", invoice.charges
    yield general, "Allowances", -invoice.allowances
    yield accounts.input_vat, "VAT", invoice.tax_amount
    yield accounts.rounding, "Rounding", invoice.rounding_amount
    yield accounts.prepaid, "Prepaid", -invoice.prepaid_amount
    yield accounts.payable, invoice.supplier.name, -invoice.payable_amount


def _line(account: str, text: str, amount: Decimal) -> VoucherLine:
    if amount > 0:
        return VoucherLine(account=account, text=text, debit=amount)
    return VoucherLine(account=account, text=text, credit=-amount)


def _has_fractions(amount: Decimal) -> bool:
    return amount != amount.quantize(Decimal("0.01"))
