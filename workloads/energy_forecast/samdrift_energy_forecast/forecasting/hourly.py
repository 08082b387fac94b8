"""Forecasts issued every hour for the next hours, from weather forecasts as they were issued.

For each step ahead k a ridge that forgets explains the load of hour i + k by what was known at the end of hour i:
smoothed temperature and radiation (observed up to i, then as forecast at i), the hour of the day, the load of now, of
the last day and of the same hour of days before. The mean over several memories and choices of terms is the forecast.
Bacher et al., Energy and Buildings 65 (2013) 101-112, use such models for houses' heat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOURS = 24
#: A load or temperature of ordinary size is about this; it makes one penalty fair to all terms.
DEGREES_K, RADIATION_W_M2 = 10.0, 100.0
PENALTY, LEVEL_PENALTY = 1.0, 1e-3
#: How much an hour counts relative to the hour after it: memories of about 4, 10 and 42 days.
FORGETS = (0.99, 0.996, 0.999)
#: Hours of readings before the first forecast.
RUN_IN_H = 48
#: Days whose same hour is averaged.
SAME_HOUR_DAYS = 5


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a ridge sees."""

    #: Half-lives of the smoothed temperature and radiation in hours.
    temperature_h: tuple[float, ...]
    radiation_h: tuple[float, ...]
    #: Harmonics of the day.
    harmonics: int
    #: Whether it sees the load of now and of the last day, and the same hour of the days before.
    load: bool = True
    same_hour: bool = False


#: Chosen on the hours after the peer's (February 2011) and on a mean of 16 other houses. Differences were small.
ENSEMBLE = (
    Terms(temperature_h=(1, 16), radiation_h=(1,), harmonics=4),
    Terms(temperature_h=(2, 24), radiation_h=(3,), harmonics=6, load=False),
    Terms(temperature_h=(1, 4, 16, 36), radiation_h=(1, 6), harmonics=4, same_hour=True),
)


@dataclass(frozen=True, kw_only=True)
class IssuedSeries:
    """Consecutive hours of one building; row i of a forecast was issued at the end of hour i."""

    #: Shape `(n,)`, any unit; NaN where nothing was read.
    load: NDArray[np.float64]
    #: Observed, C and W/m2, shape `(n,)`; NaN where not observed.
    temperature_c: NDArray[np.float64]
    radiation_w_m2: NDArray[np.float64]
    #: As forecast for the hours i + 1, ..., i + K, shape `(n, K)`.
    temperature_forecast_c: NDArray[np.float64]
    radiation_forecast_w_m2: NDArray[np.float64]
    #: Hour of the day of hour i, shape `(n,)`.
    hour: NDArray[np.int64]


def hourly_forecasts(series: IssuedSeries) -> NDArray[np.float64]:
    """Expected load in the load's unit, shape `(n, K)`: row i, column k - 1 is issued at the end of hour i for i + k.

    NaN in the first `RUN_IN_H` rows. A row uses nothing of later hours.
    """
    scale = np.nanmean(np.abs(series.load[:RUN_IN_H]))
    load = series.load / scale
    made = [
        ridge_forecasts(design, load, forget)
        for design in (design_of(series, load, terms) for terms in ENSEMBLE)
        for forget in FORGETS
    ]
    expected: NDArray[np.float64] = np.mean(made, axis=0) * scale
    return expected


def ridge_forecasts(design: NDArray[np.float64], load: NDArray[np.float64], forget: float) -> NDArray[np.float64]:
    """Forecasts of one ridge for each step, shape `(n, K)`.

    Row i's weights minimise `sum_j forget^(i - j) (load_j - x_(j - k, k) w)^2 + PENALTY |w|^2` over the hours j <= i.

    Args:
        design: shape `(n, K, p)`: what was known at the end of hour i about hour i + k; the first term is the level.
        load: shape `(n,)`, NaN where not known.
        forget: weight of an hour relative to the next.
    """
    count, steps, width = design.shape
    ridge = PENALTY * np.eye(width)
    ridge[0, 0] = LEVEL_PENALTY
    gram, moment = np.zeros((steps, width, width)), np.zeros((steps, width))
    ahead = np.arange(1, steps + 1)
    expected = np.full((count, steps), np.nan)
    for hour in range(count):
        gram, moment = forget * gram, forget * moment
        if np.isfinite(load[hour]):
            issued = hour - ahead
            rows = design[np.maximum(issued, 0), ahead - 1] * (issued >= 0)[:, None]
            gram += rows[:, :, None] * rows[:, None, :]
            moment += rows * load[hour]
        if hour >= RUN_IN_H:
            weights = np.linalg.solve(gram + ridge, moment[..., None])[..., 0]
            expected[hour] = np.einsum("kp,kp->k", design[hour], weights)
    return expected


