"""What a day's 24 loads are explained by: weather and calendar, which buildings share, and each one's own last days.

Nothing in a row was measured after the row's issue time, 00 UTC of the day `lead` days before the row's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.forecasting import smoothing
from samdrift_energy_forecast.forecasting.panel import HOURS, carried_forward

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.forecasting.panel import Panel

    Terms = NDArray[np.float32]

#: Below this smoothed outdoor temperature a building is heated (C).
BASE_C = 16.0
#: Divisor that brings degree terms to the size of the other features, so that one penalty is fair to all.
DEGREES_SCALE_K = 10.0
#: Half-lives of the smoothed outdoor temperature (h): air change, rooms, fabric, ground.
HALF_LIVES_H = (1.0, 3.0, 12.0, 36.0, 72.0)
RADIATION_H = 6.0
#: Days of the same kind whose mean is a feature.
SAME_KIND_DAYS = 4
EVENING_FROM = 20
SHARED = (
    "level",
    *(f"degrees_{life:g}h" for life in HALF_LIVES_H),
    "radiation",
    "radiation_6h",
    "saturday",
    "sunday",
    "monday",
    "friday",
    "degrees_12h_free",
    "degrees_36h_monday",
    "holiday",
)
OWN = (
    "last_day",
    "day_before",
    "week_before",
    "last_day_mean",
    "last_week_mean",
    "last_evening",
    "last_hour",
    "same_kind",
    "last_day_other_kind",
)


def smoothed(hourly: NDArray[np.float64], half_life_h: float) -> NDArray[np.float64]:
    """Exponentially smoothed series of shape `(days, 24)`; each hour sees itself and the hours before it."""
    return smoothing.smoothed(hourly.ravel(), half_life_h).reshape(hourly.shape)


def shared_terms(panel: Panel) -> Terms:
    """Terms in the order of `SHARED`, shape `(days, 24, len(SHARED))`."""
    local = panel.clock
    degrees = {
        life: np.maximum(0.0, BASE_C - smoothed(panel.temperature_c, life)) / DEGREES_SCALE_K for life in HALF_LIVES_H
    }
    radiation = panel.radiation_w_m2 / 100.0
    is_weekday = {day: (local.weekday == day).astype(np.float64) for day in (0, 4, 5, 6)}
    columns = (
        np.ones_like(radiation),
        *degrees.values(),
        radiation,
        smoothed(radiation, RADIATION_H),
        *(is_weekday[day] for day in (5, 6, 0, 4)),
        degrees[12.0] * (local.weekday >= 5),
        degrees[36.0] * is_weekday[0],
        local.is_holiday.astype(np.float64),
    )
    return np.stack(columns, axis=-1).astype(np.float32)


def own_terms(loads: NDArray[np.float64], is_free: NDArray[np.bool_], lead: int) -> Terms:
    """Terms in the order of `OWN` for every day, shape `(buildings, days, 24, len(OWN))`, NaN before the readings.

    `loads` has shape `(buildings, days, 24)`, `is_free` `(days,)`; day d's terms use days before d - `lead` alone.
    """
    known = carried_forward(loads).astype(np.float32)
    daily = known.mean(axis=2)
    last = days_before(known, 1 + lead)
    terms = np.empty((*known.shape, len(OWN)), dtype=np.float32)
    terms[..., 0] = last
    terms[..., 1] = days_before(known, 2 + lead)
    terms[..., 2] = days_before(known, max(7, 1 + lead))
    terms[..., 3] = days_before(daily, 1 + lead)[..., None]
    terms[..., 4] = np.mean([days_before(daily, 1 + lead + k) for k in range(7)], axis=0)[..., None]
    terms[..., 5] = days_before(known[:, :, EVENING_FROM:].mean(axis=2), 1 + lead)[..., None]
    terms[..., 6] = days_before(known[:, :, -1], 1 + lead)[..., None]
    terms[..., 7] = same_kind(known, is_free, lead)
    other = is_free != np.concatenate([is_free[: 1 + lead], is_free])[: len(is_free)]
    terms[..., 8] = np.where(other[None, :, None], last, np.float32(0))
    return terms


def same_kind(known: NDArray[np.float32], is_free: NDArray[np.bool_], lead: int) -> NDArray[np.float32]:
    """Mean over the last `SAME_KIND_DAYS` days of a day's kind that ended by its issue time; NaN where there is none.

    `known` has shape `(buildings, days, 24)`, `is_free` `(days,)`.
    """
    mean = np.full(known.shape, np.nan, dtype=np.float32)
    zero = np.zeros((known.shape[0], 1, HOURS))
    for kind in (False, True):
        places = np.flatnonzero(is_free == kind)
        values = known[:, places]
        sums = np.concatenate([zero, np.cumsum(np.nan_to_num(values), axis=1, dtype=np.float64)], axis=1)
        counts = np.concatenate([zero, np.cumsum(np.isfinite(values), axis=1)], axis=1)
        ended = np.searchsorted(places, places - lead)
        begun = np.maximum(ended - SAME_KIND_DAYS, 0)
        count = counts[:, ended] - counts[:, begun]
        mean[:, places] = np.where(count > 0, (sums[:, ended] - sums[:, begun]) / np.maximum(count, 1), np.nan)
    return mean


def days_before(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Values of `count` days earlier, NaN before the first day; `values` has shape `(buildings, days, ...)`."""
    shifted = np.full(values.shape, np.nan, dtype=values.dtype)
    shifted[:, count:] = values[:, : max(values.shape[1] - count, 0)]
    return shifted
