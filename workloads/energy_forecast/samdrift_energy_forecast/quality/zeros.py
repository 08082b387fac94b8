"""Zeros that are no zero consumption: missing values stored as 0, and meters that died."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.runs import longer_than, runs
from samdrift_energy_forecast.quality.stretch import Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.quality.typical import LocalClock, Typical

#: Of the series' middle value above 0: where less than this is typical, a zero surprises nobody.
WORTH_JUDGING = 0.3
#: Of the same hours on neighbouring days: with more zeros than this, a zero is usual there ...
USUAL_SHARE = 0.35
#: ... and for a short while (boilers pause, rooms cool down) already with more than this.
USUAL_SHARE_SHORT, SHORT_H = 0.1, 12
#: Zeros that go on are judged together: with fewer odd hours than this share of them, they are a pause that came early.
ODD_SHARE = 0.5
#: November to March: hardly a building in Denmark needs no heat then. Before and after, a pause may be a pause.
HEATING_MONTHS = (11, 12, 1, 2, 3)
#: Zeros in the heating season for so long are a dead meter, where zeros are rare in it ...
DEAD_H = 3 * hours.DAY
RARE_SHARE = 0.05
#: ... and for so long where it is often off; where it is off more than half of the time, nobody can tell.
DEAD_OFTEN_OFF_H = 14 * hours.DAY
OFTEN_SHARE = 0.5


def dead(kwh: NDArray[np.float64], clock: LocalClock) -> list[Stretch]:
    """Stretches of zeros of `kwh`, shape `(n,)`, that are too long for the heating season."""
    season = np.isin(clock.month, HEATING_MONTHS)
    found = []
    for begin, end in runs(kwh == 0):
        cold = int(season[begin:end].sum())
        if cold >= DEAD_H and cold >= _longest_h(kwh, season, begin, end):
            found.append(Stretch(code=Finding.DEAD, begin=begin, end=end))
    return found


def zeros_as_missing(kwh: NDArray[np.float64], around: Typical) -> list[Stretch]:
    """Zeros of `kwh` where neighbouring days are far from 0 at the same hour; `kwh` without dead stretches."""
    positive = kwh[kwh > 0]
    if not positive.size:
        return []
    worth = around.kwh >= WORTH_JUDGING * np.median(positive)
    odd = (kwh == 0) & worth & (around.zero_share <= USUAL_SHARE)
    odd &= (around.zero_share <= USUAL_SHARE_SHORT) | longer_than(odd, SHORT_H)
    odd &= _mostly(odd, kwh == 0)
    return [
        Stretch(
            code=Finding.ZERO_AS_MISSING,
            begin=begin,
            end=end,
            facts={"typical_kwh": float(np.mean(around.kwh[begin:end]))},
        )
        for begin, end in runs(odd)
    ]


def _mostly(odd: NDArray[np.bool_], zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Stretches of `zero` that are odd in most hours."""
    kept = np.zeros_like(zero)
    for begin, end in runs(zero):
        kept[begin:end] = odd[begin:end].mean() >= ODD_SHARE
    return kept


def _longest_h(kwh: NDArray[np.float64], season: NDArray[np.bool_], begin: int, end: int) -> float:
    """From how many zero hours on the meter is dead, judged by the rest of its heating seasons."""
    rest = season.copy()
    rest[begin:end] = False
    known = np.isfinite(kwh) & rest
    share = float((kwh[known] == 0).mean()) if known.any() else 0.0
    if share > OFTEN_SHARE:
        return np.inf
    return DEAD_H if share <= RARE_SHARE else DEAD_OFTEN_OFF_H
