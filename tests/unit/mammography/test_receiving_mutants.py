from __future__ import annotations

import pytest

from samdrift_mammography.intake.receiving import Desk, Receipt
from samdrift_mammography.views import View
from samdrift_platform.checks import MemoryStore
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.fuzzing import check, seeds_of, send_all, without_sync
from samdrift_testing.mutants import mutants
from samdrift_testing.screening_study import mammogram, part10

MUTANTS = 200


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # pydicom warns of what is wrong on purpose
def test_damaged_files_are_all_accounted_for(sqlite_ledger: Ledger) -> None:
    """See tests/integration/mammography/test_receiving_mutants.py for many more, of many more kinds."""
    without_sync(sqlite_ledger)
    desk = Desk(ledger=sqlite_ledger, store=MemoryStore())
    files = [part10(mammogram(view, Rows=8, Columns=8, PixelData=bytes(128))) for view in View]
    books = send_all(desk, mutants(list(seeds_of(files)), MUTANTS))
    assert books.receipts.total() == MUTANTS
    assert books.receipts[Receipt.TAKEN] > MUTANTS / 10
    assert books.receipts[Receipt.QUARANTINED] > MUTANTS / 10
    check(desk, books)
