"""Invoices of the official scenarios against the orders that came before them: what differs was read by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_rpa.documents import read_document
from samdrift_rpa.invoices.invoice import read_invoice
from samdrift_rpa.invoices.order import read_order
from samdrift_rpa.invoices.order_match import match
from samdrift_rpa.invoices.policy import OrderPolicy

pytestmark = pytest.mark.data

SCENARIOS = [
    ("BASPRO_01_01_00_Invoice", ["BASPRO_01_01_00_Order"], {}),
    ("BASPRO_03_01_06_CreditNote", ["BASPRO_01_01_00_Order"], {}),
    # the order names no item, so there is nothing to differ from
    ("ADVORD_04_04_00_Invoice", ["ADVORD_04_04_00_Order"], {}),
    # the change replaced the order: 800 for 4,000
    ("ADVORD_02_02_00_Invoice", ["ADVORD_02_02_00_OrderChange"], {}),
    ("ADVORD_02_02_00_Invoice", ["ADVORD_04_04_00_Order", "ADVORD_02_02_00_OrderChange"], {}),
    (
        "ADVORD_02_02_00_Invoice",
        ["ADVORD_04_04_00_Order"],
        {"order_quantity": {"quantity": "800.00", "ordered_quantity": "1.00"}},
    ),
    (
        "ADVORD_04_04_00_Invoice",
        ["ADVORD_05_04_01_Order", "ADVORD_05_04_01_OrderCancellation"],
        {"order_cancelled": {}},
    ),
    ("COMORG_03_03_00_Invoice", ["COMORG_03_03_00_Order"], {"order_item": {"expected": "5712345780111"}}),
    ("COMORG_02_02_00_Invoice", ["COMORG_02_02_00_Order"], {"order_item": {"expected": "5712345780123"}}),
    ("BASPRO_01_01_00_Invoice", ["COMORG_02_02_00_Order"], {"order_supplier": {}}),
    ("BASPRO_01_01_00_Invoice", ["COMDEL_01_01_00_Order"], {"order_supplier": {}, "order_buyer": {}}),
    ("COMPAY_04_04_00_Invoice", ["COMPAY_03_03_00_Order"], {"order_missing": {"order": "5002815"}}),
    ("InvoiceStor", ["OrderStor"], {"order_missing": {"order": "5002701"}}),
]


@pytest.mark.parametrize(("invoice", "orders", "expected"), SCENARIOS)
def test_what_differs_is_found(
    data: Path, invoice: str, orders: list[str], expected: dict[str, dict[str, str]]
) -> None:
    folder = data / "oioubl/test-files/2.0.2"

    def content(name: str) -> bytes:
        return (folder / f"{name}_v2p2.xml").read_bytes()

    found = match(
        read_invoice(read_document(content(invoice))),
        [read_order(read_document(content(name))) for name in orders],
        OrderPolicy(),
    )
    assert {ground.code: dict(ground.values) for ground in found.grounds}.keys() == expected.keys()
    for ground in found.grounds:
        assert expected[ground.code].items() <= ground.values.items()


def test_every_order_in_the_data_can_be_read(data: Path) -> None:
    """Orders, changes and cancellations; the number of a change is that of the order it changes."""
    read = [
        read_order(read_document(path.read_bytes()))
        for path in sorted((data / "oioubl/test-files").glob("*/*Order*_v2p2.xml"))
        if "Response" not in path.name
    ]
    assert len(read) == 17  # 12 orders, 2 changes, 3 cancellations
    assert {order.number for order in read} >= {"5002701", "5002902", "A00095678"}
