"""One life of a browser: a thread that starts Chromium, works it, and ends with it.

Playwright's synchronous interface belongs to the thread that started it. So the browser has a thread of its own, and
whoever wants something of it hands a job over. When Chromium or its driver is gone, so is the thread; the next life is
a new one and inherits nothing.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_rpa.web.errors import BrowserError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

#: What is done in a context of its own, and with the browser that it lives in.
Job = Callable[["BrowserContext"], Any]
#: How long a browser may take to start, in seconds.
START_S = 15.0


class Life:
    """Chromium from its start to its end."""

    def __init__(self, *, executable: str, arguments: Sequence[str], traces: Path) -> None:
        """Start `executable`; raw traces are written below `traces` while they are made."""
        self._executable, self._arguments, self._traces = executable, tuple(arguments), traces
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, name="browser", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether its thread has ended."""
        return not self._thread.is_alive()

    def wait_until_started(self, within_s: float) -> None:
        """BrowserError, which says why, when it does not start in that time."""
        try:
            self._started.result(max(0.0, within_s))
        except FutureTimeoutError:
            raise BrowserError(f"The browser {self._executable} did not start in {within_s:.0f} s.") from None

    def take(self, job: Job) -> Future[Any]:
        """Do `job` in a new context; BrowserError in the future when there was no context, so that nothing was done."""
        future: Future[Any] = Future()
        self._jobs.put((job, future))
        return future

    def end(self, *, grace_s: float = 3.0) -> None:
        """Close the browser; what does not close by itself is killed."""
        self._jobs.put(None)
        self._thread.join(grace_s)
        if self._thread.is_alive():
            self.kill()
            self._thread.join(grace_s)

    def kill(self) -> None:
        """End the driver by force. Chromium hangs on the driver's pipe and ends with it."""
        thread = self._thread.native_id
        with suppress(FileNotFoundError):  # the thread has ended, and its children with it
            children = Path(f"/proc/self/task/{thread}/children").read_text(encoding="ascii").split()
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(int(child), signal.SIGKILL)

    def _live(self) -> None:
        from playwright.sync_api import Error, sync_playwright

        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=self._executable,
                    args=list(self._arguments),
                    chromium_sandbox=os.geteuid() != 0,  # Chromium refuses to sandbox for root
                    traces_dir=self._traces,
                    timeout=START_S * 1000.0,
                    # its signals are the process's own affair
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                )
                self._started.set_result(None)
                self._work(browser)
                browser.close()
            self._refuse_the_rest("ended")
        except Error as error:
            self._refuse_the_rest(str(error).splitlines()[0])
        except Exception as error:  # noqa: BLE001 - a dead driver breaks its library anywhere; the thread ends with it
            self._refuse_the_rest(type(error).__name__)

    def _work(self, browser: Browser) -> None:
        while browser.is_connected() and (given := self._jobs.get()) is not None:
            job, future = given
            if future.set_running_or_notify_cancel():
                _do(browser, job, future)

    def _refuse_the_rest(self, why: str) -> None:
        error = BrowserError(f"The browser {self._executable} is not there any more, or did not start ({why}).")
        if not self._started.done():
            self._started.set_exception(error)
        with suppress(queue.Empty):
            while given := self._jobs.get_nowait():
                given[1].set_exception(error)


def _do(browser: Browser, job: Job, future: Future[Any]) -> None:
    from playwright.sync_api import Error

    try:
        context = browser.new_context(
            locale="da-DK",
            timezone_id="Europe/Copenhagen",
            service_workers="block",
            accept_downloads=False,  # a file would lie on the disk, unmasked
        )
    except Error as error:
        future.set_exception(BrowserError(f"The browser gave no new context ({type(error).__name__})."))
        return
    try:
        future.set_result(job(context))
    except BaseException as error:  # noqa: BLE001 - it is whoever waits for the future who handles it
        future.set_exception(error)
    _close(context)  # while somebody else goes on with the result; the next job is taken after it


def _close(context: BrowserContext) -> None:
    from playwright.sync_api import Error

    with suppress(Error):  # closed with its browser, which the next turn of the loop notices
        context.close()
