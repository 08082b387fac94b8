"""Holds an invoice against the orders that it names: what differs is for a person, with the differences as reasons.

Less than what was ordered is no difference: goods come, and are invoiced, in parts. An invoice does not know of others
for the same order, so two that fit it each are not noticed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from samdrift_rpa.invoices.ground import Ground
from samdrift_rpa.invoices.invoice import NOT_STATED, Invoice, InvoiceLine, Party
from samdrift_rpa.invoices.order import Order, OrderLine, last_word
from samdrift_rpa.invoices.policy import OrderPolicy
from samdrift_rpa.messages import N_

NO_ORDER = N_("The document names no order, and the policy asks for one.")
ORDER_MISSING = N_("The document names order %(order)s, which did not come with it.")
CANCELLED = N_("Order %(order)s was cancelled.")
OTHER_SUPPLIER = N_("Order %(order)s was placed with another supplier.")
OTHER_BUYER = N_("Order %(order)s was placed by another buyer.")
OTHER_CURRENCY = N_("Order %(order)s is in %(expected)s, but the document is in %(currency)s.")
NOT_ORDERED = N_("Line %(position)s is not in order %(order)s.")
OTHER_ITEM = N_("Line %(position)s is for item %(item)s, but %(expected)s was ordered.")
QUANTITY = N_("Line %(position)s is for %(quantity)s, but %(ordered_quantity)s were ordered.")
AMOUNT = N_("Line %(position)s amounts to %(invoiced)s, but what was ordered costs %(ordered)s.")
TOTAL = N_("The document is for %(invoiced)s without VAT, but order %(order)s is for %(ordered)s.")


@dataclass(frozen=True, kw_only=True)
class Match:
    """An invoice beside the orders that it names."""

    #: Those of its orders that came with it, as they stand now.
    orders: tuple[Order, ...]
    #: What differs; empty: it fits, or it was not held against any order.
    grounds: tuple[Ground, ...]


def match(invoice: Invoice, orders: Sequence[Order], policy: OrderPolicy) -> Match:
    """Hold `invoice` against those of `orders` that it names."""
    named = invoice.order_numbers
    known = {number: order for number in named if (order := _order_called(number, invoice, orders)) is not None}
    found = tuple(known.values())
    grounds: list[Ground] = []
    if policy.required or orders:
        grounds += [_ground("order_missing", ORDER_MISSING, order=number) for number in named if number not in known]
    if policy.required and not named:
        grounds.append(_ground("no_order", NO_ORDER))
    for order in found:
        grounds += _differences(invoice, order, policy)
    return Match(orders=found, grounds=tuple(grounds))


def _order_called(number: str, invoice: Invoice, orders: Sequence[Order]) -> Order | None:
    """The order of that number as it stands; between these parties, where several buyers use the same number."""
    same = [order for order in orders if order.number == number]
    own = [each for each in same if invoice.supplier.is_also(each.seller) and invoice.customer.is_also(each.buyer)]
    return last_word(own or same)


def _differences(invoice: Invoice, order: Order, policy: OrderPolicy) -> list[Ground]:
    if order.is_cancelled:
        return [_ground("order_cancelled", CANCELLED, order=order.number)]
    parties = [*_parties(invoice, order)]
    if parties:  # another's order: its lines say nothing
        return parties
    lines = _lines_of(invoice, order)
    return [*_lines(lines, order, policy)] or [*_total(invoice, lines, order, policy)]


def _parties(invoice: Invoice, order: Order) -> Iterator[Ground]:
    checks: Sequence[tuple[str, str, Party, Party]] = (
        ("order_supplier", OTHER_SUPPLIER, invoice.supplier, order.seller),
        ("order_buyer", OTHER_BUYER, invoice.customer, order.buyer),
    )
    for code, sentence, invoiced, ordered in checks:
        if not invoiced.is_also(ordered):
            yield _ground(code, sentence, order=order.number)
    if order.currency and order.currency != invoice.currency:
        values = {"order": order.number, "expected": order.currency, "currency": invoice.currency}
        yield _ground("order_currency", OTHER_CURRENCY, **values)


def _lines_of(invoice: Invoice, order: Order) -> list[InvoiceLine]:
    """The lines that are for `order`: those that say so, and those that name no other."""
    own = {order.number, ""} if invoice.order_number in (order.number, "") else {order.number}
    return [line for line in invoice.lines if line.order_number in own]


def _lines(lines: Iterable[InvoiceLine], order: Order, policy: OrderPolicy) -> Iterator[Ground]:
    left = {line.id: line.quantity for line in order.lines}
    for line in lines:
        ordered = _ordered(line, order)
        if ordered is None:
            yield _ground("order_line", NOT_ORDERED, position=line.id, order=order.number)
            continue
        yield from _item(line, ordered)
        yield from _quantity(line, left[ordered.id])
        yield from _amount(line, ordered, policy)
        left[ordered.id] -= line.quantity


def _ordered(line: InvoiceLine, order: Order) -> OrderLine | None:
    """The line of the order: by its number, else by the item's number, else by its name."""
    if line.order_line:
        return next((each for each in order.lines if each.id == line.order_line), None)
    for same in (
        lambda each: _one_item(line.standard_item, each.standard_item),
        lambda each: _one_item(line.sellers_item, each.sellers_item),
        lambda each: bool(line.name) and line.name.casefold() == each.name.casefold(),
    ):
        found = [each for each in order.lines if same(each)]
        if found:
            return found[0]
    return None


