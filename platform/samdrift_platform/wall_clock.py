"""The clock on the wall, and whether somebody has set it: leases are held against it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: It may go so much faster or slower than the time that passes, from one look to the next, in seconds.
TOLERANCE_S = 2.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WallClock:
    """Tells the time, and notices when it jumps: set by hand or by NTP, or the machine was suspended."""

    def __init__(self, now: Callable[[], datetime] = _utc_now, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`now` is aware UTC; `monotonic` counts seconds whatever is done to the clock."""
        self._now, self._monotonic = now, monotonic
        self._last: tuple[datetime, float] | None = None
        self._set_s = -math.inf

    def now(self) -> datetime:
        """What it says (aware, UTC)."""
        wall, passed_s = self._now(), self._monotonic()
        if self._last is not None:
            went_s = (wall - self._last[0]).total_seconds()
            if abs(went_s - (passed_s - self._last[1])) > TOLERANCE_S:
                self._set_s = passed_s
        self._last = (wall, passed_s)
        return wall

    def was_set_within(self, period: timedelta) -> bool:
        """Whether it has jumped, as far as `now` noticed, and no longer ago than `period`."""
        return self._monotonic() - self._set_s < period.total_seconds()
