"""The demonstration, killed with everything it runs at one moment after another, and then allowed to finish."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samdrift_testing.trees import Tree, samdrift

#: Moment -> a question to the ledger that is true from then on.
MOMENTS = {
    "a version is deployed": "SELECT count(*) FROM statements WHERE kind = 'deployed'",
    "a submission is recorded": "SELECT count(*) FROM submissions",
    "an item is in a replica's hands": "SELECT count(*) FROM work_items WHERE state = 'running' AND attempt > 0",
    "an effect is planned": "SELECT count(*) FROM effects",
    "an effect was attempted": "SELECT count(*) FROM effects WHERE attempt > 0",
    "an effect was delivered": "SELECT count(*) FROM effects WHERE state = 'delivered'",
    "an exam is done": "SELECT count(*) FROM work_items WHERE workload = 'mammography' AND state = 'done'",
}
#: Commands of which each is there once the whole platform runs; how many processes there are besides comes and goes.
PARTS = ("samdrift_platform.control", "samdrift_platform.dispatcher", "samdrift_platform.delivery", "raylet")
#: Seconds: until a moment comes, and until an undisturbed run has ended, on two busy cores.
MOMENT_S, WHOLE_S = 300.0, 600.0


@dataclass(frozen=True)
class Survived:
    """What is left of a home in which the demonstration was killed at every moment."""

    home: Path
    #: What the last run reported with `--json`.
    report: dict[str, Any]

    @property
    def ledger(self) -> Path:
        """Its ledger's file."""
        return self.home / "ledger.db"


def kill_and_finish(home: Path, output: Path) -> Survived:
    """Kill the demonstration once at each of MOMENTS, then let it finish; AssertionError when it does not succeed."""
    environment = {"SAMDRIFT_HOME": str(home)}
    for number, (moment, question) in enumerate(MOMENTS.items()):
        with Tree(samdrift("demo", "--json"), environment, output / f"{number}.json") as tree:
            # What an earlier run left may answer the question before this one has started anything.
            tree.wait_until("the whole platform runs", lambda: tree.runs(PARTS), timeout_s=MOMENT_S)
            tree.wait_until(moment, _asks(home / "ledger.db", question), timeout_s=MOMENT_S)
            assert tree.kill() > len(PARTS)
    with Tree(samdrift("demo", "--json"), environment, output / "last.json") as tree:
        status = tree.finish(timeout_s=WHOLE_S)
        assert status == 0, tree.tail()
        return Survived(home=home, report=json.loads(tree.output.read_text()))


def _asks(ledger: Path, question: str) -> Callable[[], bool]:
    def holds() -> bool:
        if not ledger.exists():
            return False
        try:
            return bool(query(ledger, question)[0][0])
        except sqlite3.OperationalError:  # its tables are being made
            return False

    return holds


def query(ledger: Path, sql: str) -> list[tuple[str, ...]]:
    """Rows of a SQLite ledger, read beside whoever writes it."""
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=60)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
