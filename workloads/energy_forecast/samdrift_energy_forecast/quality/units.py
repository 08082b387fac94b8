"""Values in another unit: a series that steps by 1,000 (W and kW, kWh and MWh) or 277.8 (kWh and GJ)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.runs import runs
from samdrift_energy_forecast.quality.stretch import Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.quality.typical import Typical

#: What lies between units that meters are exported in, as powers of ten: kWh and MWh; kWh and GJ.
FACTORS_LOG10 = (3.0, float(np.log10(1000 / 3.6)))
#: How far (powers of ten) a step may be from such a factor: load moves too, by a factor of 2 from day to day.
TOLERANCE_LOG10 = 0.3
#: How far a single hour, put back into the usual unit, may be from what is typical.
HOUR_TOLERANCE_LOG10 = 0.5
#: Hours above 0 that make a day's level.
FEWEST_HOURS = 6
#: Of the series' middle value above 0: where less than this is typical, a thousandth of it says nothing.
WORTH_JUDGING = 0.2


def unit_changes(kwh: NDArray[np.float64]) -> list[Stretch]:
    """Days on end in another unit than most of the series `kwh`, shape `(n,)`; exact to the hour."""
    levels = _daily_levels(kwh)
    days = np.flatnonzero(np.isfinite(levels))
    if len(days) < 2:
        return []
    exponents = np.concatenate([[0.0], np.cumsum([_snapped(step) for step in np.diff(levels[days])])])
    exponents = np.round(exponents, 2)
    values, counts = np.unique(exponents, return_counts=True)
    relative = exponents - values[counts.argmax()]
    return [_stretch(kwh, levels, days, begin, end, relative[begin]) for begin, end in _segments(relative)]


def hours_in_another_unit(kwh: NDArray[np.float64], around: Typical) -> list[Stretch]:
    """Single hours that are typical once they are put into the usual unit."""
    positive = kwh[kwh > 0]
    if not positive.size:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(kwh > 0, np.log10(kwh / around.kwh), np.nan)
    worth = around.kwh >= WORTH_JUDGING * np.median(positive)
    found = []
    for sign in (-1.0, 1.0):
        near = np.abs(ratio - sign * FACTORS_LOG10[0]) <= HOUR_TOLERANCE_LOG10
        found += [
            Stretch(code=Finding.UNIT_CHANGE, begin=b, end=e, facts={"factor": 1000.0**sign})
            for b, e in runs(near & worth)
        ]
    return found


def _daily_levels(kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """log10 of the median of each day's values above 0; NaN for days with few of them."""
    whole = np.pad(kwh, (0, -len(kwh) % hours.DAY), constant_values=np.nan).reshape(-1, hours.DAY)
    positive = np.where(whole > 0, whole, np.nan)
    levels = np.full(len(whole), np.nan)
    enough = np.isfinite(positive).sum(axis=1) >= FEWEST_HOURS
    levels[enough] = np.log10(np.nanmedian(positive[enough], axis=1))
    return levels


def _snapped(step: float) -> float:
    """The unit factor that a day's step is, as a power of ten; 0 for a step that heat makes."""
    for factor in FACTORS_LOG10:
        if abs(abs(step) - factor) <= TOLERANCE_LOG10:
            return float(np.copysign(factor, step))
    return 0.0


def _segments(relative: NDArray[np.float64]) -> list[tuple[int, int]]:
    borders = np.flatnonzero(np.diff(relative)) + 1
    edges = [0, *borders.tolist(), len(relative)]
    return [(b, e) for b, e in pairwise(edges) if relative[b] != 0]


def _stretch(
    kwh: NDArray[np.float64],
    levels: NDArray[np.float64],
    days: NDArray[np.int64],
    begin: int,
    end: int,
    exponent: float,
) -> Stretch:
    """The days `begin` to `end - 1` of `days`, their border hours told apart by the middle between both levels."""
    sign = float(np.sign(exponent))
    middle = 10 ** (np.median(levels[days[begin:end]]) - exponent / 2)
    is_other = (kwh > 0) & (sign * (kwh - middle) > 0)
    first, last = int(days[begin]) * hours.DAY, (int(days[end - 1]) + 1) * hours.DAY
    before, after = max(first - hours.DAY, 0), min(last + hours.DAY, len(kwh))
    inside = np.flatnonzero(is_other[before:after]) + before
    return Stretch(
        code=Finding.UNIT_CHANGE,
        begin=int(inside[0]) if inside.size else first,
        end=int(inside[-1]) + 1 if inside.size else min(last, len(kwh)),
        facts={"factor": float(10.0**exponent)},
    )
