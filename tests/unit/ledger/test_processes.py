from __future__ import annotations

import subprocess
import sys

from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.processes import SILENCE, Process
from samdrift_testing.work import NOW, seconds

#: A process that reports once, in an interpreter of its own.
REPORT = """
import sys
from datetime import datetime
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger
with Ledger(sys.argv[1]).write() as connection:
    processes.report(connection, "delivery", ready=False, detail={}, now=datetime.fromisoformat(sys.argv[2]))
"""


def report(ledger: Ledger, *, ready: bool, after_s: float) -> None:
    with ledger.write() as connection:
        processes.report(connection, "delivery", ready=ready, detail={"n": 1}, now=NOW + seconds(after_s))


def known(ledger: Ledger) -> list[Process]:
    with ledger.read() as connection:
        return processes.all_of(connection)


def test_a_process_that_reports_again_keeps_its_start(ledger: Ledger) -> None:
    report(ledger, ready=False, after_s=0)
    report(ledger, ready=True, after_s=5)
    (found,) = known(ledger)
    assert (found.ready, found.started_at, found.seen_at) == (True, NOW, NOW + seconds(5))
    assert found.alive(NOW + seconds(5) + SILENCE - seconds(1))
    assert not found.alive(NOW + seconds(5) + SILENCE)


def test_a_process_that_was_started_again_begins_anew(ledger: Ledger) -> None:
    report(ledger, ready=True, after_s=0)
    (before,) = known(ledger)
    later = (NOW + seconds(9)).isoformat()
    subprocess.run([sys.executable, "-c", REPORT, ledger.url, later], check=True, timeout=60)
    (after,) = known(ledger)
    assert after.pid != before.pid
    assert (after.ready, after.started_at) == (False, NOW + seconds(9))
