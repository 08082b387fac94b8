"""Judges the family model on winters it has not seen and writes its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.forecasting.heat import HORIZON_H, LEVELS, forecast
from samdrift_energy_forecast.metering.readings import Readings
from samdrift_energy_forecast.training.family import origins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.forecasting.ridge import FamilyModel
    from samdrift_energy_forecast.training.winters import Winter
    from samdrift_evaluation.estimate import Estimate


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Measured hours of one winter beside what was forecast for them up to 72 h before; all shapes `(n,)`."""

    measured_kwh: NDArray[np.float64]
    expected_kwh: NDArray[np.float64]
    #: The value a week before.
    naive_kwh: NDArray[np.float64]
    low_kwh: NDArray[np.float64]
    high_kwh: NDArray[np.float64]
    #: The day of each hour, since the winter's first.
    days: NDArray[np.int64]

    def figures(self) -> dict[str, Estimate]:
        """Each measure with its interval over whole days and its number of hours."""
        from samdrift_evaluation import forecasts

        measured, expected, days = self.measured_kwh, self.expected_kwh, self.days
        return {
            "CVRMSE": forecasts.cvrmse(measured, expected, days),
            "CVRMSE of the value a week before": forecasts.cvrmse(measured, self.naive_kwh, days),
            "NMBE": forecasts.nmbe(measured, expected, days),
            "Skill against the value a week before": forecasts.skill(measured, expected, self.naive_kwh, days),
            "Coverage of the 80 % interval": forecasts.interval_coverage(measured, self.low_kwh, self.high_kwh, days),
            "Pinball loss at 0.9, kWh": forecasts.pinball(measured, self.high_kwh, 0.9, days),
        }


def judge(winter: Winter, readings: Readings, family: FamilyModel) -> Judged:
    """Forecast every second midnight from the fourth week on, with what was known then, and keep all of its hours."""
    operation = winter.operation
    starts = list(origins(len(operation) // hours.DAY))
    made = [
        forecast(readings_until(readings, origin), operation.window(operation.first, origin + HORIZON_H), family)
        for origin in starts
    ]
    judged = np.concatenate([np.arange(origin, origin + HORIZON_H) for origin in starts])
    return Judged(
        measured_kwh=readings.heat_kwh[judged],
        expected_kwh=np.concatenate([one.heat_kwh for one in made]),
        naive_kwh=readings.heat_kwh[judged - hours.WEEK],
        low_kwh=np.concatenate([one.quantile(LEVELS[1]) for one in made]),
        high_kwh=np.concatenate([one.quantile(LEVELS[-2]) for one in made]),
        days=judged // hours.DAY,
    )


def table(judged: Mapping[Winter, Judged]) -> str:
    """A Markdown table: a row a measure, a column a winter."""
    columns = {winter: one.figures() for winter, one in judged.items()}
    head = "| measure | " + " | ".join(f"{winter.building}, {winter.weather}" for winter in columns) + " |"
    measures = next(iter(columns.values()))
    rows = [f"| {name} | " + " | ".join(str(column[name]) for column in columns.values()) + " |" for name in measures]
    return "\n".join([head, "|---" * (len(columns) + 1) + "|", *rows])


def readings_until(readings: Readings, end: int) -> Readings:
    """The first `end` hours: what was known when a forecast was made."""
    return Readings(
        first=readings.first,
        heat_kwh=readings.heat_kwh[:end],
        indoor_c=readings.indoor_c[:end],
        coldest_room_c=readings.coldest_room_c[:end],
    )
