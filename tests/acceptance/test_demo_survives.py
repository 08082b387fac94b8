"""The demonstration, killed at every stage and started again: nothing is lost, nothing happens twice."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from samdrift_rpa.loopback.log import Kind, read_log
from samdrift_testing.kills import Survived, query

pytestmark = pytest.mark.timeout(3000)


def test_every_step_succeeded(survived: Survived) -> None:
    assert survived.report["ok"] is True


def test_every_item_ended_and_none_for_our_fault(survived: Survived) -> None:
    states = Counter(row[0] for row in query(survived.ledger, "SELECT state FROM work_items"))
    assert set(states) <= {"done", "rejected", "waiting_for_person"}
    assert states["done"] > 0


@pytest.mark.parametrize(("kind", "receiver"), [(Kind.VOUCHER, "erp"), (Kind.DOCUMENT, "access_point")])
def test_each_effect_stands_once_in_the_receivers_own_log(survived: Survived, kind: Kind, receiver: str) -> None:
    """The oracle is the loopback party's log, written by it alone."""
    log = read_log(survived.home / "demonstration" / "rpa" / "loopback")
    happened = Counter(UUID(entry.key) for entry in log.entries(kind))
    delivered = query(survived.ledger, f"SELECT key FROM effects WHERE receiver = '{receiver}' AND state = 'delivered'")
    assert happened
    assert set(happened.values()) == {1}
    assert set(happened) == {UUID(row[0]) for row in delivered}


def test_every_exam_and_file_is_accounted_for(survived: Survived) -> None:
    rows = query(survived.ledger, "SELECT state, reason FROM work_items WHERE workload = 'mammography'")
    assert len(rows) == 4, "two exams, an empty file and a truncated one"
    assert sum(state == "done" for state, _ in rows) == 2
    assert all(reason for state, reason in rows if state == "rejected")
