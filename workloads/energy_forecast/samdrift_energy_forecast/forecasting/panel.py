"""Hourly loads of many buildings over the same days, with the weather and the clock they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from samdrift_energy_forecast.forecasting.clock import Clock

HOURS = 24


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Consecutive UTC days; hour 0 of a day begins at 00 UTC, which is when its forecasts are made."""

    buildings: tuple[str, ...]
    #: Heat in kWh an hour, shape `(buildings, days, 24)`; NaN where nothing was read.
    loads_kwh: NDArray[np.float64]
    #: Outdoor temperature in C and global radiation in W/m2, shape `(days, 24)`: observed, or as forecast.
    temperature_c: NDArray[np.float64]
    radiation_w_m2: NDArray[np.float64]
    clock: Clock

    @property
    def days(self) -> int:
        """Number of days."""
        return int(self.loads_kwh.shape[1])

    def until(self, day: int) -> Panel:
        """The same panel with every load from `day` on unread: what was known when forecasts for `day` were made."""
        loads = self.loads_kwh.copy()
        loads[:, day:] = np.nan
        return replace(self, loads_kwh=loads)

    def chunks(self, buildings: int) -> Iterator[Panel]:
        """The panel in parts of at most `buildings`, so that memory does not grow with the fleet."""
        for first in range(0, len(self.buildings), buildings):
            part = slice(first, first + buildings)
            yield replace(self, buildings=self.buildings[part], loads_kwh=self.loads_kwh[part])


def carried_forward(loads_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holes filled with the same hour of the last day on which it was read; what precedes the first reading stays NaN.

    Only lags are taken from the result: a filled hour is never a target. Shape `(buildings, days, 24)`.
    """
    days = np.arange(loads_kwh.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(np.isfinite(loads_kwh), days, -1), axis=1)
    filled = np.take_along_axis(loads_kwh, np.maximum(last, 0), axis=1)
    return np.where(last >= 0, filled, np.nan)
