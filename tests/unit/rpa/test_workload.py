from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from samdrift_platform.checks import CHECKS, Example, MemoryStore
from samdrift_platform.contract import Workload
from samdrift_rpa.demonstration.invoices import Incoming, documents
from samdrift_rpa.workload import workload


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Example:
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)
    monkeypatch.delenv("SAMDRIFT_RPA_RULES", raising=False)
    store = MemoryStore()
    cases = [
        {"document": store.put(one.document), "orders": [store.put(order) for order in one.orders]}
        for one in [*documents(), Incoming(b"not an invoice")]
    ]
    document = {"process": "invoices", "cases": cases, "received_at": "2026-11-24T08:00:00Z"}
    return Example(document=document, store=store)


@pytest.mark.parametrize("check_one", CHECKS, ids=lambda check: check.__name__)
def test_contract(check_one: Callable[[Workload, Example], Any], example: Example) -> None:
    check_one(workload, example)


def test_the_demonstration_shows_every_ending(example: Example) -> None:
    verdicts = [str(outcome.verdict) for outcome in example.outcomes(workload)]
    assert verdicts == [
        *["done"] * 8,
        *["waiting_for_person"] * 2,
        *["rejected"] * 2,
        "waiting_for_person",
        "rejected",
    ]
