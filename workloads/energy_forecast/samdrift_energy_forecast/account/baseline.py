"""The baseline: what a day's heat would have been under fixed setback, from its weather and calendar.

A heating change-point model (ASHRAE Guideline 14-2014, annex D, by day type) with a smoothed outdoor temperature: below
the base temperature heat rises with each degree, more steeply from 8 K below it on (a building with set-back needs more
than its share on cold days); above it only hot water and losses remain. Open and closed days have a level and slopes
each; the first day after a closure and the sun have terms. A mild day may be expected to use less than nothing: levels
are fitted so that sums are right, and cutting days off at 0 would make them too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.account.days import Days

#: Base temperatures that are tried, in C.
BASES_C = np.arange(0.0, 21.0, 1.0)
#: From so far below the base on the slope may be another, in K.
SECOND_SLOPE_K = 8.0
#: A term with fewer days that it speaks of than this is left out.
FEWEST_DAYS_A_TERM = 5
TERMS = (
    "open",
    "closed",
    "open_degrees",
    "closed_degrees",
    "open_cold_degrees",
    "closed_cold_degrees",
    "first_day_after_closure",
    "first_day_degrees",
    "today_colder",
    "sun",
)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A fitted model."""

    base_c: float
    #: One a term of `TERMS`: kWh, kWh/K where it is of degrees, kWh per 100 W/m2 of the sun.
    weights: NDArray[np.float64]
    #: Days that it was fitted on, and terms that it has.
    days: int
    terms: int
    #: Coefficient of variation of the root mean square error, and normalised mean bias error (Guideline 14).
    cvrmse: float
    nmbe: float

    def expected_kwh(self, days: Days) -> NDArray[np.float64]:
        """Heat under fixed setback of each day; NaN where the weather is not known. Shape `(n,)`."""
        expected: NDArray[np.float64] = design(days, self.base_c) @ self.weights
        return expected


def fit_baseline(days: Days, chosen: NDArray[np.bool_]) -> Baseline:
    """Fit on the days `chosen` (shape `(n,)`), all of them usable, with the base temperature that fits best."""
    best = min(BASES_C, key=lambda base_c: float(_fit(days, chosen, float(base_c))[1]))
    return fit_at(days, chosen, float(best))


def fit_at(days: Days, chosen: NDArray[np.bool_], base_c: float) -> Baseline:
    """Fit on the days `chosen` with a given base temperature."""
    weights, squares, terms = _fit(days, chosen, base_c)
    count, heat_kwh = int(chosen.sum()), days.heat_kwh[chosen]
    residual = heat_kwh - design(days, base_c)[chosen] @ weights
    free, mean = max(count - terms, 1), float(heat_kwh.mean())
    return Baseline(
        base_c=base_c,
        weights=weights,
        days=count,
        terms=terms,
        cvrmse=float(np.sqrt(squares / free)) / mean if mean else np.inf,
        nmbe=float(-residual.sum()) / (free * mean) if mean else np.inf,
    )


def design(days: Days, base_c: float) -> NDArray[np.float64]:
    """The value of each of `TERMS` on each day, shape `(n, len(TERMS))`."""
    degrees = np.maximum(0.0, base_c - days.smoothed_c)
    today = np.maximum(0.0, base_c - days.outdoor_c)
    cold = np.maximum(0.0, degrees - SECOND_SLOPE_K)
    opened, first = days.is_open.astype(np.float64), days.is_first.astype(np.float64)
    return np.column_stack(
        [
            opened,
            1.0 - opened,
            opened * degrees,
            (1.0 - opened) * degrees,
            opened * cold,
            (1.0 - opened) * cold,
            first,
            first * degrees,
            today - degrees,
            days.radiation_w_m2 / 100.0,
        ]
    )


def _fit(days: Days, chosen: NDArray[np.bool_], base_c: float) -> tuple[NDArray[np.float64], float, int]:
    """Weights, sum of squared residuals and number of terms, by least squares."""
    rows, heat_kwh = design(days, base_c)[chosen], days.heat_kwh[chosen]
    has = (rows != 0.0).sum(axis=0) >= FEWEST_DAYS_A_TERM
    solution, _, _, _ = np.linalg.lstsq(rows[:, has], heat_kwh, rcond=None)
    weights = np.zeros(rows.shape[1])
    weights[has] = solution
    residual = heat_kwh - rows @ weights
    return weights, float(residual @ residual), int(has.sum()) + 1
