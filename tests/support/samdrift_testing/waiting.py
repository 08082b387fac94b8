"""Waits for what another process or thread does, which tells nobody when it is done: looks until it holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: Whatever takes this long would never come, in seconds.
PATIENCE_S = 120.0


def wait_until(what: str, holds: Callable[[], bool], *, timeout_s: float = PATIENCE_S) -> None:
    """Wait for an event; AssertionError when it does not come."""
    deadline_s = time.monotonic() + timeout_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline_s, f"{what}: not within {timeout_s} s"
        pause.wait(0.01)
