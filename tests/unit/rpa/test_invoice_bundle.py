from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from samdrift_platform.checks import MemoryStore
from samdrift_rpa.commands.case_files import cases_in
from samdrift_rpa.documents import DocumentType
from samdrift_rpa.invoices.bundle import bundle
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.order_generator import write_order
from samdrift_rpa.invoices.peppol_generator import write_peppol
from samdrift_rpa.invoices.process import process

SALE = Sale(number="T-1", lines=(Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50")),), order="O-1")
DOCUMENTS = {
    "order": write_order(SALE),
    "invoice": write(SALE),
    "another": write(replace(SALE, number="T-2", order="O-2")),
    "change": write_order(SALE, DocumentType.ORDER_CHANGE),
    "peppol": write_peppol(replace(SALE, number="T-3")),
    "none": write(replace(SALE, number="T-4", order="NA")),
    "letter": b"not a document",
}


def test_orders_go_along_with_the_invoices_that_name_them() -> None:
    assert dict(bundle(DOCUMENTS)) == {
        "invoice": {"document": "invoice", "orders": ["order", "change"]},
        "another": {"document": "another", "orders": []},
        "peppol": {"document": "peppol", "orders": ["order", "change"]},
        "none": {"document": "none", "orders": []},
        "letter": {"document": "letter", "orders": []},
    }


def test_files_on_the_command_line_are_bundled(tmp_path: Path) -> None:
    store, files = MemoryStore(), []
    for name, content in (*DOCUMENTS.items(), ("invoice-again", DOCUMENTS["invoice"])):
        files.append(tmp_path / name)
        files[-1].write_bytes(content)
    found = {each.file.name: process.given.model_validate(each.case) for each in cases_in(process, files, store.put)}
    assert found.keys() == {"invoice", "another", "peppol", "none", "letter"}
    assert [store.get(order) for order in found["invoice"].orders] == [DOCUMENTS["order"], DOCUMENTS["change"]]
