"""The same value again and again: filled in, or shown by a meter that does not answer any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.runs import runs
from samdrift_energy_forecast.quality.stretch import Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Chance that a sound series of its length holds such a stretch.
CHANCE = 1e-3
FEWEST_H = 12
#: Values below so many of the meter's smallest steps repeat all by themselves.
SMALLEST_STEPS = 5.0
#: What counts as around a stretch.
REACH_H = 2 * hours.WEEK
#: Other hours with a value, from which on they say how often it repeats.
FEWEST_SAME = 30


def frozen(kwh: NDArray[np.float64]) -> list[Stretch]:
    """Stretches of `kwh`, shape `(n,)`, in which one value above 0 repeats for longer than chance allows.

    Chance is the share of hours that equal the hour before: in the whole series, in the weeks around, and where the
    series shows that very value otherwise. A coarse meter under a steady load repeats itself often.
    """
    known = np.isfinite(kwh)
    if known.sum() < 2:
        return []
    equal = (kwh[1:] == kwh[:-1]) & (kwh[1:] >= SMALLEST_STEPS * _smallest_step(kwh[known]))
    long = [(begin, end) for begin, end in runs(equal) if end + 1 - begin >= FEWEST_H]
    counted = np.concatenate([[0], np.cumsum(equal)])
    return [
        Stretch(code=Finding.FROZEN, begin=begin, end=end + 1, facts={"value_kwh": float(kwh[begin])})
        for begin, end in long
        if end + 1 - begin >= _fewest(kwh, equal, counted, begin, end)
    ]


def _fewest(
    kwh: NDArray[np.float64], equal: NDArray[np.bool_], counted: NDArray[np.int64], begin: int, end: int
) -> float:
    """Hours from which on equal hours `begin` to `end - 1` are no chance, by all the others."""
    count = len(equal)
    same = kwh[:-1] == kwh[begin]
    same[begin:end] = False
    share = max(
        _share_without(counted, begin, end, 0, count),
        _share_without(counted, begin, end, max(begin - REACH_H, 0), min(end + REACH_H, count)),
        float(equal[same].mean()) if same.sum() >= FEWEST_SAME else 0.0,
    )
    return 1 + float(np.log(CHANCE / count) / np.log(min(max(share, 1.0 / count), 0.99)))


def _share_without(counted: NDArray[np.int64], begin: int, end: int, first: int, last: int) -> float:
    others = (last - first) - (end - begin)
    equal = int(counted[last] - counted[first] - (counted[end] - counted[begin]))
    return equal / others if others > 0 else 0.0


def _smallest_step(values: NDArray[np.float64]) -> float:
    """The meter's resolution in kWh: the usual smallest distance between values that it shows."""
    distances = np.diff(np.unique(values))
    distances = distances[distances > 1e-9 * np.abs(values).max(initial=0.0)]
    return float(np.quantile(distances, 0.05)) if distances.size else 0.0
