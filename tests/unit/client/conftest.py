from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samdrift_platform.client import Client
from samdrift_testing.control import Control, control


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Control]:
    with control(tmp_path) as running:
        yield running


@pytest.fixture
def client(plane: Control) -> Iterator[Client]:
    with plane.client() as speaking:
        yield speaking
