"""What this workload does at set times: here, nothing but to say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from samdrift_platform.schedule import Schedule


def schedules() -> Iterable[Schedule]:
    """A look at the errands' list, shortly before work begins."""
    return [Schedule(name="errands-list", cron="45 6 * * 1-5", time_zone="Europe/Copenhagen", run=look)]


def look() -> Sequence[str]:
    """Say what was seen."""
    return ["No errand was forgotten."]
