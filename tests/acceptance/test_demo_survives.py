"""The demonstration, killed at every stage and started again: nothing is lost, nothing happens twice."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_rpa.loopback.log import Kind, read_log
from samdrift_testing.trees import Tree, samdrift

#: Moment -> a question to the ledger that is true from then on.
MOMENTS = {
    "a model is pinned": "SELECT count(*) FROM pins",
    "a submission is recorded": "SELECT count(*) FROM submissions",
    "an item is in a replica's hands": "SELECT count(*) FROM work_items WHERE state = 'running' AND attempt > 0",
    "an effect is planned": "SELECT count(*) FROM effects",
    "an effect was attempted": "SELECT count(*) FROM effects WHERE attempt > 0",
    "an effect was delivered": "SELECT count(*) FROM effects WHERE state = 'delivered'",
    "an exam is done": "SELECT count(*) FROM work_items WHERE workload = 'mammography' AND state = 'done'",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "samdrift"


@pytest.fixture(scope="module")
def report(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the run that was allowed to finish reported, after one that was killed at each moment."""
    folder = tmp_path_factory.mktemp("output")
    environment = {"SAMDRIFT_HOME": str(home)}
    for number, (moment, question) in enumerate(MOMENTS.items()):
        with Tree(samdrift("demo", "--json"), environment, folder / f"{number}.json") as tree:
            tree.wait_until(moment, _asks(home / "ledger.db", question), timeout_s=120)
            assert tree.kill() > 4, "the whole platform was running"
    with Tree(samdrift("demo", "--json"), environment, folder / "last.json") as tree:
        status = tree.finish(timeout_s=240)
        assert status == 0, tree.tail()
        found: dict[str, object] = json.loads(tree.output.read_text())
    return found


def test_every_step_succeeded(report: dict[str, object]) -> None:
    assert report["ok"] is True


def test_every_item_ended_and_none_for_our_fault(report: dict[str, object], home: Path) -> None:
    states = Counter(row[0] for row in _query(home / "ledger.db", "SELECT state FROM work_items"))
    assert set(states) <= {"done", "rejected", "waiting_for_person"}
    assert states["done"] > 0


def test_each_voucher_stands_once_in_the_receivers_own_log(report: dict[str, object], home: Path) -> None:
    """The oracle is the loopback ERP's log, written by it alone."""
    log = read_log(home / "demonstration" / "rpa" / "loopback")
    vouchers = Counter(entry.key for entry in log.entries(Kind.VOUCHER))
    planned = {
        row[0]
        for row in _query(home / "ledger.db", "SELECT key FROM effects WHERE receiver = 'erp' AND state = 'delivered'")
    }
    assert vouchers
    assert set(vouchers.values()) == {1}
    assert {key.hex for key in vouchers} == planned


def test_every_exam_and_file_is_accounted_for(report: dict[str, object], home: Path) -> None:
    rows = _query(home / "ledger.db", "SELECT state, reason, result FROM work_items WHERE workload = 'mammography'")
    assert len(rows) == 4, "two exams, an empty file and a truncated one"
    assert sum(state == "done" for state, _, _ in rows) == 2
    assert all(reason for state, reason, _ in rows if state == "rejected")


def _asks(ledger: Path, question: str) -> Callable[[], bool]:
    def holds() -> bool:
        if not ledger.exists():
            return False
        try:
            return bool(_query(ledger, question)[0][0])
        except sqlite3.OperationalError:  # its tables are being made
            return False

    return holds


def _query(ledger: Path, sql: str) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
