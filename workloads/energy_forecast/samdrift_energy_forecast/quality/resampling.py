"""From readings to hours: units, intervals, and energy that is neither lost nor made on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Meter, MeterUnit, Quantity, StampConvention
from samdrift_energy_forecast.errors import ReadingsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: kWh a unit; for power kW a unit.
FACTORS = {
    MeterUnit.KWH: 1.0,
    MeterUnit.WH: 1e-3,
    MeterUnit.MWH: 1e3,
    MeterUnit.GJ: 1e3 / 3.6,
    MeterUnit.W: 1e-3,
    MeterUnit.KW: 1.0,
}
POWER_UNITS = frozenset({MeterUnit.W, MeterUnit.KW})
#: Readings further apart than this many usual distances have a gap between them.
GAP_STEPS = 1.5
#: Share of the distances that are equal, from which on readings are regular.
REGULAR_SHARE = 0.8


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """Stretches of time with the energy used in each; rising, not overlapping; shape `(n,)`."""

    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    kwh: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Hourly:
    """Consecutive hours from `first`; NaN where an hour is not wholly covered; shape `(n,)`."""

    first: int
    kwh: NDArray[np.float64]


def factor(meter: Meter) -> float:
    """How many kWh (for power kW) are one of the meter's units.

    Raises:
        ReadingsError: quantity and unit contradict each other.
    """
    if (meter.quantity is Quantity.POWER) != (meter.unit in POWER_UNITS):
        raise ReadingsError(
            f"A meter cannot write {meter.quantity.value} in {meter.unit.value}: W and kW are power, all else energy.",
            field="unit",
        )
    if meter.unit is MeterUnit.GAS_M3:
        return meter.kwh_per_m3 or np.nan  # `Meter` sees to it that it is there
    return FACTORS[meter.unit]


def usual_step(seconds: NDArray[np.int64]) -> int:
    """The most frequent distance between neighbouring stamps in seconds; an hour where there is none."""
    distances = np.diff(seconds)
    if not distances.size:
        return hours.SECONDS
    steps, counts = np.unique(distances, return_counts=True)
    return int(steps[counts.argmax()])


def is_regular(seconds: NDArray[np.int64], step: int) -> bool:
    """Whether nearly all distances are whole multiples of the usual one."""
    distances = np.diff(seconds)
    return not distances.size or bool((distances % step == 0).mean() >= REGULAR_SHARE)


def intervals(seconds: NDArray[np.int64], energy: NDArray[np.float64], meter: Meter, step: int) -> Intervals:
    """The stretch of each reading of an interval or power meter.

    A regular reading is of its own step. Irregular ones reach back to the reading before (or on to the next).

    Args:
        seconds: rising, shape `(n,)`.
        energy: kWh, or kW of a power meter.
        meter: how it writes.
        step: the usual distance in seconds.
    """
    lengths = np.full(len(seconds), step, dtype=np.int64)
    if not is_regular(seconds, step):
        between = np.diff(seconds)
        lengths = np.append(step, between) if meter.stamp is StampConvention.END else np.append(between, step)
    begins = seconds - lengths if meter.stamp is StampConvention.END else seconds
    kwh = energy * lengths / hours.SECONDS if meter.quantity is Quantity.POWER else energy
    return Intervals(begins=begins, ends=begins + lengths, kwh=kwh)


def to_hours(found: Intervals, longest: float) -> Hourly:
    """Energy of each hour; what an interval holds is spread evenly over it.

    Args:
        found: the intervals.
        longest: seconds; a longer interval tells no hours, they stay NaN.
    """
    usable = (found.ends - found.begins <= longest) & np.isfinite(found.kwh)
    begins, ends, kwh = found.begins[usable], found.ends[usable], found.kwh[usable]
    if not len(begins):
        return Hourly(first=0, kwh=np.empty(0))
    first, end = int(begins[0] // hours.SECONDS), int(-(-ends[-1] // hours.SECONDS))
    if ((ends - begins == hours.SECONDS) & (begins % hours.SECONDS == 0)).all():
        laid = np.full(end - first, np.nan)
        laid[begins // hours.SECONDS - first] = kwh
        return Hourly(first=first, kwh=laid)
    return _spread(begins, ends, kwh, first, end)


def _spread(
    begins: NDArray[np.int64], ends: NDArray[np.int64], kwh: NDArray[np.float64], first: int, end: int
) -> Hourly:
    knots = np.column_stack([begins, ends]).ravel().astype(np.float64)
    used = np.column_stack([np.append(0.0, np.cumsum(kwh)[:-1]), np.cumsum(kwh)]).ravel()
    lengths = (ends - begins).astype(np.float64)
    covered = np.column_stack([np.append(0.0, np.cumsum(lengths)[:-1]), np.cumsum(lengths)]).ravel()
    edges = np.arange(first, end + 1) * float(hours.SECONDS)
    energy = np.diff(np.interp(edges, knots, used))
    whole = np.diff(np.interp(edges, knots, covered)) >= hours.SECONDS - 1
    known = np.flatnonzero(whole)
    if not known.size:
        return Hourly(first=first, kwh=np.empty(0))
    inside = slice(int(known[0]), int(known[-1]) + 1)  # hours at the ends are cut off where the readings begin and end
    return Hourly(first=first + inside.start, kwh=np.where(whole, energy, np.nan)[inside])
