"""What a series tells of its meter's clock: whether it follows summer time, and which edge of the hour a stamp is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Hours before and after a change of summer time whose daily profiles are compared.
REACH_H = 3 * hours.WEEK
FEWEST_DAYS = 8
#: How alike (correlation of the profiles' steps) two profiles must be to be compared at all ...
LEAST_ALIKE = 0.55
#: ... and by how much one explanation must be better than the others.
MARGIN = 0.15
#: A morning rise counts when it makes up this share of the profile's range, and so many times the next largest.
SHARP_SHARE, SHARP_RATIO = 0.3, 1.3


class ClockEvidence(StrEnum):
    """How people's hours lie in a series across the changes of summer time."""

    #: They move with the local clock, as they do where stamps are right.
    RIGHT = "right"
    #: They stay where they are in UTC: the stamps are local time, or the heating's own clock ignores summer time.
    STANDS_STILL = "stands-still"
    #: They move by two hours: the stamps stay on winter time but are read as local ones.
    MOVES_TWICE = "moves-twice"
    #: There is no change of summer time in it, or too flat a profile.
    CANNOT_TELL = "cannot-tell"


class EdgeEvidence(StrEnum):
    """Where the morning rise lies against the building's fixed setback plan."""

    #: In the very hour in which the plan begins to heat.
    RIGHT = "right"
    #: An hour before: stamps may be the start of their hours.
    HOUR_EARLY = "hour-early"
    #: An hour after: stamps may be the end of their hours.
    HOUR_LATE = "hour-late"
    #: There is no sharp rise, or it lies elsewhere.
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of summer time."""

    #: The first hour on the new time.
    hour: int
    #: +1 in spring, when the local clock goes forward, -1 in autumn.
    step_h: int


@dataclass(frozen=True, kw_only=True)
class Edge:
    """The morning rise as seen, and as planned; local hours of the day."""

    evidence: EdgeEvidence
    seen: int | None = None
    planned: int | None = None


@lru_cache(maxsize=64)
def changes(first: int, count: int, zone: ZoneInfo) -> tuple[Change, ...]:
    """Changes of summer time of `zone` in hours `first` to `first + count - 1`."""
    return tuple(_changes(first, count, zone))


def _changes(first: int, count: int, zone: ZoneInfo) -> Iterator[Change]:
    day = hours.start_of(first).replace(hour=0)
    while hours.beginning_at(day) < first + count:
        following = day + timedelta(days=1)
        if _offset(day, zone) != _offset(following, zone):
            yield _change(day, zone)
        day = following


def follows_summer_time(first: int, kwh: NDArray[np.float64], zone: ZoneInfo) -> ClockEvidence:
    """Compare working days before and after each change: does the daily profile move with the local clock?"""
    likeness = []
    for change in changes(first, len(kwh), zone):
        place = change.hour - first
        before = _profile(kwh[max(place - REACH_H, 0) : place], max(change.hour - REACH_H, first))
        after = _profile(kwh[place : place + REACH_H], change.hour)
        if before is not None and after is not None:
            likeness.append([_alike(np.roll(before, -change.step_h * moved), after) for moved in range(3)])
    if not likeness:
        return ClockEvidence.CANNOT_TELL
    mean = np.mean(likeness, axis=0)
    _, second, best = np.sort(mean)
    if best < LEAST_ALIKE or best - second < MARGIN:
        return ClockEvidence.CANNOT_TELL
    return (ClockEvidence.STANDS_STILL, ClockEvidence.RIGHT, ClockEvidence.MOVES_TWICE)[int(mean.argmax())]


def skips_local_hour(first: int, kwh: NDArray[np.float64], doubled: frozenset[int], zone: ZoneInfo) -> bool:
    """Whether the stamps, read as UTC, leave out the very hour that the local clock skips, and double the doubled one.

    Args:
        first: the first hour.
        kwh: as read, shape `(n,)`; NaN where nothing was read.
        doubled: hours whose stamp is there more than once.
        zone: the building's.
    """
    springs, skipped, autumns = 0, 0, 0
    for change in changes(first, len(kwh), zone):
        wall = change.hour + _offset_h(change.hour - 1, zone)  # the local clock's reading at the change, as if UTC
        place = wall - first
        if not 0 < place < len(kwh) - 1:
            continue
        if change.step_h > 0:
            springs += 1
            skipped += bool(np.isnan(kwh[place]) and np.isfinite(kwh[[place - 1, place + 1]]).all())
        else:
            autumns += wall - 1 in doubled
    return springs > 0 and skipped == springs and (autumns > 0 or springs > 1)


def morning_rise(first: int, kwh: NDArray[np.float64], zone: ZoneInfo, planned: int) -> Edge:
    """The hour in which working days begin to heat, against the plan's hour `planned` (both local)."""
    from samdrift_energy_forecast.quality.typical import LocalClock

    clock = LocalClock(first=first, count=len(kwh), zone=zone)
    working = np.isfinite(kwh) & (clock.weekday < 5)
    if working.sum() < FEWEST_DAYS * hours.DAY:
        return Edge(evidence=EdgeEvidence.CANNOT_TELL)
    counts = np.bincount(clock.hour[working], minlength=24)
    profile = np.bincount(clock.hour[working], weights=kwh[working], minlength=24) / np.maximum(counts, 1)
    steps = profile - np.roll(profile, 1)
    seen = int(steps.argmax())
    second = float(np.delete(steps, seen).max())
    if (
        steps[seen] < SHARP_SHARE * np.ptp(profile)
        or steps[seen] < SHARP_RATIO * max(second, 0.0)
        or not np.ptp(profile)
    ):
        return Edge(evidence=EdgeEvidence.CANNOT_TELL)
    evidence = {0: EdgeEvidence.RIGHT, -1: EdgeEvidence.HOUR_EARLY, 1: EdgeEvidence.HOUR_LATE}.get(
        seen - planned, EdgeEvidence.CANNOT_TELL
    )
    return Edge(evidence=evidence, seen=seen, planned=planned)


