"""A meter's examination in figures: by finding, by month and by day, for tables and drawings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.verdict import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.quality.examination import ExaminedMeter


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """One kind of finding."""

    code: Finding
    #: Hours (rows, where the hour is not known), and how many verdicts they are in.
    count: int
    verdicts: int
    #: The longest of them: its sentence stands for all.
    example: Verdict

    @property
    def is_used(self) -> bool:
        """Whether the values stay in use."""
        return self.code.is_notice


@dataclass(frozen=True, kw_only=True)
class MonthRow:
    """One month, UTC."""

    begins: datetime
    hours: int
    #: Hours that can be believed, and their heat.
    known_hours: int
    heat_kwh: float

    @property
    def left_out_hours(self) -> int:
        """Hours without a value that can be believed."""
        return self.hours - self.known_hours


def by_finding(meter: ExaminedMeter) -> list[FindingRow]:
    """What was found, the most hours first; what leaves hours out before notices."""
    found: dict[Finding, list[Verdict]] = {}
    for verdict in meter.verdicts:
        found.setdefault(verdict.code, []).append(verdict)
    rows = [
        FindingRow(
            code=code,
            count=sum(verdict.count for verdict in verdicts),
            verdicts=len(verdicts),
            example=max(verdicts, key=lambda verdict: verdict.count),
        )
        for code, verdicts in found.items()
    ]
    return sorted(rows, key=lambda row: (row.is_used, -row.count))


def by_month(meter: ExaminedMeter) -> list[MonthRow]:
    """Every month of the series."""
    if not len(meter.heat_kwh):
        return []
    months = np.arange(meter.first, meter.end).astype("datetime64[h]").astype("datetime64[M]").astype(np.int64)
    places = months - months[0]
    known = np.isfinite(meter.heat_kwh)
    all_hours = np.bincount(places)
    known_hours = np.bincount(places, weights=known)
    heat = np.bincount(places, weights=np.nan_to_num(meter.heat_kwh))
    return [
        MonthRow(
            begins=_month(int(months[0]) + place),
            hours=int(all_hours[place]),
            known_hours=int(known_hours[place]),
            heat_kwh=float(heat[place]),
        )
        for place in range(len(all_hours))
    ]


def daily_means(first: int, kwh: NDArray[np.float64]) -> Iterator[tuple[datetime, float | None]]:
    """Beginning of each day (UTC), and its mean in kWh an hour; None for a day without a value."""
    begin = first - first % hours.DAY
    laid = np.full(-(-(first + len(kwh) - begin) // hours.DAY) * hours.DAY, np.nan)
    laid[first - begin : first - begin + len(kwh)] = kwh
    for place, day in enumerate(laid.reshape(-1, hours.DAY)):
        known = day[np.isfinite(day)]
        yield hours.start_of(begin + place * hours.DAY), float(known.mean()) if known.size else None


def _month(number: int) -> datetime:
    return datetime(1970 + number // 12, number % 12 + 1, 1, tzinfo=UTC)
