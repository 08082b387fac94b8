"""Rows of one series put in order: each stamp once, faults of rows told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Quantity, StampConvention
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.resampling import is_regular, usual_step
from samdrift_energy_forecast.quality.runs import runs
from samdrift_energy_forecast.quality.verdict import Raw, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import Meter
    from samdrift_energy_forecast.quality.cells import Cells, Numbers, Stamps


#: Values of one stamp that a sentence names.
MOST_VALUES = 6


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Readings at rising stamps, each stamp once; shape `(n,)`."""

    #: UTC, as stamped.
    seconds: NDArray[np.int64]
    #: In the meter's unit, finite.
    values: NDArray[np.float64]
    step_s: int
    verdicts: tuple[Verdict, ...]
    #: Stamps (seconds) that came with different values.
    conflicting: NDArray[np.int64]


def rows(name: str, cells: Cells, stamps: Stamps, numbers: Numbers, meter: Meter) -> Rows:
    """Sort the rows of the series `name`, and leave out what has no place."""
    verdicts = [*_faulty_stamps(name, stamps), *_unreadable(name, cells, stamps, numbers, meter)]
    usable = stamps.is_known & np.isfinite(numbers.values)
    places = np.flatnonzero(usable)
    order = places[np.lexsort((numbers.values[places], stamps.seconds[places]))]
    seconds, values = stamps.seconds[order], numbers.values[order]
    seconds, values, conflicting, repeats = _each_once(seconds, values, order)
    verdicts += [_repeat(name, repeat, meter) for repeat in repeats]
    step = usual_step(seconds)
    on_grid, negative = _on_grid(seconds, step, meter), _negative(values, meter)
    verdicts += [_off_grid(name, int(seconds[k]), float(values[k]), step, meter) for k in np.flatnonzero(~on_grid)]
    verdicts += [
        Verdict(code=Finding.NEGATIVE, meter=name, first=hour_of(int(seconds[k]), meter), raw=(float(values[k]),))
        for k in np.flatnonzero(negative & on_grid)
    ]
    kept = on_grid & ~negative
    return Rows(
        seconds=seconds[kept],
        values=values[kept],
        step_s=step,
        verdicts=tuple(verdicts),
        conflicting=conflicting,
    )


def hour_of(second: int, meter: Meter) -> int:
    """The hour that a reading stamped `second` belongs to (the last one of its interval)."""
    if meter.stamp is StampConvention.START and meter.quantity is not Quantity.CUMULATIVE:
        return second // hours.SECONDS
    return -(-second // hours.SECONDS) - 1


@dataclass(frozen=True, kw_only=True)
class _Repeat:
    """A stamp that came several times."""

    second: int
    row: int
    values: tuple[float, ...]

    @property
    def is_conflict(self) -> bool:
        return len(set(self.values)) > 1


def _faulty_stamps(name: str, stamps: Stamps) -> Iterator[Verdict]:
    """One verdict for consecutive rows with the same fault."""
    for finding in dict.fromkeys(stamps.faults.values()):
        mask = np.zeros(len(stamps.seconds), dtype=np.bool_)
        mask[[row for row, fault in stamps.faults.items() if fault is finding]] = True
        for begin, end in runs(mask):
            raw: tuple[Raw, ...] = tuple(_shown(stamps.cells[row]) for row in range(begin, end))
            yield Verdict(code=finding, meter=name, first=None, count=end - begin, row=begin + 1, raw=raw)


def _unreadable(name: str, cells: Cells, stamps: Stamps, numbers: Numbers, meter: Meter) -> Iterator[Verdict]:
    for row in np.flatnonzero(numbers.unreadable & stamps.is_known).tolist():
        first = hour_of(int(stamps.seconds[row]), meter)
        yield Verdict(code=Finding.UNREADABLE_VALUE, meter=name, first=first, row=row + 1, raw=(str(cells[row]),))


def _each_once(
    seconds: NDArray[np.int64], values: NDArray[np.float64], order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], list[_Repeat]]:
    if not len(seconds) or (np.diff(seconds) > 0).all():
        return seconds, values, np.empty(0, dtype=np.int64), []
    starts = np.flatnonzero(np.concatenate([[True], np.diff(seconds) > 0]))
    sizes = np.diff(np.append(starts, len(seconds)))
    repeats = [
        _Repeat(
            second=int(seconds[start]),
            row=int(order[start : start + size].min()) + 1,
            values=tuple(values[start : start + size].tolist()),
        )
        for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True)
    ]
    conflicting = np.array([repeat.second for repeat in repeats if repeat.is_conflict], dtype=np.int64)
    kept = starts[~np.isin(seconds[starts], conflicting)]
    return seconds[kept], values[kept], conflicting, repeats


def _repeat(name: str, repeat: _Repeat, meter: Meter) -> Verdict:
    code = Finding.CONFLICTING if repeat.is_conflict else Finding.REPEATED
    facts = {"values": _some(repeat.values)} if repeat.is_conflict else {}
    return Verdict(
        code=code, meter=name, first=hour_of(repeat.second, meter), row=repeat.row, raw=repeat.values, facts=facts
    )


def _some(values: tuple[float, ...]) -> str:
    """So many as a sentence can hold; all of them stand in the verdict's `raw`."""
    shown = ", ".join(f"{value:g}" for value in values[:MOST_VALUES])
    return shown if len(values) <= MOST_VALUES else f"{shown}, …"


def _on_grid(seconds: NDArray[np.int64], step: int, meter: Meter) -> NDArray[np.bool_]:
    """Counters are right at any time; interval and power readings of a regular meter belong on its grid."""
    if meter.quantity is Quantity.CUMULATIVE or not is_regular(seconds, step):
        return np.ones(len(seconds), dtype=np.bool_)
    phases, counts = np.unique(seconds % step, return_counts=True)
    return np.asarray(seconds % step == phases[counts.argmax()]) if len(phases) else np.ones(0, dtype=np.bool_)


def _negative(values: NDArray[np.float64], meter: Meter) -> NDArray[np.bool_]:
    """Of a counter the reading may be anything; what it does from one to the next is judged in `counter`."""
    return values < 0 if meter.quantity is not Quantity.CUMULATIVE else np.zeros(len(values), dtype=np.bool_)


def _off_grid(name: str, second: int, value: float, step: int, meter: Meter) -> Verdict:
    """Of the hour of the nearest stamp on the grid, taken to begin with the full hour."""
    nearest = round(second / step) * step
    return Verdict(
        code=Finding.OFF_GRID_STAMP,
        meter=name,
        first=hour_of(nearest, meter),
        raw=(value,),
        facts={"step_min": step / 60},
    )


def _shown(cell: object) -> Raw:
    return None if cell is None else str(cell)
