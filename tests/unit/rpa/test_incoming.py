from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item
from samdrift_rpa.documents import DocumentType
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.incoming import IncomingInvoices, received_on, reference_of, split

SALE = Sale(number="T-1", lines=(Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50")),))
INVOICE = write(SALE)
RECEIVED = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)


def items(*contents: bytes, received_at: datetime = RECEIVED) -> list[Item]:
    store = MemoryStore()
    documents = [store.put(content) for content in contents]
    return list(split(IncomingInvoices(documents=documents, received_at=received_at), store))


def test_the_reference_names_supplier_type_and_number() -> None:
    (item,) = items(INVOICE)
    assert item.reference == "DK99000007 Invoice T-1"
    assert items(write(replace(SALE, type=DocumentType.CREDIT_NOTE)))[0].reference == "DK99000007 CreditNote T-1"


def test_what_cannot_be_read_is_known_by_its_content() -> None:
    first, second = items(b"not xml", b"nor this")
    assert first.reference.startswith("document sha256:")
    assert first.reference != second.reference


def test_a_private_persons_number_is_no_part_of_a_reference() -> None:
    private = INVOICE.replace(b'"DK:CVR">DK99000007<', b'"DK:CPR">0101010101<')
    assert "0101010101" not in items(private)[0].reference


def test_a_very_long_number_does_not_make_a_long_reference() -> None:
    assert len(reference_of(write(replace(SALE, number="9" * 500)))) < 100


def test_the_same_document_twice_is_one_item() -> None:
    assert items(INVOICE, INVOICE) == items(INVOICE)


def test_the_same_document_received_later_has_the_same_payload() -> None:
    (first,), (later,) = items(INVOICE), items(INVOICE, received_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert (first.reference, first.payload) == (later.reference, later.payload)


def test_other_content_under_the_same_number_is_seen() -> None:
    other = write(replace(SALE, customer=3))
    first, second = items(INVOICE, other)
    assert second.reference.startswith(f"{first.reference} (")
    assert second.payload["same_number_as"] == first.payload["document"]


def test_the_day_of_receipt_is_the_danish_one() -> None:
    assert received_on(items(INVOICE)[0]) == date(2026, 11, 25)
    assert received_on(Item(reference="r", payload={})) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"documents": []},
        {"documents": ["sha256:abc"]},
        {"received_at": "2026-11-24T08:00:00"},
        {"channel": "fax"},
        {"extra": 1},
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, object]) -> None:
    right = {"documents": ["sha256:" + "0" * 64], "received_at": "2026-11-24T08:00:00Z"}
    IncomingInvoices.model_validate(right)
    with pytest.raises(ValidationError) as caught:
        IncomingInvoices.model_validate(right | wrong)
    assert caught.value.errors()[0]["loc"][0] == next(iter(wrong))