def design_of(series: IssuedSeries, load: NDArray[np.float64], terms: Terms) -> NDArray[np.float64]:
    """Terms of every hour and step, shape `(n, K, p)`."""
    steps = series.temperature_forecast_c.shape[1]
    temperature, radiation = series.temperature_forecast_c, series.radiation_forecast_w_m2
    columns = [
        np.ones((len(load), steps)),
        *(continued(series.temperature_c, temperature, life) / DEGREES_K for life in terms.temperature_h),
        *(continued(series.radiation_w_m2, radiation, life) / RADIATION_W_M2 for life in terms.radiation_h),
    ]
    columns += _harmonics(series.hour, steps, terms.harmonics)
    if terms.load:
        columns += _recent(_last_known(load), steps)
    if terms.same_hour:
        columns += _same_hour(_last_known(load), steps)
    return np.stack(columns, axis=-1)


def continued(observed: NDArray[np.float64], forecast: NDArray[np.float64], half_life_h: float) -> NDArray[np.float64]:
    """Smoothed weather of hour i + k as known at the end of hour i: over observations, then over forecasts.

    Shape `(n, K)`. An hour that was not observed is taken as the forecast of the hour before had it.
    """
    keep = 0.5 ** (1 / half_life_h)
    known = observed.copy()
    missing = np.flatnonzero(~np.isfinite(known))
    known[missing] = forecast[np.maximum(missing - 1, 0), 0]
    smooth = np.empty(forecast.shape)
    state = known[0]
    for hour, value in enumerate(known):
        state = keep * state + (1 - keep) * value
        smooth[hour, 0] = keep * state + (1 - keep) * forecast[hour, 0]
    for step in range(1, forecast.shape[1]):
        smooth[:, step] = keep * smooth[:, step - 1] + (1 - keep) * forecast[:, step]
    return smooth


def _harmonics(hour: NDArray[np.int64], steps: int, count: int) -> Iterator[NDArray[np.float64]]:
    angle = 2 * np.pi * ((hour[:, None] + np.arange(1, steps + 1)) % HOURS) / HOURS
    for order in range(1, count + 1):
        yield np.sin(order * angle)
        yield np.cos(order * angle)


def _recent(load: NDArray[np.float64], steps: int) -> Iterator[NDArray[np.float64]]:
    """The load of now and the mean of the last 24 h."""
    sums = np.concatenate([[0.0], np.cumsum(load)])
    first = np.maximum(np.arange(len(load)) + 1 - HOURS, 0)
    mean = (sums[1:] - sums[first]) / (np.arange(1, len(load) + 1) - first)
    for column in (load, mean):
        yield np.repeat(column[:, None], steps, axis=1)


def _same_hour(load: NDArray[np.float64], steps: int) -> Iterator[NDArray[np.float64]]:
    """The load of the target's hour of the day on the last day that has it, and its mean over some days."""
    ahead = np.arange(1, steps + 1)
    last = np.arange(len(load))[:, None] + ahead - HOURS * -(-ahead // HOURS)
    days = [load[np.maximum(last - HOURS * day, 0)] for day in range(SAME_HOUR_DAYS)]
    yield days[0]
    yield np.mean(days, axis=0)


def _last_known(load: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holes filled with the last value before them, at the beginning with the first value after."""
    known = np.isfinite(load)
    places = np.maximum.accumulate(np.where(known, np.arange(len(load)), -1))
    return np.asarray(load[np.where(places < 0, int(known.argmax()), places)])
