from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_rpa.documents import DocumentType, read_document
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.invoice import Invoice, read_invoice
from samdrift_rpa.invoices.order import Order, UnreadableOrderError, read_order
from samdrift_rpa.invoices.order_generator import write_order
from samdrift_rpa.invoices.order_match import match
from samdrift_rpa.invoices.peppol_generator import write_peppol
from samdrift_rpa.invoices.policy import OrderPolicy

EXACT = OrderPolicy()
CHAIR = Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50"))
TABLE = Sold(name="Bord", quantity=Decimal(1), price=Decimal("4950.00"))
SALE = Sale(number="T-1", lines=(CHAIR, TABLE), order="O-1")


def invoice(sale: Sale = SALE, *, peppol: bool = False) -> Invoice:
    return read_invoice(read_document(write_peppol(sale) if peppol else write(sale)))


def order(sale: Sale = SALE, kind: DocumentType = DocumentType.ORDER) -> Order:
    return read_order(read_document(write_order(sale, kind)))


def differences(found: Invoice, *orders: Order, policy: OrderPolicy = EXACT) -> list[str]:
    return [ground.code for ground in match(found, [*orders], policy).grounds]


solds = st.builds(
    Sold,
    name=st.sampled_from(["Stol", "Bord", "Lampe"]),
    quantity=st.integers(1, 500).map(Decimal),
    price=st.integers(1, 100_000).map(lambda cents: Decimal(cents) / 100),
)
sales = st.builds(
    Sale, number=st.just("T-1"), lines=st.lists(solds, min_size=1, max_size=4).map(tuple), order=st.just("O-1")
)


@given(sales, st.booleans())
def test_what_was_ordered_fits_in_either_format(sale: Sale, peppol: bool) -> None:
    found = match(invoice(sale, peppol=peppol), [order(sale)], EXACT)
    assert ([each.number for each in found.orders], found.grounds) == (["O-1"], ())


@given(sales, st.data())
def test_a_part_of_what_was_ordered_fits(sale: Sale, data: st.DataObject) -> None:
    """Fewer of a line at the same price; the cents of a part may be rounded up."""
    parts = [
        replace(sold, quantity=Decimal(data.draw(st.integers(1, int(sold.quantity)), label="invoiced")))
        for sold in sale.lines
    ]
    rounding = OrderPolicy(amount_tolerance=Decimal("0.01"))
    assert differences(invoice(replace(sale, lines=tuple(parts))), order(sale), policy=rounding) == []


@given(sales, st.data())
def test_more_or_dearer_than_ordered_is_found_on_its_line(sale: Sale, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(sale.lines) - 1), label="position")
    sold, more = sale.lines[position], data.draw(st.integers(1, 50), label="more")
    code, changed = data.draw(
        st.sampled_from(
            [
                ("order_quantity", replace(sold, quantity=sold.quantity + more)),
                ("order_amount", replace(sold, price=sold.price + more)),
            ]
        )
    )
    lines = [*sale.lines[:position], changed, *sale.lines[position + 1 :]]
    found = match(invoice(replace(sale, lines=tuple(lines))), [order(sale)], EXACT).grounds
    assert (code, str(position + 1)) in [(each.code, each.values["position"]) for each in found]
    assert {each.values["position"] for each in found} == {str(position + 1)}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"supplier": 1}, ["order_supplier"]),
        ({"customer": 1}, ["order_buyer"]),
        ({"currency": "EUR"}, ["order_currency"]),
        ({"lines": (CHAIR,)}, []),
        ({"lines": (CHAIR, TABLE, TABLE)}, ["order_line"]),
        ({"order": "O-2"}, ["order_missing"]),
        ({"order": "NA"}, []),
    ],
)
def test_each_difference_has_its_code(changed: dict[str, object], expected: list[str]) -> None:
    assert differences(invoice(replace(SALE, **changed)), order()) == expected  # type: ignore[arg-type]  # by name


def test_two_lines_for_one_line_of_the_order_are_added_up() -> None:
    found = invoice()
    twice = replace(found, lines=(found.lines[0], found.lines[0]))
    assert "order_quantity" in differences(twice, order())


def test_charges_that_were_not_ordered_are_found() -> None:
    with_freight = replace(invoice(), charges=Decimal("250.00"))
    (ground,) = match(with_freight, [order()], EXACT).grounds
    assert (ground.code, ground.values["invoiced"], ground.values["ordered"]) == ("order_total", "6450.00", "6200.00")


