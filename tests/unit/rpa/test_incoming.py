from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item, Priority, Verdict
from samdrift_platform.ledger import submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import WorkItem, find
from samdrift_platform.ledger.submissions import Request
from samdrift_platform.ledger.tables import work_items
from samdrift_rpa.conduct import conduct
from samdrift_rpa.documents import DocumentType
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.process import process
from samdrift_rpa.submission import split
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
    assert first.reference == second.reference
    assert "same_reference" not in first.payload.keys() | second.payload.keys()
    assert second.beside == {**second.payload, "same_reference": first.reference}


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


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger]:
    """On SQLite: what differs between databases is tested where it is made."""
    with closing(Ledger(sqlite_url)) as ledger:
        yield ledger


def submitted(ledger: Ledger, reference: str, *contents: bytes) -> list[WorkItem]:
    request = Request(
        workload="rpa",
        tenant="t",
        reference=reference,
        document={"reference": reference},
        items=items(*contents),
        priority=Priority.ADMINISTRATIVE,
        submitted_by="test",
    )
    with ledger.write() as connection:
        identifier, _ = submissions.submit(connection, request, now=RECEIVED)
        return find(connection, submission_id=identifier)


def test_other_content_in_a_later_submission_is_work_that_names_the_first(ledger: Ledger) -> None:
    other = write(replace(SALE, customer=3))
    (first,), (second,) = submitted(ledger, "a", INVOICE), submitted(ledger, "b", other)
    assert (second.state, second.payload["same_reference"]) == ("queued", first.reference)
    assert second.payload["first_item"] == str(first.id)
    assert second.reference.startswith(f"{first.reference}~")
    assert (submitted(ledger, "c", other), submitted(ledger, "d", INVOICE)) == ([second], [first])


@pytest.mark.parametrize("at_once", [False, True])
def test_whatever_comes_in_with_them_seconds_are_the_same_items(ledger: Ledger, at_once: bool) -> None:
    """In one submission or in several, in either order: one item for each content, and one that has the reference."""
    contents = [INVOICE, *(write(replace(SALE, customer=customer)) for customer in (3, 4))]
    if at_once:
        first = submitted(ledger, "all", *contents)
    else:
        first = [item for n, content in enumerate(contents) for item in submitted(ledger, str(n), content)]
    assert [item.payload.get("first_item") for item in first] == [None, str(first[0].id), str(first[0].id)]
    for name, again in (("same", contents), ("back", contents[::-1]), ("one", contents[1:2]), ("two", contents[1:])):
        assert {item.id for item in submitted(ledger, name, *again)} <= {item.id for item in first}


def test_of_two_corrections_at_once_a_person_sees_the_second(ledger: Ledger) -> None:
    """What came before was rejected; so one of them is the correction, and the other is beside it."""
    (rejected,) = submitted(ledger, "a", INVOICE)
    with ledger.write() as connection:
        connection.execute(sa.update(work_items).values(state="rejected"))
    others = submitted(ledger, "b", *(write(replace(SALE, customer=customer)) for customer in (3, 4)))
    assert [item.payload.get("first_item") for item in others] == [None, str(rejected.id)]


def test_the_same_document_in_a_later_submission_is_the_same_item(ledger: Ledger) -> None:
    assert submitted(ledger, "a", INVOICE) == submitted(ledger, "b", INVOICE)


def test_a_second_is_rejected_by_a_process_that_does_not_know_of_seconds() -> None:
    unaware, store = replace(process, asks_about_second=False), MemoryStore()
    cases = [{"document": store.put(content)} for content in (INVOICE, write(replace(SALE, customer=3)))]
    first, second = split(unaware, submission(cases=cases).root, store)
    assert second.reference.startswith(f"{first.reference} (")
    found = conduct(unaware, second, store, None)
    assert (found.verdict, list(workload.effects(found))) == (Verdict.REJECTED, [])
    assert "invoices/DK99000007 Invoice T-1" in str(found.reason)
