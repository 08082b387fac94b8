"""A schedule: something that the platform, or a workload, does at set times. The plug point `samdrift.schedules`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What is done when. Making one imports nothing heavy; `run` may."""

    #: Unique in an installation; begins with the workload's name where one brings it.
    name: str
    #: Five fields (minute, hour, day of month, month, day of week) in `time_zone`.
    cron: str
    #: Does it, and says in sentences what came of it. A run that was killed is repeated, two may overlap, and a person
    #: may start one by hand: it does nothing twice.
    run: Callable[[], Sequence[str]]
    time_zone: str = "UTC"
