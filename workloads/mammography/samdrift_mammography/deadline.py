"""When an exam is to be read: working days, Monday to Friday, in Danish time. Public holidays count as working days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DENMARK = ZoneInfo("Europe/Copenhagen")
_SATURDAY = 5


def after_working_days(start: datetime, days: int) -> datetime:
    """`start` (aware) and `days` working days later at the same local time, in UTC."""
    local = start.astimezone(DENMARK)
    while days:
        local += timedelta(days=1)
        days -= local.weekday() < _SATURDAY
    return local.astimezone(UTC)
