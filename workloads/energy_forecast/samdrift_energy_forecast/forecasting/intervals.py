"""Quantiles by rolling conformal ranks of a building's own errors, with levels that follow how often they were missed.

Ranks: Papadopoulos et al., ECML 2002; Lei et al., JASA 113 (2018) 1094-1111. Levels: adaptive conformal inference,
Gibbs & Candes, NeurIPS 2021: a level is moved by `STEP` times (level - share of hours below it) when a day has ended,
so that coverage holds in the long run also where the errors change with the season.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.forecasting.panel import HOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Days of errors that ranks are taken of; of a day, its own kind (free or not) counts while there are enough.
WINDOW_DAYS = 56
#: Hours on either side of an hour of the day whose errors count as its own.
NEIGHBOURS = 1
#: Errors of the day's own kind below which all kinds are taken.
ENOUGH = 30
STEP = 0.05
#: Effective levels stay this far from 0 and 1.
EDGE = 0.005


def conformal_rank(count: NDArray[np.int64], level: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rank (1 = smallest) of the order statistic of `count` errors that a new one stays below with `level`.

    ceil((n + 1) level) above one half and floor((n + 1) level) below, so that both sides err outwards; at most n.
    """
    exact = (count + 1) * level
    rank = np.where(level >= 0.5, np.ceil(exact - 1e-9), np.floor(exact + 1e-9)).astype(np.int64)
    return np.clip(rank, 1, np.maximum(count, 1))


def rolling_quantiles(
    errors: NDArray[np.float64],
    is_free: NDArray[np.bool_],
    levels: Sequence[float],
    first: int,
    lead: int,
) -> NDArray[np.float64]:
    """Offsets to add to the expected load for days from `first` on, shape `(len(levels), buildings, days - first, 24)`.

    Args:
        errors: measured - expected, shape `(buildings, days, 24)`, NaN where not known. Day d's offsets use days before
            d - `lead` alone.
        is_free: kind of each day, shape `(days,)`.
        levels: rising, between 0 and 1.
        first: the first day that needs offsets.
        lead: whole days between a forecast's issue and the beginning of its day.
    """
    buildings, days, _ = errors.shape
    near = np.stack([np.roll(errors, shift, axis=2) for shift in range(-NEIGHBOURS, NEIGHBOURS + 1)], axis=-1)
    wanted = np.asarray(levels)
    moved = np.repeat(wanted[:, None], buildings, axis=1)
    offsets = np.empty((len(levels), buildings, days - first, HOURS))
    for day in range(first, days):
        offsets[:, :, day - first] = _offsets(near, is_free, moved, day, lead)
        ended = day - lead
        if ended >= first:
            below = errors[None, :, ended] < offsets[:, :, ended - first]
            known = np.isfinite(errors[:, ended])
            share = (below & known).sum(axis=2) / np.maximum(known.sum(axis=1), 1)
            step = STEP * (wanted[:, None] - share) * known.any(axis=1)
            moved = np.clip(moved + step, EDGE, 1 - EDGE)
    return np.maximum.accumulate(offsets, axis=0)


def _offsets(
    near: NDArray[np.float64], is_free: NDArray[np.bool_], levels: NDArray[np.float64], day: int, lead: int
) -> NDArray[np.float64]:
    """Order statistics for one day, shape `(levels, buildings, 24)`; NaN where no error is known."""
    until = day - lead
    window = slice(max(until - WINDOW_DAYS, 0), until)
    alike = near[:, window][:, is_free[window] == is_free[day]]
    enough = np.isfinite(alike).sum(axis=(1, 3)).min(axis=1, initial=10**6) >= ENOUGH if alike.size else None
    chosen = near[:, window]
    sorted_all, count_all = _sorted(chosen)
    values = np.stack([_at(sorted_all, count_all, level) for level in levels])
    if enough is not None and enough.any():
        own, count = _sorted(alike)
        values = np.where(enough[None, :, None], np.stack([_at(own, count, level) for level in levels]), values)
    return values


def _sorted(near: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Errors by building and hour, rising, NaN last, shape `(buildings, 24, n)`, and how many are known."""
    laid = near.swapaxes(1, 2).reshape(near.shape[0], HOURS, -1)
    return np.sort(laid, axis=2), np.isfinite(laid).sum(axis=2)


def _at(ordered: NDArray[np.float64], count: NDArray[np.int64], level: NDArray[np.float64]) -> NDArray[np.float64]:
    rank = conformal_rank(count, np.broadcast_to(level[:, None], count.shape))
    return np.take_along_axis(ordered, rank[..., None] - 1, axis=2)[..., 0]
