"""A plot as values: the `plot` macro draws it and writes the same values as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Style(StrEnum):
    """How a series is drawn."""

    #: Straight lines between the values.
    LINE = "line"
    #: Each value holds until the next one: set-points, prices.
    STEPS = "steps"
    #: The edges of a band; the area between LOWER and the UPPER that follows it is filled.
    LOWER = "lower"
    UPPER = "upper"


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of a plot."""

    #: In the reader's language, without the unit.
    label: str
    #: "°C", "kW", "DKK/kWh": series of the same unit share an axis, two units at most.
    unit: str
    #: As many as the plot has times; None where nothing is known.
    values: Sequence[float | None]
    style: Style = Style.LINE
    #: Decimals in the table and beside the cursor.
    digits: int = 1


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A time series plot; `ValueError` when it could not be drawn as it is."""

    #: Unique on the page, an HTML id: "plan-plot".
    id: str
    #: Says what is seen, in the reader's language: it names the figure and captions the table.
    title: str
    #: Aware, rising.
    times: Sequence[datetime]
    series: Sequence[Series]

    def __post_init__(self) -> None:
        if any(moment.tzinfo is None for moment in self.times):
            raise ValueError(f"plot {self.id!r} has times without a time zone")
        if any(later <= earlier for earlier, later in zip(self.times, self.times[1:], strict=False)):
            raise ValueError(f"the times of plot {self.id!r} do not rise")
        if len(self.units) > 2:
            raise ValueError(f"plot {self.id!r} has {len(self.units)} units; two axes carry two at most")
        for series in self.series:
            if len(series.values) != len(self.times):
                raise ValueError(f"series {series.label!r} has {len(series.values)} values for {len(self.times)} times")

    @property
    def units(self) -> list[str]:
        """The units, in order of their first series: left axis, right axis."""
        return list(dict.fromkeys(series.unit for series in self.series))

    def data(self) -> dict[str, Any]:
        """What `portal.js` draws: times in Unix seconds, one list of values a series."""
        return {
            "times": [moment.timestamp() for moment in self.times],
            "units": self.units,
            "series": [
                {
                    "label": series.label,
                    "unit": series.unit,
                    "values": list(series.values),
                    "style": series.style.value,
                    "digits": series.digits,
                }
                for series in self.series
            ],
        }
