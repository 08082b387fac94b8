from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from samdrift_testing.control import Control, control


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Control]:
    with control(tmp_path) as running:
        yield running


@pytest.fixture
def http(plane: Control) -> Iterator[httpx.Client]:
    with plane.signed_in() as client:
        yield client


@pytest.fixture(scope="module")
def shared_plane(module_path: Path) -> Iterator[Control]:
    """For tests that leave nothing behind, or do not mind what is there; the operator is one, as after a start."""
    with control(module_path / "shared") as running:
        running.app.state.governance.prepare([], now=datetime.now(UTC))
        yield running


@pytest.fixture(scope="module")
def shared_http(shared_plane: Control) -> Iterator[httpx.Client]:
    with shared_plane.signed_in() as client:
        yield client
