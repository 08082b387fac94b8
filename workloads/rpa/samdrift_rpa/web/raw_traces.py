"""Where a trace lies while it is made and not yet masked: a private folder, in memory where the system has one.

A robot that is killed leaves its folder behind. The next one to start removes every folder whose owner is gone; a lock
of the kernel says which those are.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "samdrift-traces-"
#: A file system in memory on Linux: nothing of it is ever on a disk.
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder that is made in it is its owner's alone


class RawTraces:
    """A folder that only this process's user may read, and that is emptied after every form."""

    def __init__(self, parent: Path | None = None) -> None:
        """Make it below `parent`, and remove those that dead robots left there."""
        parent = parent or (_MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir()))
        for left in parent.glob(f"{_PREFIX}*"):
            _remove_if_orphaned(left)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        new = self.folder / ".new"
        self._lock = new.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        new.replace(self.folder / ".lock")  # whoever sees it finds it locked

    def empty(self) -> None:
        """Remove what is in it."""
        for path in self.folder.iterdir():
            if path.name != ".lock":
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _remove_if_orphaned(folder: Path) -> None:
    try:
        with (folder / ".lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except (BlockingIOError, PermissionError, FileNotFoundError):
        return  # in use, another user's, or just being removed
