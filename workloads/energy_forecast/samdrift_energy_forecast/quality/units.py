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

#: What a series may be multiplied by, as powers of ten: nothing, kWh and MWh (or W and kW), kWh and GJ.
EXPONENTS = np.array([0.0, 3.0, -3.0, np.log10(1000 / 3.6), -np.log10(1000 / 3.6)])
#: No day's level (median of its hours above 0) differs by so many powers of ten from the day before, unless in another
#: unit: below it nothing is looked for.
LEAST_STEP = 1.5
#: What it costs to believe that the unit changed, in powers of ten of unexplained difference between days.
CHANGE_COST = 1.5
#: Tells apart what is equal otherwise: the unit that most days have is the right one.
OTHER_COST = 1e-3
#: How far a stretch, put back into the usual unit, may be from the days before and the days after it.
FIT = 0.8
#: How far beyond the levels of all other days a day may be, put back into the usual unit.
HEADROOM = 0.3
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
    if len(days) < 2 or np.abs(np.diff(levels[days])).max() < LEAST_STEP:
        return []
    levels = levels - _of_weekdays(levels)
    days = days[~_is_between(levels[days])]
    exponents = _likeliest(levels[days])
    values, counts = np.unique(exponents, return_counts=True)
    relative = np.round(exponents - values[counts.argmax()], 6)
    found = []
    segments = [part for segment in _segments(relative) for part in _plausible(levels[days], *segment, relative)]
    for begin, end in segments:
        exponent = _fitting(levels[days], begin, end, relative)
        if exponent:
            found.append(_stretch(kwh, levels, days, begin, end, exponent))
    return found


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
        near = np.abs(ratio - sign * 3.0) <= HOUR_TOLERANCE_LOG10
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


def _of_weekdays(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each day's level usually is from the middle of its week: a closed Sunday is no other unit."""
    weeks = np.lib.stride_tricks.sliding_window_view(np.pad(levels, 3, constant_values=np.nan), 7)
    usual = np.zeros(len(levels))
    for weekday in range(7):
        days = np.arange(weekday, len(levels), 7)
        days = days[np.isfinite(levels[days])]
        if len(days):
            usual[weekday::7] = np.median(levels[days] - np.nanmedian(weeks[days], axis=1))
    return usual


def _is_between(levels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Days on the way from one level to quite another: the unit changed during the day, and its middle says nothing."""
    before, after = levels[:-2], levels[2:]
    inner = (np.abs(after - before) >= LEAST_STEP) & ((levels[1:-1] - before) * (after - levels[1:-1]) > 0)
    return np.concatenate([[False], inner, [False]])[: len(levels)]


def _likeliest(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The exponent of each day with which levels differ least from day to day (dynamic programming, Viterbi 1967)."""
    change = CHANGE_COST * (EXPONENTS[:, None] != EXPONENTS[None, :])
    between = EXPONENTS[None, :] - EXPONENTS[:, None]  # from the row's exponent to the column's
    cost = OTHER_COST * (EXPONENTS != 0)
    came_from = np.zeros((len(levels), len(EXPONENTS)), dtype=np.int64)
    for day in range(1, len(levels)):
        total = cost[:, None] + change + np.abs(levels[day] - levels[day - 1] - between)
        came_from[day] = total.argmin(axis=0)
        cost = total.min(axis=0) + OTHER_COST * (EXPONENTS != 0)
    path = [int(cost.argmin())]
    for day in range(len(levels) - 1, 0, -1):
        path.append(int(came_from[day][path[-1]]))
    return EXPONENTS[path[::-1]]


def _plausible(
    levels: NDArray[np.float64], begin: int, end: int, relative: NDArray[np.float64]
) -> list[tuple[int, int]]:
    """The stretch without days that, put back into the usual unit, are beyond what the series shows otherwise.

    Such days are in the usual unit already: the change back was hidden by a change of the load.
    """
    rest = levels[relative == 0]
    back = levels[begin:end] - relative[begin]
    beyond = np.flatnonzero((back > rest.max() + HEADROOM) | (back < rest.min() - HEADROOM))
    if not beyond.size:
        return [(begin, end)]
    first, last = begin + int(beyond[0]), begin + int(beyond[-1])
    parts = [(begin, first)] if begin and first > begin else []
    return [*parts, (last + 1, end)] if end < len(levels) and end > last + 1 else parts


def _fitting(levels: NDArray[np.float64], begin: int, end: int, relative: NDArray[np.float64]) -> float:
    """The exponent with which the stretch joins the days before and after it; 0 where none does well."""
    joints = []
    if begin and relative[begin - 1] == 0:
        joints.append(_joint(levels[begin:end], levels[:begin][::-1], relative[begin]))
    if end < len(levels) and relative[end] == 0:
        joints.append(_joint(levels[begin:end][::-1], levels[end:], relative[begin]))
    if not joints or any(abs(joint - relative[begin]) > FIT for joint in joints):
        return 0.0
    known = EXPONENTS[np.sign(EXPONENTS) == np.sign(relative[begin])]
    return float(known[np.abs(known - np.mean(joints)).argmin()])


def _joint(inside: NDArray[np.float64], outside: NDArray[np.float64], exponent: float) -> float:
    """The step from outside, both counted from their border; of some days or of a week, whichever fits better."""
    steps = [float(np.median(inside[:days]) - np.median(outside[:days])) for days in (3, 7)]
    return min(steps, key=lambda step: abs(step - exponent))


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
