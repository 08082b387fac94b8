"""Sends damaged files through a desk and keeps books: every one must be somewhere afterwards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO

import sqlalchemy as sa

from samdrift_mammography.intake.receiving import Desk, Receipt
from samdrift_mammography.tables import exams, images, quarantine
from samdrift_platform.digest import digest_of_bytes
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.mutants import Seed

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@dataclass(kw_only=True)
class Books:
    """What became of the files that were sent."""

    receipts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0
    #: References of images that are on an exam, and of files in quarantine, as the desk said.
    taken: set[str] = field(default_factory=set)
    set_aside: set[tuple[str, str]] = field(default_factory=set)


def without_sync(ledger: Ledger) -> None:
    """Spare thousands of commits on SQLite the wait for the disk: no power cut is tested here."""
    ledger.close()
    sa.event.listen(ledger.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


def send_all(desk: Desk, files: Iterable[bytes]) -> Books:
    """Send them one after the other; AssertionError when an answer does not fit its file."""
    books = Books()
    for data in files:
        began_s = time.process_time()  # beside others it may have to wait for its turn
        received = desk.receive(data, source="fuzz", now=NOW)
        books.longest_s = max(books.longest_s, time.process_time() - began_s)
        books.receipts[received.receipt] += 1
        if received.receipt == Receipt.KNOWN:
            assert received.object in books.taken
            continue
        assert received.object == digest_of_bytes(data)
        assert desk.store.get(received.object) == data
        if received.receipt == Receipt.TAKEN:
            books.taken.add(received.object)
        else:
            books.codes[received.code] += 1
            books.set_aside.add((received.object, received.code))
    return books


def check(desk: Desk, books: Books) -> None:
    """The ledger holds what was said, no more and no less, and every image has its exam, which waits."""
    with desk.ledger.read() as connection:
        rows = connection.execute(sa.select(images.c.object, images.c.exam)).all()
        aside = connection.execute(sa.select(quarantine.c.object, quarantine.c.code)).all()
        waiting = set(connection.execute(sa.select(exams.c.exam).where(exams.c.submitted_at.is_(None))).scalars())
    assert {reference for reference, _ in rows} == books.taken
    assert {(reference, code) for reference, code in aside} == books.set_aside
    assert {exam for _, exam in rows} == waiting


def seeds_of(files: Iterable[bytes]) -> Iterator[Seed]:
    """Each with its identifiers, if they can be read."""
    from pydicom import dcmread

    for data in files:
        try:
            image = dcmread(BytesIO(data), stop_before_pixels=True)
            yield Seed(data=data, sop_instance_uid=image.SOPInstanceUID, study_instance_uid=image.StudyInstanceUID)
        except Exception:  # noqa: BLE001 - a seed may be damaged itself
            yield Seed(data=data)
