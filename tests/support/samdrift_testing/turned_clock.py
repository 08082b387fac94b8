"""A monotonic clock that a test turns, for one module alone.

Turned for everybody it would also move the event loops of servers that run beside the test: a pause that one of them
begins then ends in the far future.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest


class _Time:
    """The module `time` with another `monotonic`."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def turn(monkeypatch: pytest.MonkeyPatch, module: ModuleType, monotonic: Callable[[], float]) -> None:
    """Let `module`, which imports `time`, live by `monotonic`."""
    monkeypatch.setattr(module, "time", _Time(monotonic))
