from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from samdrift_mammography.intake.receiving import Desk, Receipt
from samdrift_mammography.tables import exams, images, quarantine
from samdrift_platform import pseudonyms
from samdrift_platform.digest import digest_of_bytes
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import StoreFullError

NOW = datetime(2026, 11, 29, 8, 15, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)
QUIET = timedelta(minutes=5)
UID = "1.2.826.0.1.3680043.8.498.1"
STUDY = "1.2.826.0.1.3680043.8.498.2"


@dataclass
class Memory:
    """A store in memory that can be full."""

    objects: dict[str, bytes] = field(default_factory=dict)
    full: bool = False

    def put(self, data: bytes) -> str:
        if self.full:
            raise StoreFullError
        reference = digest_of_bytes(data)
        self.objects[reference] = data
        return reference

    def get(self, reference: str) -> bytes:
        if reference not in self.objects:
            raise NotFoundError
        return self.objects[reference]


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger=ledger, store=Memory(), quiet=QUIET)


def rows(desk: Desk, table: sa.Table) -> list[dict[str, Any]]:
    with desk.ledger.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def test_a_new_image_is_kept_and_opens_its_exam(desk: Desk, mammogram: Any) -> None:
    data = mammogram()
    received = desk.receive(data, source="dimse:HERLEV2", now=NOW)
    assert (received.receipt, received.sop_instance_uid, received.code) == (Receipt.TAKEN, UID, "")
    assert desk.store.get(received.object) == data
    (image,) = rows(desk, images)
    del image["seq"]
    assert image == {
        "sop_instance_uid": UID,
        "object": received.object,
        "exam": STUDY,
        "view": "RMLO",
        "problems": [],
        "subject": pseudonyms.pseudonym("patient-id", "2512489996"),
        "source": "dimse:HERLEV2",
        "received_at": NOW,
    }
    (exam,) = rows(desk, exams)
    assert exam == {
        "exam": STUDY,
        "first_received_at": NOW,
        "last_received_at": NOW,
        "due_at": NOW + QUIET,
        "submitted_at": None,
        "submission": None,
        "trouble": None,
    }


def test_an_image_that_is_no_standard_view_is_taken_with_its_problem(desk: Desk, mammogram: Any) -> None:
    assert desk.receive(mammogram(ViewPosition="XCCL"), source="folder:in", now=NOW).receipt == Receipt.TAKEN
    (image,) = rows(desk, images)
    assert (image["view"], image["problems"]) == (None, ["not-standard-view"])


def test_the_same_bytes_again_change_nothing(desk: Desk, mammogram: Any) -> None:
    first = desk.receive(mammogram(), source="dimse:A", now=NOW)
    before = rows(desk, images), rows(desk, exams)
    again = desk.receive(mammogram(), source="folder:in", now=LATER)
    assert (again.receipt, again.object) == (Receipt.KNOWN, first.object)
    assert (rows(desk, images), rows(desk, exams), rows(desk, quarantine)) == (*before, [])


def test_the_same_image_with_the_file_header_of_another_writer_is_the_same(desk: Desk, mammogram: Any) -> None:
    first = desk.receive(mammogram(), source="dimse:A", now=NOW)
    again = desk.receive(rewritten_meta(mammogram()), source="stow:x", now=LATER)
    assert (again.receipt, again.object) == (Receipt.KNOWN, first.object)
    assert rows(desk, quarantine) == []


def rewritten_meta(data: bytes) -> bytes:
    """The same data set behind a longer File Meta Information, put together by hand."""
    length = int.from_bytes(data[140:144], "little")
    name = b"\x02\x00\x16\x00AE\x06\x00HERLEV"  # Source Application Entity Title
    meta = data[144 : 144 + length] + name
    return data[:140] + len(meta).to_bytes(4, "little") + meta + data[144 + length :]


def test_another_image_under_a_known_identifier_is_set_aside(desk: Desk, mammogram: Any, real_pixels: Any) -> None:
    first = desk.receive(mammogram(), source="dimse:A", now=NOW)
    before = rows(desk, images), rows(desk, exams)
    other = mammogram(real_pixels[::-1].copy())
    received = desk.receive(other, source="dimse:B", now=LATER)
    assert (received.receipt, received.code) == (Receipt.QUARANTINED, "conflicting-copies")
    assert received.object != first.object
    assert desk.store.get(received.object) == other
    (kept,) = rows(desk, quarantine)
    assert (kept["sop_instance_uid"], kept["code"], kept["source"]) == (UID, "conflicting-copies", "dimse:B")
    assert (rows(desk, images), rows(desk, exams)) == before


def test_a_file_that_cannot_be_read_is_kept_once_with_its_code(desk: Desk, mammogram: Any) -> None:
    cut = mammogram()[:-1000]
    for now in (NOW, LATER):
        received = desk.receive(cut, source="folder:in", now=now)
        assert (received.receipt, received.code) == (Receipt.QUARANTINED, "truncated")
        assert desk.store.get(received.object) == cut
    (kept,) = rows(desk, quarantine)
    assert (kept["code"], kept["received_at"]) == ("truncated", NOW)
    assert rows(desk, images) == rows(desk, exams) == []


def test_a_late_image_opens_its_exam_again(desk: Desk, mammogram: Any) -> None:
    desk.receive(mammogram(), source="dimse:A", now=NOW)
    with desk.ledger.write() as connection:
        connection.execute(sa.update(exams).values(submitted_at=NOW, submission="first"))
    desk.receive(mammogram(SOPInstanceUID="1.2.3.4", ViewPosition="CC"), source="dimse:A", now=LATER)
    (exam,) = rows(desk, exams)
    assert (exam["first_received_at"], exam["last_received_at"], exam["due_at"]) == (NOW, LATER, LATER + QUIET)
    assert (exam["submitted_at"], exam["submission"]) == (None, "first")


def test_a_full_store_records_nothing(desk: Desk, mammogram: Any) -> None:
    full = Desk(ledger=desk.ledger, store=Memory(full=True), quiet=QUIET)
    with pytest.raises(StoreFullError):
        full.receive(mammogram(), source="dimse:A", now=NOW)
    assert rows(desk, images) == rows(desk, exams) == []


def test_a_stored_image_that_is_lost_is_whole_again_when_it_is_sent_again(desk: Desk, mammogram: Any) -> None:
    desk.receive(mammogram(), source="dimse:A", now=NOW)
    emptied = Desk(ledger=desk.ledger, store=Memory(), quiet=QUIET)
    again = emptied.receive(mammogram(), source="dimse:A", now=LATER)
    assert again.receipt == Receipt.KNOWN
    assert emptied.store.get(again.object) == mammogram()
    lost = Desk(ledger=desk.ledger, store=Memory(), quiet=QUIET)
    doubtful = lost.receive(rewritten_meta(mammogram()), source="dimse:A", now=LATER)
    assert (doubtful.receipt, doubtful.code) == (Receipt.QUARANTINED, "conflicting-copies")


def test_of_many_that_send_one_image_at_once_one_brings_it(desk: Desk, mammogram: Any) -> None:
    data, start, receipts = mammogram(), threading.Barrier(4), []

    def send() -> None:
        start.wait(timeout=10)
        receipts.append(desk.receive(data, source="dimse:A", now=NOW).receipt)

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(timeout=20)
    assert sorted(receipts) == [Receipt.KNOWN] * 3 + [Receipt.TAKEN]
    assert len(rows(desk, images)) == 1
