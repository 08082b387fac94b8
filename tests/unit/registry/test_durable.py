from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_registry.durable import exclusive, replace, write_new


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, bool]]:
    """What was synced, and whether the target was there by then."""
    steps: list[tuple[str, bool]] = []

    def record(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "content"
        steps.append((kind, (tmp_path / "x").exists()))

    monkeypatch.setattr(os, "fsync", record)
    return steps


@pytest.mark.parametrize("write", [write_new, replace])
def test_content_reaches_the_disk_before_its_name_and_the_name_before_the_return(
    tmp_path: Path, synced: list[tuple[str, bool]], write: Callable[[Path, bytes], None]
) -> None:
    write(tmp_path / "x", b"data")
    assert synced == [("content", False), ("folder", True)]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_is_there_is_replaced_or_kept_as_asked(tmp_path: Path) -> None:
    replace(tmp_path / "x", b"first")
    replace(tmp_path / "x", b"second")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "x", b"third")
    assert (tmp_path / "x").read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_failed_write_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace(tmp_path / "x", b"data")
    assert list(tmp_path.iterdir()) == []


def test_the_lock_is_held_and_given_back(tmp_path: Path) -> None:
    lock = tmp_path / "registry" / "lock"
    with exclusive(lock), lock.open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with lock.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
