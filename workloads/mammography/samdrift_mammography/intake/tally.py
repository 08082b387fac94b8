"""Counts what happened to received files, for the process's heartbeat."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many files came to each end since this process started: receipts, and names of refusals."""

    _counts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str) -> None:
        """One more."""
        with self._lock:
            self._counts[str(what)] += 1

    @property
    def counts(self) -> Mapping[str, int]:
        """What happened at all, and how often."""
        with self._lock:
            return dict(self._counts)
