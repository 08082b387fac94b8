"""The second comparison: what the plans themselves expected under fixed setback, less what the meter showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.account.days import Operation
from samdrift_energy_forecast.account.held_out import HeldOut, stretches
from samdrift_energy_forecast.account.savings import (
    FEWEST_STRETCHES,
    LEVEL,
    STRETCH_DAYS,
    Design,
    Interval,
    half_width_share,
)

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from samdrift_energy_forecast.account.days import Days


@dataclass(frozen=True, kw_only=True)
class AgainstForecast:
    """Measured against the forecasts that were made a day ahead, on the days under plans that have one."""

    days: int
    expected_kwh: float
    saved_kwh: float
    #: At `LEVEL`, from the forecasts' errors on days under fixed setback; None where too few such days have a forecast.
    interval_kwh: Interval | None
    #: Days under fixed setback with a forecast.
    checked_days: int


def against_forecast(
    days: Days, setback_forecast_kwh: NDArray[np.float64], first: date, last: date, design: Design
) -> AgainstForecast | None:
    """Compare from `first` to `last`; None where no measured day under a plan has a forecast.

    `setback_forecast_kwh` has shape `(n,)`: the heat of each whole day under fixed setback as its plan expected it, NaN
    where there was none. Its model learns from readings under plans too, so it may drift towards what plans use: it is
    the weaker of the two comparisons.
    """
    has = np.isfinite(setback_forecast_kwh) & np.isfinite(days.heat_kwh)
    reporting = has & days.of(Operation.PLAN) & days.between(first, last)
    if not reporting.any():
        return None
    expected = np.where(reporting, setback_forecast_kwh, 0.0)
    saved = float(expected.sum() - days.heat_kwh[reporting].sum())
    checked = has & days.of(Operation.SETBACK)
    half = _half_width(days, setback_forecast_kwh, checked, expected, design)
    return AgainstForecast(
        days=int(reporting.sum()),
        expected_kwh=float(expected.sum()),
        saved_kwh=saved,
        interval_kwh=None if half is None else Interval(low=saved - half, high=saved + half),
        checked_days=int(checked.sum()),
    )


def _half_width(
    days: Days,
    forecast_kwh: NDArray[np.float64],
    checked: NDArray[np.bool_],
    expected: NDArray[np.float64],
    design: Design,
) -> float | None:
    """Half of the interval in kWh. A forecast's bias counts as error."""
    parts = stretches(days.number, checked, STRETCH_DAYS[design])
    if len(parts) < FEWEST_STRETCHES:
        return None
    errors = np.array([days.heat_kwh[part].sum() - forecast_kwh[part].sum() for part in parts])
    sums = np.array([forecast_kwh[part].sum() for part in parts])
    found = HeldOut(stretches=len(parts), relative_error=float(np.sqrt((errors**2).sum() / (sums**2).sum())))
    whole = stretches(days.number, expected > 0, STRETCH_DAYS[design])
    return float(expected.sum()) * half_width_share(expected, whole, found, design, LEVEL)
