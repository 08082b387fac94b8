from __future__ import annotations

import os
from pathlib import Path

import pytest

from samdrift_platform.ledger.database import Ledger
from samdrift_testing.governing import Office, copied


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is about power cuts."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Office:
    return copied(ledger, tmp_path / "home")
