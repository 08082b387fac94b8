"""A folder for each process: files that are laid into it become cases.

`<folder>/<process>/` takes files. One that has not changed for a while is complete, because over a network share nobody
says so; a name that begins with a dot or ends in .part, .tmp or .filepart is never taken. It is taken over by renaming
it into `.taken/`, so two who look never take it both, and it keeps its time: killed at any moment, the next look
submits the same again, which is the same submission. Once it is submitted the file is deleted, because the object store
has it, and keeps it as long as the process says. What cannot be submitted goes to `set-aside/`, with the reason beside.

File names may name persons: none of them gets into the ledger, a log or a metric.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from samdrift_platform.errors import SamdriftError, SignInError, UnavailableError
from samdrift_platform.masking import masked
from samdrift_rpa.object_reference import document_field
from samdrift_rpa.process import Process
from samdrift_rpa.triggers.submitting import Desk, submit

log = structlog.get_logger(__name__)

TAKEN, SET_ASIDE = ".taken", "set-aside"
#: Names of files that are still being written.
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
#: A file that has not changed for so long is complete, seconds.
SETTLED_S = 2.0
#: Between two looks, seconds.
POLL_S = 1.0
#: Wait before a platform that does not answer is asked again, seconds.
PATIENCE_S = 5.0


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a file was, and since when it has been so (monotonic, seconds)."""

    size_bytes: int
    changed_ns: int
    since_s: float


@dataclass(kw_only=True)
class FileDrop:
    """Takes in what is laid into the folders of `processes` below `folder`; they are made if they are not there."""

    folder: Path
    processes: Mapping[str, Process[Any, Any]]
    desk: Desk
    settled_s: float = SETTLED_S
    _seen: dict[Path, _Look] = field(default_factory=dict)

    def run(self, stopping: threading.Event) -> None:
        """Look again and again until `stopping` is set."""
        while not stopping.is_set():
            try:
                self.look(now_s=time.monotonic())
            except (UnavailableError, SignInError) as error:
                log.warning("files wait: the platform does not take them now", why=error.message)
                stopping.wait(PATIENCE_S)
            except OSError as error:
                log.warning("a watched folder cannot be used", why=error.strerror)
                stopping.wait(PATIENCE_S)
            else:
                stopping.wait(POLL_S)

    def look(self, *, now_s: float) -> int:
        """Take in every file that is complete at `now_s` (monotonic); how many were submitted.

        Raises:
            UnavailableError: the platform does not answer; the files stay where they are.
            SignInError: the platform does not know us; the same.
            OSError: a folder or a file cannot be read or written; the other files were taken in all the same.
        """
        before, self._seen = self._seen, {}
        troubles: list[OSError] = []
        submitted = 0
        for process in self.processes:
            place = self.folder / process
            for name in (TAKEN, SET_ASIDE):
                (place / name).mkdir(parents=True, exist_ok=True)
            for path in _files(place):
                with _noting(troubles):
                    self._take_over(place, path, before.get(path), now_s)
            for path in _files(place / TAKEN):
                with _noting(troubles):
                    submitted += self._hand_in(process, path)
        if troubles:
            raise troubles[0]
        return submitted

    def _take_over(self, place: Path, path: Path, before: _Look | None, now_s: float) -> None:
        try:
            status = path.lstat()
        except FileNotFoundError:
            return
        look = _Look(size_bytes=status.st_size, changed_ns=status.st_mtime_ns, since_s=now_s)
        if before is not None and (before.size_bytes, before.changed_ns) == (look.size_bytes, look.changed_ns):
            look = before
        if now_s - look.since_s < self.settled_s:
            self._seen[path] = look
            return
        with suppress(FileNotFoundError):  # somebody else who looks has taken it
            path.rename(place / TAKEN / f"{uuid4().hex}-{path.name}"[:255])

    def _hand_in(self, process: str, path: Path) -> bool:
        """Submit a file that was taken over, and delete it; False: it was set aside, or is still being written."""
        try:
            before = path.stat()
            content = path.read_bytes()
            if _changed(before, path.stat()):
                return False
        except FileNotFoundError:  # somebody else who looks has handed it in
            return False
        try:
            received_at = datetime.fromtimestamp(before.st_mtime, UTC)
            submit(self.desk, process, self._cases(process, content), received_at)
        except (UnavailableError, SignInError):
            raise
        except (SamdriftError, ValueError) as error:
            self._set_aside(process, path, error)
            return False
        path.unlink(missing_ok=True)
        return True

    def _cases(self, process: str, content: bytes) -> list[Mapping[str, Any]]:
        if not content:
            raise ValueError("The file is empty.")
        name = document_field(self.processes[process].given)
        if name is not None:
            return [{name: self.desk.put_object(content)}]
        found = json.loads(content)
        cases = found if isinstance(found, list) else [found]
        if not cases or not all(isinstance(case, dict) for case in cases):
            raise ValueError("The file holds no case: put a case's fields between braces, or a list of cases.")
        return cases

    def _set_aside(self, process: str, path: Path, error: Exception) -> None:
        """The reason is written first: a file that is set aside has one, also after a crash."""
        aside = self.folder / process / SET_ASIDE / path.name
        reason = error.message if isinstance(error, SamdriftError) else str(error)
        (aside.parent / f"{path.name[:240]}.reason.txt").write_text(masked(reason) + "\n", encoding="utf-8")
        path.rename(aside)
        log.warning("a file was set aside", to=process, kind=type(error).__name__)


@contextmanager
def _noting(troubles: list[OSError]) -> Iterator[None]:
    """One file that cannot be read or moved keeps no other waiting."""
    try:
        yield
    except OSError as error:
        troubles.append(error)


def _files(folder: Path) -> Iterator[Path]:
    """Plain files of a folder that are not being written, by name; links and folders are left alone."""
    for path in sorted(folder.iterdir()):
        if path.name[0] == "." or path.name.lower().endswith(UNFINISHED):
            continue
        try:
            if stat.S_ISREG(path.lstat().st_mode):
                yield path
        except FileNotFoundError:
            continue


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
