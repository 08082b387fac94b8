"""What the inner loop's tests share: folders in memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

#: Linux's file system in memory: a ledger waits for the disk at each commit, and many tests do little else.
MEMORY = Path("/dev/shm")  # noqa: S108, folders in it get a name that nobody can guess
#: A test's folder holds a few MB; containers may have no more than 64 MiB.
ROOM_BYTES = 512 * 2**20


@pytest.fixture(scope="session")
def memory() -> Path | None:
    """Where there is room in memory, or None: where temporary folders usually are."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES else None


@pytest.fixture
def tmp_path(memory: Path | None) -> Iterator[Path]:
    """In place of pytest's: in memory, and gone with the test."""
    with TemporaryDirectory(prefix="samdrift-test-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def module_path(memory: Path | None) -> Iterator[Path]:
    """As `tmp_path`, for what the tests of a module share."""
    with TemporaryDirectory(prefix="samdrift-test-", dir=memory) as folder:
        yield Path(folder)
