"""Prices and CO2 of the plan's hours as they were known when it was made, with their age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering import table_files

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

WHAT = "signals"


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One quantity over consecutive hours."""

    #: Shape `(n,)`; NaN where no value was known.
    values: NDArray[np.float64]
    #: Age of the newest value when the plan begins, in hours; None where no hour is known.
    age_h: float | None

    @classmethod
    def unknown(cls, count: int) -> Self:
        """Nothing known of any hour."""
        return cls(values=np.full(count, np.nan), age_h=None)

    @property
    def is_known(self) -> bool:
        """Whether anything is known."""
        return self.age_h is not None

    def filled(self, flat: float) -> NDArray[np.float64]:
        """Every hour: hours not known are as the same hour the day before them, else `flat`; shape `(n,)`.

        Day-ahead prices end at the next midnight but one; a flat price behind them would make every hour before it
        look cheap or dear at once.
        """
        values = self.values.copy()
        for place in np.flatnonzero(np.isnan(values)):
            values[place] = values[place - hours.DAY] if place >= hours.DAY else np.nan
        return np.where(np.isnan(values), flat, values)


@dataclass(frozen=True, kw_only=True)
class Signals:
    """What a kWh bought costs and emits in each hour of a plan, as far as that is known by the hour."""

    price_per_kwh: Signal
    kg_co2_per_kwh: Signal

    @classmethod
    def unknown(cls, count: int) -> Self:
        """No hourly signals."""
        return cls(price_per_kwh=Signal.unknown(count), kg_co2_per_kwh=Signal.unknown(count))


def signals_as_known(data: bytes, *, issue: int, count: int) -> Signals:
    """Signals of hours `issue` to `issue + count - 1`; of the values issued by then each hour's latest is used.

    Raises:
        ReadingsError: the file is unreadable, or has neither column.
    """
    columns = table_files.read_table(data, WHAT)
    issued = table_files.instants(table_files.column(columns, "issued", WHAT), "issued", WHAT)
    ends = table_files.stamps(table_files.column(columns, "stamp", WHAT), "stamp", WHAT)
    names = [name for name in ("price_per_kwh", "kg_co2_per_kwh") if name in columns]
    if not names:
        raise ReadingsError(f"The {WHAT} file has neither `price_per_kwh` nor `kg_co2_per_kwh`.", field="signals")
    known = [hours.ending_at(end) for end in ends]
    return Signals(
        **{name: Signal.unknown(count) for name in ("price_per_kwh", "kg_co2_per_kwh")}
        | {
            name: _signal(
                table_files.numbers(columns[name], name, WHAT, may_be_missing=True), issued, known, issue, count
            )
            for name in names
        }
    )


def _signal(values: list[float], issued: list[datetime], known: list[int], issue: int, count: int) -> Signal:
    begins = hours.start_of(issue)
    in_time = [
        (instant, hour, value)
        for instant, hour, value in zip(issued, known, values, strict=True)
        if instant <= begins and issue <= hour < issue + count and np.isfinite(value)
    ]
    if not in_time:
        return Signal.unknown(count)
    laid = np.full(count, np.nan)
    for _, hour, value in sorted(in_time):
        laid[hour - issue] = value
    newest = max(instant for instant, _, _ in in_time)
    return Signal(values=laid, age_h=(begins - newest).total_seconds() / hours.SECONDS)
