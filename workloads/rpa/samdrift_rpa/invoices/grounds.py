"""What the policy reserves for a person: everything about an invoice that is unusual, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from samdrift_rpa.invoices.ground import Ground
from samdrift_rpa.invoices.invoice import PRO_FORMA, Invoice
from samdrift_rpa.invoices.policy import Policy
from samdrift_rpa.invoices.voucher import UnbalancedVoucherError, voucher_of
from samdrift_rpa.messages import N_

ABOVE_LIMIT = N_("The amount of %(amount)s %(currency)s is above the limit of %(limit)s %(currency)s.")
TWO_PEOPLE = N_("The amount of %(amount)s %(currency)s is above %(limit)s %(currency)s, so two people must approve it.")
OTHER_CURRENCY = N_("The document is in %(currency)s; only %(expected)s is posted without a person.")
PRIVATE_PERSON = N_("The supplier is a private person, and payment may have to be reported as income.")
SAME_NUMBER = N_("Another document with the same supplier and number but other content came in.")
UNBALANCED = N_("The document passes its rules, but its amounts do not balance as a voucher.")
INCOMPLETE = N_("The document passes its rules, but lacks a fact that posting needs.")
NO_CLAIM = N_("It is a pro forma invoice, which claims no payment.")
OTHER_PAYEE = N_("Payment is to go to somebody else than the supplier.")
OTHER_RECEIVER = N_("The document is addressed to %(endpoint)s, which is none of ours.")
SUPPLIER_DIGIT = N_("The check digit of the supplier's number %(number)s does not hold.")
RECEIVER_DIGIT = N_("The check digit of the receiver's number %(number)s does not hold.")

#: The facts that posting needs cannot be read.
INCOMPLETE_GROUND = Ground(code="incomplete", sentence=INCOMPLETE, postable=False)


def grounds_of(invoice: Invoice, policy: Policy, *, same_number: bool) -> list[Ground]:
    """Why a person must decide about `invoice`; `same_number`: another with its number but other content came in."""
    return [
        *_amount(invoice, policy),
        *_supplier(invoice, same_number=same_number),
        *_claim(invoice),
        *_numbers(invoice, policy),
        *_balance(invoice, policy),
    ]


def _amount(invoice: Invoice, policy: Policy) -> Iterator[Ground]:
    if invoice.currency != policy.currency:
        values = {"currency": invoice.currency, "expected": policy.currency}
        yield Ground(code="currency", sentence=OTHER_CURRENCY, values=values)
    amount, two = abs(invoice.payable_amount), policy.two_people_limit(invoice.currency)
    values = {"amount": f"{invoice.payable_amount:.2f}", "currency": invoice.currency}
    if two is not None and amount > two:
        values["limit"] = f"{two:.2f}"
        yield Ground(code="limit_two_people", sentence=TWO_PEOPLE, values=values, people=2)
    elif invoice.currency == policy.currency and amount > policy.amount_limit:
        values["limit"] = f"{policy.amount_limit:.2f}"
        yield Ground(code="limit", sentence=ABOVE_LIMIT, values=values)


def _supplier(invoice: Invoice, *, same_number: bool) -> Iterator[Ground]:
    if invoice.supplier.is_private:
        yield Ground(code="person", sentence=PRIVATE_PERSON)
    if same_number:
        yield Ground(code="same_number", sentence=SAME_NUMBER)


def _claim(invoice: Invoice) -> Iterator[Ground]:
    """Whether anything is owed, and to whom it is to be paid."""
    if invoice.type_code == PRO_FORMA:
        yield Ground(code="pro_forma", sentence=NO_CLAIM, postable=False)
    if invoice.pays_another:
        yield Ground(code="payee", sentence=OTHER_PAYEE)


def _numbers(invoice: Invoice, policy: Policy) -> Iterator[Ground]:
    endpoint = invoice.customer.endpoint
    if not policy.is_ours(endpoint):
        yield Ground(code="receiver", sentence=OTHER_RECEIVER, values={"endpoint": endpoint.normal})
    if not policy.check_digits:
        return
    parties = ((invoice.supplier, SUPPLIER_DIGIT), (invoice.customer, RECEIVER_DIGIT))
    for party, sentence in parties:
        for number in dict.fromkeys(each for each in party.identifiers if not each.check_digit_holds):
            yield Ground(code="check_digit", sentence=sentence, values={"number": number.normal})


def _balance(invoice: Invoice, policy: Policy) -> Iterator[Ground]:
    try:
        voucher_of(invoice, policy)
    except UnbalancedVoucherError:
        yield Ground(code="unbalanced", sentence=UNBALANCED, postable=False)
