"""Heat of the next 48 hours under the fixed setback plan, with quantiles that a backtest calibrated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.features import features, running
from samdrift_energy_forecast.ridge import FamilyModel, heat_scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.meters import Readings
    from samdrift_energy_forecast.operation import Operation

HORIZON_H = 48
#: Levels of the quantiles that a forecast carries.
LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)
#: The last days of the readings that the backtest keeps from the fit to calibrate the quantiles; a third at most.
CALIBRATION_DAYS = 10
#: Hours after the start of heating that form a residual group of their own: errors are largest there.
START_UP_H = 4


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Hours `first` to `first + 47`. Nothing later than `issued`, the hour in which `first` begins, went into it."""

    first: int
    #: Expected heat in kWh an hour, shape `(48,)`, never negative.
    heat_kwh: NDArray[np.float64]
    #: Shape `(len(LEVELS), 48)`, rising along the first axis.
    quantiles_kwh: NDArray[np.float64]
    #: Mean absolute error in kWh of the backtest that calibrated the quantiles, and its number of hours.
    backtest_mae_kwh: float
    backtest_hours: int

    def quantile(self, level: float) -> NDArray[np.float64]:
        """The row of one of `LEVELS`, shape `(48,)`."""
        row: NDArray[np.float64] = self.quantiles_kwh[LEVELS.index(level)]
        return row


def forecast(readings: Readings, operation: Operation, family: FamilyModel) -> Forecast:
    """Forecast the 48 h after the operation's history.

    `operation` begins with the readings and ends 48 h after the issue time; readings may end earlier than the issue.
    """
    issue = operation.end - HORIZON_H
    heat_kwh = np.full(len(operation), np.nan)
    heat_kwh[: len(readings.heat_kwh)] = readings.heat_kwh
    past = issue - operation.first
    heat_kwh[past:] = np.nan
    residuals = _backtest(heat_kwh[:past], operation.window(operation.first, past), family)
    expected = expected_heat(heat_kwh, operation, family, fit_until=past)[past:]
    groups = _groups(operation)
    spread = np.array([[_conformal(residuals, groups[past + k], level) for k in range(HORIZON_H)] for level in LEVELS])
    known = np.concatenate(list(residuals.values()))
    return Forecast(
        first=issue,
        heat_kwh=expected,
        quantiles_kwh=np.maximum.accumulate(np.maximum(0.0, expected + spread), axis=0),
        backtest_mae_kwh=float(np.abs(known).mean()),
        backtest_hours=len(known),
    )


def expected_heat(
    heat_kwh: NDArray[np.float64], operation: Operation, family: FamilyModel, *, fit_until: int
) -> NDArray[np.float64]:
    """Expected heat of all hours in kWh, shape `(n,)`, by a model fitted on the hours before `fit_until` alone.

    `heat_kwh` is NaN where nothing was read; from `fit_until` on it is used only through its lags of two days and more.
    The plant is taken to deliver no more than the most it has delivered.
    """
    scale = heat_scale(heat_kwh[:fit_until], operation.temperature_c[:fit_until])
    heat = _without_holes(heat_kwh) / scale
    design = features(operation, heat)
    weights = family.adapted(design[:fit_until], heat_kwh[:fit_until] / scale)
    # Lags before the first reading are unknown: the week's own mean level stands in for them.
    design = np.where(np.isnan(design), np.nanmean(heat[:fit_until]), design)
    return np.clip(design @ weights * scale, 0.0, np.nanmax(heat_kwh[:fit_until]))


def _backtest(
    heat_kwh: NDArray[np.float64], operation: Operation, family: FamilyModel
) -> dict[int, NDArray[np.float64]]:
    """Residuals in kWh (measured - expected) of the calibration days by group."""
    days = min(CALIBRATION_DAYS, len(heat_kwh) // hours.DAY // 3)
    start = len(heat_kwh) - days * hours.DAY
    expected = expected_heat(heat_kwh, operation, family, fit_until=start)[start:]
    residual, group = heat_kwh[start:] - expected, _groups(operation)[start:]
    known = np.isfinite(residual)
    return {int(which): residual[known & (group == which)] for which in np.unique(group[known])}


def _groups(operation: Operation) -> NDArray[np.int64]:
    """0 set back, 1 the first hours of heating, 2 later hours of heating; shape `(n,)`."""
    warm_for = running(operation.is_warm)
    return np.where(warm_for == 0, 0, np.where(warm_for <= START_UP_H, 1, 2))


def _conformal(residuals: dict[int, NDArray[np.float64]], group: int, level: float) -> float:
    """Split-conformal offset: the order statistic ceil((n + 1) level) of the group's residuals, or of all.

    Papadopoulos et al., ECML 2002; Lei et al., JASA 113 (2018) 1094-1111.
    """
    values = np.sort(residuals[group] if group in residuals else np.concatenate(list(residuals.values())))
    rank = int(np.ceil((len(values) + 1) * level)) if level >= 0.5 else int(np.floor((len(values) + 1) * level))
    return float(values[min(max(rank, 1), len(values)) - 1])


def _without_holes(heat_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Missing hours of the past filled with the same hour of the nearest day before; used for lags alone."""
    filled = heat_kwh.copy()
    for place in np.flatnonzero(np.isnan(filled)):
        if place >= hours.DAY:
            filled[place] = filled[place - hours.DAY]
    return filled
