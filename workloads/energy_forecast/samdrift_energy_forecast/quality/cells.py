"""Cells of a file as arrays: stamps to seconds in UTC, values to numbers, and what is wrong with which row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from samdrift_energy_forecast.quality.finding import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Text, aware or naive datetimes, or numpy's `datetime64` (aware ones are in UTC by then; see `Naive`).
Cells: TypeAlias = "Sequence[object] | NDArray[Any]"

#: In no unit does a meter's display have so many digits.
LARGEST = 1e15
#: Ten years.
FARTHEST_S = 10 * 365.25 * 86400

_OFFSET = re.compile(r"(?:T\d{2}|\d{2}:\d{2}).*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$")


@dataclass(frozen=True, kw_only=True)
class Stamps:
    """Rows of one file; all arrays have shape `(rows,)`."""

    #: Since 1970-01-01T00:00Z; meaningless where `faults` says something.
    seconds: NDArray[np.int64]
    #: Row (0 is the first) -> what is wrong with its stamp.
    faults: Mapping[int, Finding]
    #: As they came.
    cells: Cells
    #: Rows of hours that are not looked at; None: all are.
    later: NDArray[np.bool_] | None = None

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Which rows have an instant that is looked at."""
        known = np.ones(len(self.seconds), dtype=np.bool_) if self.later is None else ~self.later
        known[list(self.faults)] = False
        return known


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Values of one series, shape `(rows,)`; NaN where the cell is empty or unreadable."""

    values: NDArray[np.float64]
    #: Cells that hold something that is no number of a meter.
    unreadable: NDArray[np.bool_]


def read_stamps(cells: Cells, *, is_utc: bool = False, zone: ZoneInfo | None = None) -> Stamps:
    """Instants of `cells`.

    Args:
        cells: one a row.
        is_utc: `datetime64` cells are UTC (a Parquet column with a time zone), not naive.
        zone: of stamps without an offset; without it they are faults.
    """
    if isinstance(cells, np.ndarray) and np.issubdtype(cells.dtype, np.datetime64):
        seconds, faults = _dated(cells, is_utc, zone)
    else:
        texts = [cell.isoformat() if isinstance(cell, datetime) else str(cell) for cell in cells]
        seconds, faults = _parsed(texts, zone)
    return Stamps(seconds=seconds, faults=faults | _stray(seconds, faults), cells=cells)


def _stray(seconds: NDArray[np.int64], faults: Mapping[int, Finding]) -> dict[int, Finding]:
    """Stamps far from the middle one: a wrong year would make the row of hours endless."""
    known = np.setdiff1d(np.arange(len(seconds)), list(faults))
    if not known.size:
        return {}
    far = np.abs(seconds[known] - np.median(seconds[known])) > FARTHEST_S
    return dict.fromkeys(known[far].tolist(), Finding.STRAY_STAMP)


def read_numbers(cells: Cells, *, decimal_comma: bool = False) -> Numbers:
    """Values of `cells`; with `decimal_comma` as Danish spreadsheets write them (1.234,5)."""
    import pandas as pd

    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
        values = cells.astype(np.float64)
        beyond = np.abs(values) > LARGEST
        return Numbers(values=np.where(beyond, np.nan, values), unreadable=beyond)
    texts = ["" if cell is None else str(cell).strip() for cell in cells]
    is_empty = np.fromiter((not text for text in texts), dtype=np.bool_, count=len(texts))
    prepared = _without_commas(texts) if decimal_comma else texts
    values = pd.to_numeric(pd.Series(prepared, dtype=object), errors="coerce").to_numpy(dtype=np.float64, copy=True)
    no_number = ~(np.abs(values) <= LARGEST)
    unreadable = no_number & ~is_empty
    values[no_number] = np.nan
    return Numbers(values=values, unreadable=unreadable)


def _without_commas(texts: Sequence[str]) -> list[str]:
    """With commas in the column, a point is a thousands separator: `1.234` alone could be either and is left out."""
    if not any("," in text for text in texts):
        return list(texts)
    return [
        text.replace(".", "").replace(",", ".") if "," in text else ("?" if "." in text else text) for text in texts
    ]


_Told: TypeAlias = "tuple[NDArray[np.int64], dict[int, Finding]]"


def _dated(cells: NDArray[Any], is_utc: bool, zone: ZoneInfo | None) -> _Told:
    missing = np.isnat(cells)
    seconds = _seconds(cells)
    faults = dict.fromkeys(np.flatnonzero(missing).tolist(), Finding.UNREADABLE_STAMP)
    if is_utc:
        return seconds, faults
    return _localized(seconds, ~missing, faults, zone)


def _parsed(texts: list[str], zone: ZoneInfo | None) -> _Told:
    import pandas as pd

    instants = pd.to_datetime(pd.Series(texts, dtype=object), utc=True, format="ISO8601", errors="coerce")
    cells = instants.dt.tz_localize(None).to_numpy()
    missing = np.isnat(cells)
    faults = dict.fromkeys(np.flatnonzero(missing).tolist(), Finding.UNREADABLE_STAMP)
    seconds = _seconds(cells)
    if all(text.endswith("Z") for text in texts):
        return seconds, faults
    naive = np.fromiter((_OFFSET.search(text) is None for text in texts), dtype=np.bool_, count=len(texts)) & ~missing
    return _localized(seconds, naive, faults, zone) if naive.any() else (seconds, faults)


def _seconds(cells: NDArray[Any]) -> NDArray[np.int64]:
    """Rounded to the nearest second: spreadsheets write 06:59:59.999."""
    milliseconds = cells.astype("datetime64[ms]").astype(np.int64)
    return (milliseconds + 500) // 1000


def _localized(
    seconds: NDArray[np.int64], naive: NDArray[np.bool_], faults: dict[int, Finding], zone: ZoneInfo | None
) -> _Told:
    rows = np.flatnonzero(naive)
    if zone is None:
        return seconds, faults | dict.fromkeys(rows.tolist(), Finding.NAIVE_STAMP)
    resolved, wrong = _resolved(seconds[rows], zone)
    instants = seconds.copy()
    instants[rows] = resolved
    found = {int(rows[place]): finding for place, finding in wrong.items()}
    return instants, faults | found


def _resolved(wall: NDArray[np.int64], zone: ZoneInfo) -> _Told:
    """UTC seconds of `wall` clock seconds; the doubled hour is told apart by the order of its rows."""
    import pandas as pd

    local = pd.DatetimeIndex(wall.astype("datetime64[s]"))
    known = local.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    open_rows = np.flatnonzero(known.isna())
    if not open_rows.size:
        return _utc(known), {}
    summer = local.tz_localize(zone, ambiguous=np.ones(len(local), dtype=bool), nonexistent="NaT")
    skipped = np.asarray(summer.isna())
    doubled = np.asarray(known.isna()) & ~skipped
    is_summer, told_apart = _told_apart(wall, doubled)
    resolved = local.tz_localize(zone, ambiguous=is_summer, nonexistent="NaT")
    faults = dict.fromkeys(np.flatnonzero(skipped).tolist(), Finding.SKIPPED_LOCAL_HOUR)
    faults |= dict.fromkeys(np.flatnonzero(doubled & ~told_apart).tolist(), Finding.DOUBLED_LOCAL_HOUR)
    return _utc(resolved), faults


def _told_apart(wall: NDArray[np.int64], doubled: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows of the doubled hour are its first time round, and which rows can be told at all.

    They can where every wall time of that night stands there exactly twice, first all of them and then all again.
    """
    is_summer, told = np.zeros(len(wall), dtype=np.bool_), np.zeros(len(wall), dtype=np.bool_)
    rows = np.flatnonzero(doubled)
    for night in np.unique(wall[rows] // 86400):
        these = rows[wall[rows] // 86400 == night]
        half = len(these) // 2
        first, again = wall[these[:half]], wall[these[half:]]
        if len(these) % 2 == 0 and np.array_equal(first, again) and (np.diff(first) > 0).all():
            is_summer[these[:half]], told[these] = True, True
    return is_summer, told


def _utc(instants: Any) -> NDArray[np.int64]:
    return instants.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)  # type: ignore[no-any-return]  # pandas has no types
