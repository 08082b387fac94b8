"""Danish degree days (graddage), and heat corrected to a normal year by them.

A day with a mean outdoor temperature under 17 C has as many degree days as it is colder; all days of the year count, as
Danish district heating companies do it. (The Danish Technological Institute counts the heating season alone; its normal
year is another one, so the two must not be mixed.) What does not depend on the weather, hot water and losses, is not
corrected: in Danish energy accounts the "graddageuafhængige forbrug", GUF, here the mean of June to August.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.account.days import day_number

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from samdrift_energy_forecast.account.days import Days

BASE_C = 17.0
#: The normal year of Danish district heating companies (519 in January to 461 in December).
NORMAL_DEGREE_DAYS = 3112.0
#: Months whose heat is taken to be independent of the weather, and their days that must be measured.
SUMMER, FEWEST_SUMMER_DAYS = (6, 7, 8), 45
#: Of the year's days so many must have weather and heat for a correction.
LEAST_SHARE = 0.9


@dataclass(frozen=True, kw_only=True)
class Correction:
    """Heat of a year as it would have been in a normal year."""

    degree_days: float
    normal_degree_days: float
    #: Of the whole year, kWh: what does not depend on the weather.
    independent_kwh: float
    corrected_kwh: float


def degree_days(outdoor_c: NDArray[np.float64]) -> float:
    """Sum over days of what the mean temperature lacks to 17 C; days without a mean are left out."""
    return float(np.nansum(np.maximum(0.0, BASE_C - outdoor_c)))


def corrected(days: Days, first: date, last: date, normal_degree_days: float) -> Correction | None:
    """Heat from `first` to `last` (a year, both taken in) corrected; None where too little of it is known.

    Days that were not measured are taken to be as the measured ones are, for heat and degree days alike.
    """
    whole = day_number(last) - day_number(first) + 1
    inside = days.between(first, last) & days.is_usable
    months = np.array([days.date_of(place).month for place in range(len(days))])
    summer = inside & np.isin(months, SUMMER)
    if inside.sum() < LEAST_SHARE * whole or summer.sum() < FEWEST_SUMMER_DAYS:
        return None
    scale = whole / float(inside.sum())
    met = degree_days(days.outdoor_c[inside]) * scale
    total = float(days.heat_kwh[inside].sum()) * scale
    independent = min(float(days.heat_kwh[summer].mean()) * whole, total)
    return Correction(
        degree_days=met,
        normal_degree_days=normal_degree_days,
        independent_kwh=independent,
        corrected_kwh=independent + (total - independent) * normal_degree_days / met if met else total,
    )
