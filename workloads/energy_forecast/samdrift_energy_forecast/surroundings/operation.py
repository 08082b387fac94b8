"""A building's surroundings hour by hour: weather as known, and what its calendar and setback plan ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from samdrift_energy_forecast.surroundings.weather import Weather

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.calendar import BuildingCalendar


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Consecutive hours from `first`; all series have shape `(n,)`, or `(buildings, n)` when several are stacked."""

    first: int
    temperature_c: NDArray[np.float64]
    global_radiation_w_m2: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    is_ventilated: NDArray[np.bool_]
    #: Whether the fixed setback plan asks for the warm set-point, and each hour's set-point under it in C.
    is_warm: NDArray[np.bool_]
    setback_c: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of hours."""
        return int(self.temperature_c.shape[-1])

    @property
    def end(self) -> int:
        """The hour after the last one."""
        return self.first + len(self)

    def window(self, first: int, count: int) -> Operation:
        """Hours `first` to `first + count - 1`."""
        part = slice(first - self.first, first - self.first + count)
        return Operation(first=first, **{name: getattr(self, name)[..., part] for name in SERIES})


SERIES = ("temperature_c", "global_radiation_w_m2", "is_open", "is_ventilated", "is_warm", "setback_c")


def stacked(operations: Sequence[Operation]) -> Operation:
    """Operations of the same hours as one with series of shape `(buildings, n)`."""
    import numpy as np

    series = {name: np.stack([getattr(one, name) for one in operations]) for name in SERIES}
    return Operation(first=operations[0].first, **series)


def operation(weather: Weather, calendar: BuildingCalendar) -> Operation:
    """Join `weather` and `calendar` over the weather's hours."""
    first, count = weather.first, len(weather.temperature_c)
    return Operation(
        first=first,
        temperature_c=weather.temperature_c,
        global_radiation_w_m2=weather.global_radiation_w_m2,
        is_open=calendar.is_open(first, count),
        is_ventilated=calendar.is_ventilated(first, count),
        is_warm=calendar.is_warm(first, count),
        setback_c=calendar.setback_c(first, count),
    )
