from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item
from samdrift_rpa.documents import DocumentType
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.process import process
from samdrift_rpa.workload import workload

SALE = Sale(number="T-1", lines=(Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50")),))
INVOICE = write(SALE)
RECEIVED = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)


def items(*contents: bytes, received_at: datetime = RECEIVED) -> list[Item]:
    store = MemoryStore()
    cases = [{"document": store.put(content)} for content in contents]
    return list(workload.split(submission(cases=cases, received_at=received_at), store))


def submission(**changes: object) -> Any:
    right = {"process": "invoices", "cases": [{"document": "sha256:" + "0" * 64}], "received_at": "2026-11-24T08:00Z"}
    return workload.submission.model_validate(right | changes)


def test_the_reference_names_supplier_type_and_number() -> None:
    (item,) = items(INVOICE)
    assert item.reference == "invoices/DK99000007 Invoice T-1"
    (item,) = items(write(replace(SALE, type=DocumentType.CREDIT_NOTE)))
    assert item.reference == "invoices/DK99000007 CreditNote T-1"


def test_what_cannot_be_read_is_known_by_its_content() -> None:
    first, second = items(b"not xml", b"nor this")
    assert first.reference.startswith("invoices/document sha256:")
    assert first.reference != second.reference


def test_a_private_persons_number_is_no_part_of_a_reference() -> None:
    private = INVOICE.replace(b'"DK:CVR">DK99000007<', b'"DK:CPR">0101010101<')
    assert "0101010101" not in items(private)[0].reference


def test_a_very_long_number_does_not_make_a_long_reference() -> None:
    assert len(items(write(replace(SALE, number="9" * 500)))[0].reference) < 100


def test_the_same_document_twice_is_one_item() -> None:
    assert items(INVOICE, INVOICE) == items(INVOICE)


def test_the_same_document_received_later_has_the_same_payload() -> None:
    (first,), (later,) = items(INVOICE), items(INVOICE, received_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert (first.reference, first.payload) == (later.reference, later.payload)


def test_other_content_under_the_same_number_is_seen() -> None:
    other = write(replace(SALE, customer=3))
    first, second = items(INVOICE, other)
    assert second.reference.startswith(f"{first.reference} (")
    assert (first.payload.get("same_reference"), second.payload["same_reference"]) == (None, True)


def test_the_day_of_receipt_is_the_danish_one(engine: Engine) -> None:
    def received_on(item: Item) -> date | None:
        given = process.given.model_validate(item.payload["case"])
        return process.run(item, given, MemoryStore(), engine, process.declared).received_on

    (item,) = items(INVOICE)
    assert received_on(item) == date(2026, 11, 25)
    assert received_on(replace(item, deadline=None)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"cases": []},
        {"cases": [{"document": "sha256:abc"}]},
        {"cases": [{"document": "sha256:" + "0" * 64, "channel": "fax"}]},
        {"received_at": "2026-11-24T08:00:00"},
        {"process": "no_such_process"},
        {"extra": 1},
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, object]) -> None:
    submission()
    with pytest.raises(ValidationError) as caught:
        submission(**wrong)
    error = caught.value.errors()[0]
    assert next(iter(wrong)) in (*error["loc"], str(error.get("ctx", {}).get("discriminator", "")).strip("'"))
