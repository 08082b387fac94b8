"""Values far above everything else, and values that catch up on hours that were missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.runs import runs
from samdrift_energy_forecast.quality.stretch import Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.quality.typical import Typical

#: Share of the values above 0 that are not above the high value.
HIGH = 0.99
#: Above so many times the high value is a spike anywhere. Of 15 clean meters none reaches 1.9 in five years.
ANYWHERE = 2.2
#: Above the high value, a spike is also what is so many times the typical value and its neighbours.
STANDS_OUT = 4.0
#: Spikes come in so many hours on end at most; more of them are another load.
LONGEST_H = 3


def spikes(kwh: NDArray[np.float64], around: Typical) -> list[Stretch]:
    """Spikes and catch-ups of `kwh`, shape `(n,)`."""
    positive = kwh[kwh > 0]
    if not positive.size:
        return []
    high = float(np.quantile(positive, HIGH))
    found = (kwh > ANYWHERE * high) | ((kwh > high) & _stands_out(kwh, around))
    return [_stretch(kwh, around, begin, end, high) for begin, end in runs(found) if end - begin <= LONGEST_H]


def _stands_out(kwh: NDArray[np.float64], around: Typical) -> NDArray[np.bool_]:
    known = np.nan_to_num(np.pad(kwh, 1))
    neighbours = np.maximum(known[:-2], known[2:])
    return (kwh > STANDS_OUT * around.kwh) & (kwh > STANDS_OUT * neighbours)


def _stretch(kwh: NDArray[np.float64], around: Typical, begin: int, end: int, high: float) -> Stretch:
    missed = _missed_before(kwh, begin)
    expected = around.kwh[begin - missed : end].sum() if missed else np.nan
    if missed and kwh[begin] <= 2 * expected:
        return Stretch(code=Finding.CATCH_UP, begin=begin, end=end, facts={"missed_h": float(missed)})
    facts = {"ratio": float(kwh[begin:end].max() / high), "high_kwh": high}
    return Stretch(code=Finding.SPIKE, begin=begin, end=end, facts=facts)


def _missed_before(kwh: NDArray[np.float64], place: int) -> int:
    """Hours without a value, or with 0, just before `place`."""
    before = kwh[:place][::-1]
    shown = np.flatnonzero(np.nan_to_num(before) > 0)
    return int(shown[0]) if shown.size else len(before)
