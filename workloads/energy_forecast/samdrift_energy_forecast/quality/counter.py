"""What a counter did between readings: rose, rolled over, was reset, or was exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.resampling import Intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A rise per second of more than this many times the 99th percentile of all rises is no consumption.
LARGEST_RISE = 20.0
#: A counter that falls from above this share of a power of ten to nearly nothing has used up its digits.
NEAR_THE_END = 0.98


@dataclass(frozen=True, kw_only=True)
class CounterEvent:
    """Something between reading `place - 1` and reading `place` (the outlier itself: reading `place`)."""

    code: Finding
    place: int
    before: float
    after: float
    #: Where the counter ends, for a roll-over.
    end: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Consumption:
    """What was used between readings, in the counter's own unit, NaN where nobody knows; and what happened."""

    used: NDArray[np.float64]
    events: tuple[CounterEvent, ...]


def consumption(seconds: NDArray[np.int64], counts: NDArray[np.float64], rolls_over_at: float | None) -> Consumption:
    """Differences of `counts` at rising `seconds`, both of shape `(n,)`; `used` has shape `(n - 1,)`."""
    rises, lengths = np.diff(counts), np.diff(seconds)
    highest = _highest_rate(rises, lengths)
    odd = (rises < 0) | (rises > highest * np.maximum(lengths, 1))
    used, events, skip = rises.copy(), [], -1
    for place in (np.flatnonzero(odd) + 1).tolist():
        if place == skip:
            continue
        event = _event(counts, place, highest * lengths[place - 1], rolls_over_at)
        events.append(event)
        used[place - 1] = _rolled(event, rolls_over_at)
        if event.code is Finding.COUNTER_OUTLIER:
            used[place - 1 : place + 1], skip = np.nan, place + 1
    return Consumption(used=used, events=tuple(events))


def to_intervals(seconds: NDArray[np.int64], used: NDArray[np.float64]) -> Intervals:
    """Consumption `used`, in kWh, between counter readings at `seconds`."""
    return Intervals(begins=seconds[:-1], ends=seconds[1:], kwh=used)


def _highest_rate(rises: NDArray[np.float64], lengths: NDArray[np.int64]) -> float:
    rising = (rises > 0) & (lengths > 0)
    if not rising.any():
        return np.inf
    return float(np.quantile(rises[rising] / lengths[rising], 0.99)) * LARGEST_RISE


def _event(counts: NDArray[np.float64], place: int, highest: float, rolls_over_at: float | None) -> CounterEvent:
    before, after = float(counts[place - 1]), float(counts[place])
    if _is_outlier(counts, place, highest):
        return CounterEvent(code=Finding.COUNTER_OUTLIER, place=place, before=before, after=after)
    if after < before:
        for end in _ends(before, rolls_over_at):
            if end - before + after <= highest:
                return CounterEvent(code=Finding.ROLL_OVER, place=place, before=before, after=after, end=end)
        if after <= highest:
            return CounterEvent(code=Finding.COUNTER_RESET, place=place, before=before, after=after)
    return CounterEvent(code=Finding.METER_EXCHANGED, place=place, before=before, after=after)


def _is_outlier(counts: NDArray[np.float64], place: int, highest: float) -> bool:
    """The next reading fits the one before, as if this one had not been there."""
    if place + 1 >= len(counts):
        return False
    return bool(0 <= counts[place + 1] - counts[place - 1] <= 2 * highest)


def _ends(before: float, rolls_over_at: float | None) -> Iterator[float]:
    if rolls_over_at is not None:
        yield rolls_over_at
        return
    if before > 0:
        power = 10.0 ** np.ceil(np.log10(before))
        if before >= NEAR_THE_END * power:
            yield power


def _rolled(event: CounterEvent, rolls_over_at: float | None) -> float:
    """Only a roll-over that the building's file tells of is counted through."""
    if event.code is Finding.ROLL_OVER and rolls_over_at is not None:
        return rolls_over_at - event.before + event.after
    return np.nan