@pytest.mark.parametrize(
    ("policy", "price", "expected"),
    [
        (OrderPolicy(amount_tolerance=Decimal(4)), "313.50", []),
        (OrderPolicy(amount_tolerance=Decimal("3.99")), "313.50", ["order_amount"]),
        (OrderPolicy(percent_tolerance=Decimal(2)), "318.75", []),
        (OrderPolicy(percent_tolerance=Decimal(2)), "318.76", ["order_amount"]),
    ],
)
def test_the_policy_says_how_much_dearer_it_may_be(policy: OrderPolicy, price: str, expected: list[str]) -> None:
    dearer = replace(SALE, lines=(replace(CHAIR, price=Decimal(price)), TABLE))
    assert differences(invoice(dearer), order(), policy=policy) == expected


def test_a_policy_may_ask_for_an_order() -> None:
    required = OrderPolicy(required=True)
    assert differences(invoice(replace(SALE, order="NA")), policy=required) == ["no_order"]
    assert differences(invoice(), policy=required) == ["order_missing"]
    assert differences(invoice(), order(), policy=required) == []
    assert differences(invoice()) == []


def test_a_change_replaces_the_order_and_a_cancellation_ends_it() -> None:
    dearer = replace(SALE, lines=(replace(CHAIR, quantity=Decimal(9)), TABLE))
    change = order(dearer, DocumentType.ORDER_CHANGE)
    assert differences(invoice(dearer), order()) == ["order_quantity"]
    assert differences(invoice(dearer), change, order()) == []
    cancelled = order(SALE, DocumentType.ORDER_CANCELLATION)
    assert differences(invoice(), cancelled, change, order()) == ["order_cancelled"]


def test_another_buyers_order_of_the_same_number_is_let_lie() -> None:
    theirs = order(replace(SALE, supplier=7, customer=7, lines=(TABLE,)))
    gone = order(replace(SALE, supplier=7, customer=7), DocumentType.ORDER_CANCELLATION)
    assert differences(invoice(), order(), theirs, gone) == []
    assert differences(invoice(), theirs) == ["order_supplier", "order_buyer"]


def test_lines_without_numbers_of_the_order_are_found_by_name() -> None:
    found = invoice()
    unnumbered = replace(found, lines=tuple(replace(line, order_line="") for line in reversed(found.lines)))
    assert differences(unnumbered, order()) == []
    renamed = replace(unnumbered, lines=(replace(unnumbered.lines[0], name="Skab"), unnumbered.lines[1]))
    assert differences(renamed, order()) == ["order_line"]


def test_another_item_under_the_same_line_is_found() -> None:
    found, placed = invoice(), order()
    ordered = replace(placed, lines=tuple(replace(line, sellers_item="A1") for line in placed.lines))
    invoiced = replace(found, lines=tuple(replace(line, sellers_item="A1") for line in found.lines))
    assert differences(invoiced, ordered) == []
    other = replace(invoiced, lines=(replace(invoiced.lines[0], sellers_item="A2"), invoiced.lines[1]))
    assert differences(other, ordered) == ["order_item"]
    assert differences(replace(other, lines=(replace(other.lines[0], sellers_item="n/a"),)), ordered) == []


def test_several_orders_are_told_apart_by_their_lines() -> None:
    found = invoice(replace(SALE, order="NA"))
    first, second = found.lines
    both = replace(
        found,
        lines=(
            replace(first, order_number="O-1", order_line="1"),
            replace(second, order_number="O-2", order_line="1"),
        ),
    )
    orders = [order(replace(SALE, lines=(CHAIR,))), order(replace(SALE, lines=(TABLE,), order="O-2"))]
    assert both.order_numbers == ("O-1", "O-2")
    assert differences(both, *orders) == []
    assert differences(both, orders[0]) == ["order_missing"]


@pytest.mark.parametrize(
    ("before", "after"),
    [(">2026-11-06<", ">soon<"), (">4</cbc:Quantity>", ">some</cbc:Quantity>"), ("O-1", ""), ("EndpointID", "Note")],
)
def test_an_order_without_a_fact_is_refused(before: str, after: str) -> None:
    broken = write_order(SALE).decode().replace(before, after)
    with pytest.raises(UnreadableOrderError):
        read_order(read_document(broken.encode()))


def test_an_invoice_is_no_order() -> None:
    with pytest.raises(UnreadableOrderError, match="Invoice"):
        read_order(read_document(write(SALE)))
