"""Weather as an EPW file holds it: what a weather service would have said about the simulated place.

Columns by the EnergyPlus Auxiliary Programs guide, "EnergyPlus Weather File (EPW) Data Dictionary": month, day and hour
(1-24, the hour that ends) are fields N2-N4, dry-bulb temperature N6 in C, global horizontal radiation N13 in Wh/m2.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

HEADER_ROWS = 8
MONTH, DAY, HOUR, DRY_BULB, GLOBAL_RADIATION = 1, 2, 3, 6, 13


@dataclass(frozen=True, kw_only=True)
class WeatherHours:
    """Hours from local midnight of a first day; both series have one value an hour."""

    #: Mean of the readings at the hour's beginning and end, C.
    temperature_c: tuple[float, ...]
    #: Mean of the hour, W/m2.
    global_radiation_w_m2: tuple[float, ...]


def weather_hours(weather: str, first_day: date, days: int) -> WeatherHours:
    """Read `days` days of the weather file with the short name `weather`. A typical year has no 29 February."""
    from pyenergyplus import dataset

    rows = _rows(Path(dataset.weather_files[weather]))
    calendar = [first_day + timedelta(days=day) for day in range(-1, days)]
    hours = [rows[(day.month, day.day, hour)] for day in calendar for hour in range(1, 25)][23:]
    temperatures = [temperature for temperature, _ in hours]
    return WeatherHours(
        temperature_c=tuple((a + b) / 2 for a, b in pairwise(temperatures)),
        global_radiation_w_m2=tuple(radiation for _, radiation in hours[1:]),
    )


def _rows(path: Path) -> dict[tuple[int, int, int], tuple[float, float]]:
    with path.open(newline="", encoding="latin-1") as file:
        lines = list(csv.reader(file))[HEADER_ROWS:]
    return {
        (int(line[MONTH]), int(line[DAY]), int(line[HOUR])): (float(line[DRY_BULB]), float(line[GLOBAL_RADIATION]))
        for line in lines
    }
