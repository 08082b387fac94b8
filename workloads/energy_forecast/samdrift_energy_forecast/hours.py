"""Hours as integers: hour `h` is the 3600 s that begin `h` hours after 1970-01-01T00:00Z.

A stamp in a file is the END of its hour, as meters write it; `ending_at` and `end_of` translate.
"""

from __future__ import annotations

from datetime import UTC, datetime

SECONDS = 3600
DAY, WEEK = 24, 168


def beginning_at(instant: datetime) -> int:
    """The hour that begins at `instant`, which is aware and on the full hour."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    seconds = instant.timestamp()
    if seconds % SECONDS:
        raise ValueError(f"{instant.isoformat()} is not on the full hour")
    return int(seconds // SECONDS)


def ending_at(instant: datetime) -> int:
    """The hour that ends at `instant`, which is aware and on the full hour."""
    return beginning_at(instant) - 1


def start_of(hour: int) -> datetime:
    """When `hour` begins, in UTC."""
    return datetime.fromtimestamp(hour * SECONDS, tz=UTC)


def end_of(hour: int) -> datetime:
    """When `hour` ends, in UTC: its stamp in a file."""
    return start_of(hour + 1)
