"""When people are in a building, as counts or heat tell: evidence against which its opening hours are held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.calendar import WEEKDAYS, LocalHours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import BuildingDescription, Weekday

#: An hour counts as used when so many people are there, as a share of a busy hour's (95th percentile) ...
USED_SHARE = 0.05
#: ... and as open when it is used on so many of the weekday's days.
OPEN_SHARE = 0.5
#: Fewer days of a weekday tell nothing.
FEWEST_DAYS = 3
#: Heat of the warm window against that of the night before it: a day without set-back does not rise at all ...
CLEAR_RISE = 1.2
#: ... and a closed weekday that rises so much of what open ones do is heated like them.
LIKE_OPEN = 0.75
NIGHT = slice(0, 5)


@dataclass(frozen=True, kw_only=True)
class Span:
    """Consecutive hours of a weekday, as its clock shows them."""

    begins_h: int
    ends_h: int

    def __str__(self) -> str:
        """For a person."""
        return f"{self.begins_h:02d}-{self.ends_h:02d}"


def opening_by_counts(
    building: BuildingDescription, first: int, people: NDArray[np.float64], ordinary: NDArray[np.bool_]
) -> Mapping[Weekday, tuple[Span, ...]]:
    """Hours in which people usually are there, by weekday; weekdays without enough days are left out.

    Args:
        building: whose clock counts.
        first: the first hour.
        people: mean count of each hour, shape `(n,)`, NaN where not known.
        ordinary: hours of days that are neither holidays nor otherwise closed, shape `(n,)`.
    """
    local = LocalHours.of(first, len(people), building.zone)
    known = np.isfinite(people) & ordinary
    if not known.any():
        return {}
    used = people >= max(USED_SHARE * float(np.percentile(people[known], 95)), np.finfo(float).tiny)
    found = {}
    for number, weekday in enumerate(WEEKDAYS):
        mine = known & (local.weekday == number)
        days = np.bincount(local.hour[mine], minlength=hours.DAY)
        if days.min() < FEWEST_DAYS:
            continue
        share = np.bincount(local.hour[mine], weights=used[mine], minlength=hours.DAY) / days
        found[weekday] = _spans(share >= OPEN_SHARE)
    return found


@dataclass(frozen=True, kw_only=True)
class Rises:
    """How much more heat the warm window takes than the night before it, by weekday; medians over days."""

    by_weekday: Mapping[Weekday, float]

    def of(self, weekdays: Sequence[Weekday]) -> float | None:
        """The median over these weekdays; None where none is known."""
        known = [self.by_weekday[day] for day in weekdays if day in self.by_weekday]
        return float(np.median(known)) if known else None


def rises(
    building: BuildingDescription, first: int, heat_kwh: NDArray[np.float64], ordinary: NDArray[np.bool_]
) -> Rises:
    """Of each weekday with enough days; arguments as in `opening_by_counts`, heat in kWh."""
    local = LocalHours.of(first, len(heat_kwh), building.zone)
    days = np.unique(local.day)
    laid = np.full((len(days), hours.DAY), np.nan)
    usable = np.isfinite(heat_kwh) & ordinary
    laid[np.searchsorted(days, local.day[usable]), local.hour[usable]] = heat_kwh[usable]
    warm = building.setback.warm
    night, day = laid[:, NIGHT], laid[:, warm.begins_h : warm.ends_h]
    whole = np.isfinite(night).all(axis=1) & np.isfinite(day).all(axis=1)
    ratio = day[whole].mean(axis=1) / np.maximum(
        night[whole].mean(axis=1), 0.01 * max(float(np.nanmax(heat_kwh)), 1e-9)
    )
    weekday = (days[whole] + 3) % 7  # day 0, 1970-01-01, was a Thursday
    known = {day: ratio[weekday == number] for number, day in enumerate(WEEKDAYS)}
    return Rises(by_weekday={day: float(np.median(some)) for day, some in known.items() if len(some) >= FEWEST_DAYS})


def _spans(is_open: NDArray[np.bool_]) -> tuple[Span, ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_open, [False]]).astype(np.int8)))
    return tuple(Span(begins_h=int(begin), ends_h=int(end)) for begin, end in edges.reshape(-1, 2))
