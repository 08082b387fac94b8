"""Examine a building's meters: hours of heat that can be believed, and a verdict on everything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Meter, Quantity, StampConvention
from samdrift_energy_forecast.quality.cells import Cells, Stamps, read_stamps
from samdrift_energy_forecast.quality.copies import scaled_copies
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.verdict import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.quality.clock import ClockEvidence, Edge
    from samdrift_energy_forecast.quality.suitability import Unsuitable


@dataclass(frozen=True, kw_only=True)
class RawReadings:
    """Series of one file as they came: one row a stamp, one column a meter."""

    stamps: Cells
    series: Mapping[str, Cells]
    #: `datetime64` stamps are UTC, not naive.
    is_utc: bool = False
    #: Numbers are written 1.234,5.
    decimal_comma: bool = False


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is known of the building that helps to judge its meters."""

    #: The building's clock: people and heating follow it.
    zone: ZoneInfo
    #: Local hour of the day in which the fixed setback plan begins to heat.
    heats_from: int | None = None
    #: Outdoor temperature in C of consecutive hours from `outdoor_first`.
    outdoor_first: int = 0
    outdoor_c: NDArray[np.float64] | None = None

    def outdoor(self, first: int, count: int) -> NDArray[np.float64] | None:
        """Of hours `first` to `first + count - 1`, NaN where not known; None where nothing is."""
        if self.outdoor_c is None:
            return None
        laid = np.full(count, np.nan)
        begin, end = max(first, self.outdoor_first), min(first + count, self.outdoor_first + len(self.outdoor_c))
        if begin < end:
            laid[begin - first : end - first] = self.outdoor_c[begin - self.outdoor_first : end - self.outdoor_first]
        return laid


@dataclass(frozen=True, kw_only=True)
class ExaminedMeter:
    """One series after the examination; hourly arrays have shape `(n,)`, hour `first + i` at place `i`."""

    name: str
    first: int
    #: What can be believed, NaN elsewhere.
    heat_kwh: NDArray[np.float64]
    #: What the readings say, taken at their word; NaN where there is none.
    raw_kwh: NDArray[np.float64]
    #: In the order of hours; those whose hour nobody can tell first.
    verdicts: tuple[Verdict, ...]
    #: Usual distance of the readings in seconds.
    step_s: int
    clock: ClockEvidence
    edge: Edge
    #: Why the series is no base for a forecast; empty for a good one.
    unsuitable: tuple[Unsuitable, ...]

    @property
    def end(self) -> int:
        """The hour after the last one."""
        return self.first + len(self.heat_kwh)

    @property
    def is_hourly(self) -> bool:
        """Whether readings are close enough to tell single hours."""
        return self.step_s <= hours.SECONDS

    @property
    def known_share(self) -> float:
        """Share of the hours that can be believed."""
        return float(np.isfinite(self.heat_kwh).mean()) if len(self.heat_kwh) else 0.0

    def at(self, hour: int) -> tuple[Verdict, ...]:
        """What was found on `hour`."""
        return tuple(verdict for verdict in self.verdicts if verdict.covers(hour))

    @cached_property
    def counts(self) -> Mapping[Finding, int]:
        """Hours (rows, where the hour is not known) of each finding."""
        counted: Counter[Finding] = Counter()
        for verdict in self.verdicts:
            counted[verdict.code] += verdict.count
        return counted


@dataclass(frozen=True, kw_only=True)
class Examination:
    """All meters of a building or of a file."""

    meters: Mapping[str, ExaminedMeter]

    @property
    def verdicts(self) -> Iterator[Verdict]:
        """Of all meters."""
        for meter in self.meters.values():
            yield from meter.verdicts

    @property
    def kept(self) -> Mapping[str, ExaminedMeter]:
        """Meters without the scaled copies of others."""
        return {name: meter for name, meter in self.meters.items() if Finding.SCALED_COPY not in meter.counts}


def examine(
    raw: RawReadings | Sequence[RawReadings],
    meters: Meter | Mapping[str, Meter],
    surroundings: Surroundings,
    *,
    naive_zone: ZoneInfo | None = None,
    until: int | None = None,
) -> Examination:
    """Examine the meters of a building.

    Args:
        raw: the readings; several files where meters are read apart.
        meters: how they write; by name where they differ.
        surroundings: the building's clock, plan and weather.
        naive_zone: of stamps without an offset; without it they are faults.
        until: readings of this hour and later ones are not looked at.

    Raises:
        ReadingsError: a meter's quantity and unit contradict each other.
    """
    from samdrift_energy_forecast.quality.meter import examined

    found: dict[str, ExaminedMeter] = {}
    for file in [raw] if isinstance(raw, RawReadings) else raw:
        stamps = read_stamps(file.stamps, is_utc=file.is_utc, zone=naive_zone)
        for name, cells in file.series.items():
            how = meters if isinstance(meters, Meter) else meters[name]
            seen = stamps if until is None else without_later(stamps, how, until)
            found[name] = examined(name, cells, seen, file, how, surroundings)
    return Examination(meters=_with_copies(found))


def without_later(stamps: Stamps, meter: Meter, until: int) -> Stamps:
    """`stamps` without those of hour `until` and later ones, as `meter` stamps."""
    edge = until * hours.SECONDS
    begins = meter.stamp is StampConvention.START and meter.quantity is not Quantity.CUMULATIVE
    return replace(stamps, later=stamps.seconds >= edge if begins else stamps.seconds > edge)


def _with_copies(found: Mapping[str, ExaminedMeter]) -> dict[str, ExaminedMeter]:
    copies = {copy.name: copy for copy in scaled_copies(_aligned(found))}
    told = dict(found)
    for name, copy in copies.items():
        meter = found[name]
        facts: dict[str, float | str] = {
            "of": copy.of,
            "factor": round(copy.factor, 4),
            "correlation": round(copy.correlation, 4),
        }
        verdict = Verdict(
            code=Finding.SCALED_COPY, meter=name, first=meter.first, count=len(meter.heat_kwh), facts=facts
        )
        told[name] = replace(meter, verdicts=(*meter.verdicts, verdict))
    return told


def _aligned(found: Mapping[str, ExaminedMeter]) -> dict[str, NDArray[np.float64]]:
    """What can be believed, on common hours; meters without any hour are left out."""
    known = {name: meter for name, meter in found.items() if np.isfinite(meter.heat_kwh).any()}
    if not known:
        return {}
    first, end = min(meter.first for meter in known.values()), max(meter.end for meter in known.values())
    laid = {}
    for name, meter in known.items():
        laid[name] = np.full(end - first, np.nan)
        laid[name][meter.first - first : meter.end - first] = meter.heat_kwh
    return laid