def _profile(kwh: NDArray[np.float64], first: int) -> NDArray[np.float64] | None:
    """Mean of working days by UTC hour of the day, each day against its own mean; shape `(24,)`."""
    begin = -first % hours.DAY
    days = (len(kwh) - begin) // hours.DAY
    if days < FEWEST_DAYS:
        return None
    grid = kwh[begin : begin + days * hours.DAY].reshape(days, hours.DAY)
    weekday = ((first + begin) // hours.DAY + np.arange(days) + 3) % 7
    used = grid[(weekday < 5) & np.isfinite(grid).all(axis=1) & (grid.sum(axis=1) > 0)]
    if len(used) < FEWEST_DAYS:
        return None
    shape: NDArray[np.float64] = (used / used.mean(axis=1, keepdims=True)).mean(axis=0)
    return shape


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Correlation of the steps from hour to hour: the level and slow swings do not count."""
    first, second = (shape - np.roll(shape, 1) for shape in (one, other))
    if not (first.std() and second.std()):
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _change(day: datetime, zone: ZoneInfo) -> Change:
    for hour in range(hours.beginning_at(day), hours.beginning_at(day) + hours.DAY):
        step = _offset_h(hour, zone) - _offset_h(hour - 1, zone)
        if step:
            return Change(hour=hour, step_h=step)
    hour = hours.beginning_at(day) + hours.DAY
    return Change(hour=hour, step_h=_offset_h(hour, zone) - _offset_h(hour - 1, zone))


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(UTC).astimezone(zone).utcoffset() or timedelta()


def _offset_h(hour: int, zone: ZoneInfo) -> int:
    return int(_offset(hours.start_of(hour), zone) // timedelta(hours=1))
