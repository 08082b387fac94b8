from __future__ import annotations

from collections.abc import Iterator
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
