"""A watched folder: files that lie in it, or below it, are taken in and then moved aside.

A file is taken when it has not changed for a while, because over a network share nobody says that a file is complete.
A sender that writes under a name that begins with a dot or ends in .part or .tmp and renames at the end is never read
too early. `done/` gets what is on an exam now, `refused/` what is in quarantine, with the reason beside it. Nothing is
deleted. Killed between taking and moving, the next look takes the file again and finds it known.

File names may name persons: none of them gets into the ledger, the log or a metric.
"""

from __future__ import annotations

import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from samdrift_mammography.intake.receiving import Desk, Receipt, Received
from samdrift_mammography.intake.tally import Tally
from samdrift_mammography.reasons import REJECTIONS
from samdrift_mammography.results.wording import Language, Wording
from samdrift_platform.errors import UnavailableError

log = structlog.get_logger(__name__)

DONE, REFUSED = "done", "refused"
#: Names of files that are still being written.
UNFINISHED = (".part", ".tmp")
#: Between two looks, seconds.
POLL_S = 1.0
#: A file that has not changed for so long is complete, seconds.
SETTLED_S = 2.0
#: Larger files are refused unread, bytes.
LARGEST_BYTES = 512 * 2**20
#: Wait before a ledger or a store that does not answer is asked again, seconds.
PATIENCE_S = 5.0
#: Wait before a file that cannot be taken in, such as one without permission to read it, is tried again, seconds.
TRY_AGAIN_S = 60.0
_TOO_LARGE = "too-large"
#: Code -> sentence, for what only a file that came by itself can be.
SENTENCES = {
    _TOO_LARGE: "The file is too large to be taken in. Send it over the network, or look at what it is.",
    "conflicting-copies": "Another image with the same identifier was here before, and stands. Correct the identifier "
    "at the source and send it again.",
}
_LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a file was at one moment."""

    size_bytes: int
    changed_ns: int
    at_s: float


@dataclass(kw_only=True)
class WatchedFolder:
    """Takes in what is laid into `folder`, which is made if it is not there."""

    folder: Path
    desk: Desk
    tally: Tally = field(default_factory=Tally)
    settled_s: float = SETTLED_S
    largest_bytes: int = LARGEST_BYTES
    _seen: dict[Path, _Look] = field(default_factory=dict)

    def run(self, stopping: threading.Event) -> None:
        """Look again and again until `stopping` is set."""
        while not stopping.is_set():
            try:
                self.step(now_s=time.monotonic())
            except UnavailableError as error:
                log.warning("files wait: a part does not answer", why=error.message)
                stopping.wait(PATIENCE_S)
            except OSError as error:
                log.warning("the watched folder cannot be used", why=error.strerror)
                stopping.wait(PATIENCE_S)
            else:
                stopping.wait(POLL_S)

    def step(self, *, now_s: float) -> int:
        """Take in every file that is complete at `now_s` (monotonic); how many there were.

        Raises:
            UnavailableError: the ledger or the store does not answer; the files stay where they are.
            OSError: the folder cannot be read, or nothing can be moved in it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        before, self._seen = self._seen, {}
        taken = 0
        for path in self._files():
            look = self._look(path, before.get(path), now_s)
            if look is None:
                continue
            if now_s - look.at_s < self.settled_s:
                self._seen[path] = look
                continue
            if self._take(path, look):
                taken += 1
            else:
                self._seen[path] = replace(look, at_s=now_s + TRY_AGAIN_S)
        return taken

    def _files(self) -> Iterator[Path]:
        aside = {self.folder / DONE, self.folder / REFUSED}
        for folder, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if Path(folder) / name not in aside and name[0] != ".")
            for name in sorted(names):
                if name[0] != "." and not name.lower().endswith(UNFINISHED):
                    yield Path(folder) / name

    def _look(self, path: Path, before: _Look | None, now_s: float) -> _Look | None:
        """What it is, with the time since when; None for what is gone or no plain file, such as a link."""
        try:
            status = path.lstat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        same = before is not None and (before.size_bytes, before.changed_ns) == (status.st_size, status.st_mtime_ns)
        if before is not None and same:
            return before
        return _Look(size_bytes=status.st_size, changed_ns=status.st_mtime_ns, at_s=now_s)

    def _take(self, path: Path, look: _Look) -> bool:
        """Whether the file was taken in; one that cannot be is tried again later, and keeps no other one waiting."""
        if look.size_bytes > self.largest_bytes:
            self._refuse(path, _TOO_LARGE)
            return True
        try:
            received = self.desk.receive(path.read_bytes(), source=self._source, now=datetime.now(UTC))
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a file brings about is that file's; its text may be personal
            log.warning("a file in the watched folder cannot be taken in", why=type(error).__name__)
            self.tally.add("failed")
            return False
        self.tally.add(received.receipt)
        self._put_aside(path, received)
        return True

    @property
    def _source(self) -> str:
        return f"folder:{self.folder.resolve().name[:_LONGEST_NAME]}"

    def _put_aside(self, path: Path, received: Received) -> None:
        if received.receipt == Receipt.QUARANTINED:
            self._refuse(path, received.code)
        else:
            self._move(path, self.folder / DONE)

    def _refuse(self, path: Path, code: str) -> None:
        log.warning("file refused", source=self._source, code=code)
        target = self._move(path, self.folder / REFUSED)
        target.with_name(f"{target.name}.reason.txt").write_text(reason(code), "utf-8")

    def _move(self, path: Path, below: Path) -> Path:
        """Where it lies now: below the same folders, under its own name or one with a number."""
        target = below / path.relative_to(self.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while target.exists():
            number += 1
            target = target.with_name(f"{path.stem}-{number}{path.suffix}")
        shutil.move(path, target)
        return target


def reason(code: str) -> str:
    """What stands beside a refused file: the code, then a sentence and the notice in each language."""
    sentence = SENTENCES.get(code) or REJECTIONS[code]
    words = [Wording(language) for language in Language]
    return "\n".join([code, *(f"{word.say(sentence)}\n{word.banner()}" for word in words), ""])