def _one_item(invoiced: str, ordered: str) -> bool:
    return invoiced == ordered and invoiced.upper() not in NOT_STATED


def _item(line: InvoiceLine, ordered: OrderLine) -> Iterator[Ground]:
    """The item is another one: by a number that both lines state."""
    pairs = ((line.standard_item, ordered.standard_item), (line.sellers_item, ordered.sellers_item))
    stated = [pair for pair in pairs if not {each.upper() for each in pair} & NOT_STATED]
    if stated and stated[0][0] != stated[0][1]:
        invoiced, expected = stated[0]
        yield _ground("order_item", OTHER_ITEM, position=line.id, item=invoiced, expected=expected)


def _quantity(line: InvoiceLine, left: Decimal) -> Iterator[Ground]:
    """More than what is left of the ordered line after the lines before."""
    if abs(line.quantity) > max(left, Decimal(0)):
        yield _ground("order_quantity", QUANTITY, position=line.id, quantity=line.quantity, ordered_quantity=left)


def _amount(line: InvoiceLine, ordered: OrderLine, policy: OrderPolicy) -> Iterator[Ground]:
    """Dearer than as much of the ordered line costs."""
    if ordered.line_extension_amount is None:
        return
    share = line.quantity / ordered.quantity if ordered.quantity else Decimal(1)
    costs = ordered.line_extension_amount * share
    if line.line_extension_amount > costs + policy.tolerance(costs):
        values = {"invoiced": _money(line.line_extension_amount), "ordered": _money(costs)}
        yield _ground("order_amount", AMOUNT, position=line.id, **values)


def _total(invoice: Invoice, lines: Sequence[InvoiceLine], order: Order, policy: OrderPolicy) -> Iterator[Ground]:
    """Charges that were not ordered; only where the whole document is for this order."""
    amounts = [line.line_extension_amount for line in order.lines]
    if len(lines) != len(invoice.lines) or any(amount is None for amount in amounts):
        return
    invoiced = sum((line.line_extension_amount for line in lines), Decimal(0)) + invoice.charges - invoice.allowances
    ordered = sum((amount for amount in amounts if amount is not None), Decimal(0))
    if invoiced > ordered + policy.tolerance(ordered):
        values = {"invoiced": _money(invoiced), "ordered": _money(ordered), "order": order.number}
        yield _ground("order_total", TOTAL, **values)


def _ground(code: str, sentence: str, **values: object) -> Ground:
    return Ground(code=code, sentence=sentence, values={name: str(value) for name, value in values.items()})


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
