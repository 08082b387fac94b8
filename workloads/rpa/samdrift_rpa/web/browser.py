"""A browser for one legacy application: started at the first form, kept warm, started again when it is gone."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from samdrift_rpa.web.deadline import Deadline
from samdrift_rpa.web.errors import BrowserError, NoTurnError, OutOfTimeError
from samdrift_rpa.web.life import Life
from samdrift_rpa.web.raw_traces import RawTraces

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

T = TypeVar("T")

#: Debian's package `chromium`.
CHROMIUM = Path("/usr/bin/chromium")
#: A page that has not said by itself that time is up gets so many seconds more, and is then ended with its browser.
GRACE_S = 4.0


class Browser:
    """One form at a time, each in a context of its own: no cookie, no cache and no page outlives its form."""

    def __init__(self, *, hosts: Sequence[str], executable: Path = CHROMIUM) -> None:
        """`hosts` are the only ones that this browser can reach."""
        self._executable = executable
        reachable = ", ".join(f"EXCLUDE {host}" for host in hosts)
        self._arguments = (f"--host-resolver-rules=MAP * ~NOTFOUND, {reachable}", "--no-proxy-server")
        self._turn = threading.Lock()
        self._life: Life | None = None
        self._traces: RawTraces | None = None

    def run(self, job: Callable[[BrowserContext, Path], T], deadline: Deadline) -> T:
        """Do `job` in a new context, with a private folder for its raw trace; its result.

        Raises:
            NoTurnError: another form was in the way until then; nothing was done.
            BrowserError: there is no browser; nothing was done.
            OutOfTimeError: the browser did not come back; it was ended.
        """
        if not self._turn.acquire(timeout=max(0.0, deadline.left_s)):
            raise NoTurnError
        try:
            return self._in_turn(job, deadline)
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the browser. The next form would start it again."""
        with self._turn:
            self._drop()

    def _in_turn(self, job: Callable[[BrowserContext, Path], T], deadline: Deadline) -> T:
        try:
            return self._once(job, deadline)
        except BrowserError:  # it was gone before anything was done: once more with a new one
            self._drop()
            if deadline.left_s <= 0.0:
                raise
            return self._once(job, deadline)

    def _once(self, job: Callable[[BrowserContext, Path], T], deadline: Deadline) -> T:
        life, traces = self._alive(deadline)
        future = life.take(lambda context: job(context, traces.folder))
        try:
            result: T = future.result(max(0.0, deadline.left_s) + GRACE_S)
        except FutureTimeoutError:
            if future.done():  # it was the job's own
                raise
            life.kill()
            self._drop()
            raise OutOfTimeError("The browser did not come back in time and was ended.") from None
        finally:
            if self._traces is traces:
                traces.empty()
        return result

    def _alive(self, deadline: Deadline) -> tuple[Life, RawTraces]:
        if self._life is not None and self._life.is_over:
            self._drop()
        if self._life is None or self._traces is None:
            if not self._executable.is_file():
                raise BrowserError(f"{self._executable} is not there. Install Debian's package chromium.")
            self._traces = RawTraces()
            self._life = Life(executable=str(self._executable), arguments=self._arguments, traces=self._traces.folder)
            atexit.register(self._drop)
            self._life.wait_until_started(deadline.left_s)
        return self._life, self._traces

    def _drop(self) -> None:
        atexit.unregister(self._drop)
        if self._life is not None:
            self._life.end()
        if self._traces is not None:
            self._traces.close()
        self._life = self._traces = None
