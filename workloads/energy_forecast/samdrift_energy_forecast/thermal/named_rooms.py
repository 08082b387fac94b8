"""Each room that has a sensor of its own, read off two columns: the rooms' mean and the coldest of each hour.

A building's response is learnt from the two columns (docs/decisions/0035), which do not tell which room is cold. What
a room is apart from them hardly depends on the plan: a share of the way from the mean to the coldest, and an offset by
the hour of the day, because rooms to the east are cold when those to the west are not. Days under other set-points than
fixed setback have offsets of their own, once there were some: a slow room lags behind a late start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

#: Shares of the way from the mean to the coldest room that are believed.
LEAST_SHARE, LARGEST_SHARE = 0.0, 1.5
#: Hours in which a room is warmer than the limit by more than this (K) say little about when it is cold.
NEAR_LIMIT_K, FAR_WEIGHT = 1.0, 0.2
#: A day's weight halves in so many days; so many days are believed before own offsets count half.
HALVES_IN_DAYS, PRIOR_DAYS = 10.0, 2.0
#: Read hours of an hour of the day, below which it has the room's mean offset.
FEWEST_READ = 2
#: A room must be read in this share of the open hours to be planned for.
LEAST_READ = 0.8


@dataclass(frozen=True, kw_only=True)
class NamedRooms:
    """How rooms follow from the columns; the first axis is the rooms'."""

    #: Share of the mean and of the coldest, shape `(rooms, 2)`.
    shares: Array
    #: K by the UTC hour of the day, under fixed setback and under plans, shape `(rooms, 24)`.
    offset_k: Array
    own_offset_k: Array

    def __len__(self) -> int:
        """Number of rooms."""
        return len(self.shares)

    def read_off(self, columns_c: Array, hour_of_day: NDArray[np.int64], *, own: bool) -> Array:
        """Rooms in C, shape `(steps, ..., rooms)`, of columns `(steps, ..., 2)`; `own` says under a plan."""
        offset_k = (self.own_offset_k if own else self.offset_k)[:, hour_of_day].T
        between = (slice(None), *(None,) * (columns_c.ndim - 2))
        return np.asarray(columns_c @ self.shares.T + offset_k[between])


def learn_rooms(
    rooms_c: Array,
    columns_c: Array,
    first: int,
    is_open: NDArray[np.bool_],
    own: NDArray[np.bool_],
    open_c: float,
) -> NamedRooms:
    """Learn from hourly readings up to now.

    Args:
        rooms_c: in C, shape `(rooms, hours)`; NaN where nothing was read.
        columns_c: mean and coldest, shape `(2, hours)`.
        first: the readings' first hour.
        is_open: of each hour.
        own: whether other set-points than fixed setback's were in force, of each hour's day.
        open_c: the limit while open.
    """
    hour_of_day = (first + np.arange(len(is_open))) % hours.DAY
    age_days = np.arange(len(is_open), 0, -1) / hours.DAY
    shares, by_setback, by_own = [], [], []
    for room_c in rooms_c:
        known = is_open & np.isfinite(room_c) & np.isfinite(columns_c).all(axis=0)
        weights = known * np.where(room_c < open_c + NEAR_LIMIT_K, 1.0, FAR_WEIGHT)
        share = _share(room_c, columns_c, hour_of_day, weights)
        apart = np.nan_to_num(room_c - (1 - share) * columns_c[0] - share * columns_c[1])
        setback_k, _ = _by_hour(apart, hour_of_day, weights * ~own)
        fresh = weights * own * 0.5 ** (age_days / HALVES_IN_DAYS)
        own_k, days = _by_hour(apart - setback_k[hour_of_day], hour_of_day, fresh)
        shares.append([1 - share, share])
        by_setback.append(setback_k)
        by_own.append(setback_k + own_k * days / (days + PRIOR_DAYS))
    return NamedRooms(shares=np.array(shares), offset_k=np.array(by_setback), own_offset_k=np.array(by_own))


def _share(room_c: Array, columns_c: Array, hour_of_day: NDArray[np.int64], weights: Array) -> float:
    """The slope of what a room is below the mean against what the coldest is, the hours of the day apart."""
    below_k, most_k = np.nan_to_num(columns_c[0] - room_c), np.nan_to_num(columns_c[0] - columns_c[1])
    below_k, most_k = (values - _by_hour(values, hour_of_day, weights)[0][hour_of_day] for values in (below_k, most_k))
    # A little weight on one half: a building whose rooms move alike says nothing.
    slope = (weights @ (below_k * most_k) + 0.5) / (weights @ np.square(most_k) + 1.0)
    return float(np.clip(slope, LEAST_SHARE, LARGEST_SHARE))


def _by_hour(values: Array, hour_of_day: NDArray[np.int64], weights: Array) -> tuple[Array, Array]:
    """Weighted means by the hour of the day, shape `(24,)`, the mean of all where few were read; and the weights."""
    total = np.bincount(hour_of_day, weights, hours.DAY)
    sums = np.bincount(hour_of_day, weights * values, hours.DAY)
    overall = float(sums.sum() / total.sum()) if total.sum() else 0.0
    few = np.bincount(hour_of_day, weights > 0, hours.DAY) < FEWEST_READ
    return np.where(few, overall, sums / np.maximum(total, 1e-9)), np.where(few, total.sum() / hours.DAY, total)
