"""Whether a heat meter's series describes a heated building well enough to forecast it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_HOURS_SHARE = 0.8
LARGEST_ZERO_SHARE = 0.06
LEAST_CORRELATION = 0.7
LEAST_MEAN_KWH = 2.0
#: Degree days count below this outdoor temperature in C (the Danish base).
DEGREE_DAY_BASE_C = 17.0
WINTER = (12, 1, 2)


class Unsuitable(StrEnum):
    """Why a series is left out of a fleet's forecasts."""

    #: Readings in fewer than 80 % of the hours.
    TOO_FEW_HOURS = "too-few-hours"
    #: Zeros in more than 6 % of the hours of December to February.
    ZEROS_IN_WINTER = "zeros-in-winter"
    #: Daily sums follow the degree days (base 17 C) with a correlation under 0.7.
    NOT_DRIVEN_BY_WEATHER = "not-driven-by-weather"
    #: Less than 2 kWh an hour in the mean.
    TOO_SMALL = "too-small"


def unsuitable(
    first: int, raw_kwh: NDArray[np.float64], outdoor_c: NDArray[np.float64] | None
) -> tuple[Unsuitable, ...]:
    """What speaks against the series; empty for a suitable one.

    Args:
        first: the first hour.
        raw_kwh: as read, shape `(n,)`, before quality control takes anything out.
        outdoor_c: of the same hours; None where it is not known, and weather is then not judged.
    """
    known = np.isfinite(raw_kwh)
    if not known.any():
        return (Unsuitable.TOO_FEW_HOURS,)
    instants = (np.arange(first, first + len(raw_kwh))).astype("datetime64[h]").astype("datetime64[M]")
    winter = np.isin(instants.astype(np.int64) % 12 + 1, WINTER) & known
    zeros = float((raw_kwh[winter] == 0).mean()) if winter.any() else 0.0
    reasons = {
        Unsuitable.TOO_FEW_HOURS: float(known.mean()) < FEWEST_HOURS_SHARE,
        Unsuitable.ZEROS_IN_WINTER: zeros > LARGEST_ZERO_SHARE,
        Unsuitable.NOT_DRIVEN_BY_WEATHER: outdoor_c is not None
        and _follows_weather(first, raw_kwh, outdoor_c) < LEAST_CORRELATION,
        Unsuitable.TOO_SMALL: float(raw_kwh[known].mean()) < LEAST_MEAN_KWH,
    }
    return tuple(reason for reason, applies in reasons.items() if applies)


def _follows_weather(first: int, raw_kwh: NDArray[np.float64], outdoor_c: NDArray[np.float64]) -> float:
    """Correlation of daily sums with degree days; UTC days."""
    heat, outdoor = (_days(first, values) for values in (raw_kwh, outdoor_c))
    has_heat = np.isfinite(heat).any(axis=1) & np.isfinite(outdoor).any(axis=1)
    if has_heat.sum() < 2:
        return 0.0
    sums = np.nansum(heat[has_heat], axis=1)
    degree_days = np.maximum(DEGREE_DAY_BASE_C - np.nanmean(outdoor[has_heat], axis=1), 0.0)
    if not (sums.std() and degree_days.std()):
        return 0.0
    return float(np.corrcoef(sums, degree_days)[0, 1])


def _days(first: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
    before, after = first % hours.DAY, -(first + len(values)) % hours.DAY
    return np.pad(values, (before, after), constant_values=np.nan).reshape(-1, hours.DAY)
