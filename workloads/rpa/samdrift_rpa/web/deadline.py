"""When a call must have ended, so that every wait on the way takes what is left and no more."""

from __future__ import annotations

import time
from dataclasses import dataclass

from samdrift_rpa.web.errors import OutOfTimeError


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock."""

    at_s: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The moment in `seconds` from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left_s(self) -> float:
        """Seconds until then; below zero when it has passed."""
        return self.at_s - time.monotonic()

    def left_ms(self) -> float:
        """Milliseconds until then, as Playwright's time-outs are given; OutOfTimeError when it has passed."""
        left_s = self.left_s
        if left_s <= 0.0:
            raise OutOfTimeError("The form was not through in the time that a call may take.")
        return left_s * 1000.0
