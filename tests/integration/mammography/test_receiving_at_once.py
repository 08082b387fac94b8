"""Many senders bring the same exams in any order while two assemblers hand them on: each image once, each exam once."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from samdrift_mammography.intake.assembling import Assembler
from samdrift_mammography.intake.receiving import Desk, Receipt
from samdrift_mammography.tables import exams, quarantine
from samdrift_mammography.views import View
from samdrift_platform.checks import MemoryStore
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.tables import work_items
from samdrift_testing.intake_desk import held
from samdrift_testing.screening_study import mammogram, part10
from samdrift_testing.waiting import wait_until

SENDERS, EXAMS, ASSEMBLERS = 6, 30, 2


def files() -> dict[str, bytes]:
    """SOP Instance UID -> file, of every view of every exam."""
    views = [
        mammogram(view, number, Rows=8, Columns=8, PixelData=bytes(128)) for number in range(EXAMS) for view in View
    ]
    return {str(image.SOPInstanceUID): part10(image) for image in views}


@contextmanager
def assembling(ledger: Ledger, store: MemoryStore) -> Iterator[None]:
    stopping = threading.Event()
    assembler = Assembler(ledger=ledger, store=store, tenant="demo", return_results=False)
    threads = [threading.Thread(target=assembler.run, args=(stopping,)) for _ in range(ASSEMBLERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def waiting(ledger: Ledger) -> list[str]:
    with ledger.read() as connection:
        return list(connection.execute(sa.select(exams.c.exam).where(exams.c.submitted_at.is_(None))).scalars())


def test_each_image_and_each_exam_is_there_once(ledger: Ledger) -> None:
    everything, store = files(), MemoryStore()
    desk = Desk(ledger=ledger, store=store, quiet=timedelta(seconds=1))
    told: dict[int, list[Receipt]] = {}

    def send(seed: int) -> None:
        mine = random.Random(seed).sample(list(everything.values()), len(everything))
        told[seed] = [desk.receive(data, source="dimse:A", now=datetime.now(UTC)).receipt for data in mine]

    senders = [threading.Thread(target=send, args=(seed,)) for seed in range(SENDERS)]
    with assembling(ledger, store):
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        wait_until("every exam is handed on", lambda: not waiting(ledger))
    receipts = [receipt for each in told.values() for receipt in each]
    assert receipts.count(Receipt.TAKEN) == len(everything)
    assert receipts.count(Receipt.KNOWN) == (SENDERS - 1) * len(everything)
    assert held(ledger, store) == everything
    with ledger.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(quarantine)).scalar_one() == 0
        standing = sa.select(work_items.c.payload).where(work_items.c.state != ItemState.CANCELLED)
        payloads = connection.execute(standing).scalars().all()
    seen = [{image["sop_instance_uid"] for image in payload["images"]} for payload in payloads]
    assert [len(images) for images in seen] == [len(View)] * EXAMS
    assert set().union(*seen) == set(everything)
