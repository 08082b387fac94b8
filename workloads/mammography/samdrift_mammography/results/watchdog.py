"""Ends a call that does not end by itself: time-outs of libraries count from the last byte, and a peer may drip."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class Watchdog:
    """Shuts a call's socket when its time is over: whatever waits on it then fails at once."""

    def __init__(self, after_s: float) -> None:
        """`after_s` is counted from `start`."""
        self._after_s = after_s
        self._timer: threading.Timer | None = None
        #: The time was over: what was read until then may look whole and is not.
        self.ended_it = False

    def start(self, connection: Callable[[], socket.socket | None]) -> None:
        """Begin to count; `connection` gives the socket at the end, or None when there is none."""
        self._timer = threading.Timer(self._after_s, self._end, [connection])
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """The call has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _end(self, connection: Callable[[], socket.socket | None]) -> None:
        self.ended_it = True
        found = connection()
        if found is not None:
            with suppress(OSError):  # the other side was first
                found.shutdown(socket.SHUT_RDWR)
