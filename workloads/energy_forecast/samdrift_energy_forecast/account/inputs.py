"""What an account is made from, as stored objects: readings, observed weather, and how each day was heated.

An account that goes to the ledger is an item like a plan: everything that it rests on can be read again later.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.account.days import Days, HourlyValues, Operation, day_number, local_days
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering import table_files
from samdrift_energy_forecast.metering.readings import examined_heat
from samdrift_energy_forecast.surroundings.weather import OBSERVED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import BuildingDescription

DAYS = "days"


@dataclass(frozen=True, kw_only=True)
class HeatedDay:
    """How one local day was heated, and the heat that its plan expected under fixed setback; None: no plan said."""

    operation: Operation
    setback_forecast_kwh: float | None = None


@dataclass(frozen=True, kw_only=True)
class AccountInputs:
    """A building's days, and what their plans expected under fixed setback in kWh, NaN where none did; `(n,)`."""

    days: Days
    setback_forecast_kwh: NDArray[np.float64]


def read_inputs(
    building: BuildingDescription, readings: bytes, weather_observed: bytes, heated: bytes, *, until: int
) -> AccountInputs:
    """Read the three tables of an account; readings of hour `until` and later are not looked at.

    Raises:
        ReadingsError: a table is unreadable or empty.
    """
    examined = examined_heat(readings, until, building)
    heat_kwh = HourlyValues(first=examined.first, values=examined.heat_kwh)
    operation = read_heated_days(heated)
    outdoor_c, radiation = _weather(weather_observed)
    named = {day: one.operation for day, one in operation.items()}
    days = local_days(building, heat_kwh, outdoor_c, radiation, named)
    return AccountInputs(days=days, setback_forecast_kwh=_forecasts(days, operation))


def end_of_day(building: BuildingDescription, day: date) -> datetime:
    """The end of a local day, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), building.zone).astimezone(UTC)


def write_heated_days(heated: Mapping[date, HeatedDay]) -> bytes:
    """CSV: `day, operation, setback_forecast_kwh`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["day", "operation", "setback_forecast_kwh"])
    for day, one in sorted(heated.items()):
        kwh = one.setback_forecast_kwh
        writer.writerow([day.isoformat(), one.operation, "" if kwh is None else format(kwh, ".6g")])
    return text.getvalue().encode()


def read_heated_days(data: bytes) -> dict[date, HeatedDay]:
    """Read what `write_heated_days` wrote; the column of forecasts may be left out.

    Raises:
        ReadingsError: with the row.
    """
    columns = table_files.read_table(data, DAYS)
    days, operations = (table_files.column(columns, name, DAYS) for name in ("day", "operation"))
    expected = columns.get("setback_forecast_kwh", [None] * len(days))
    kwh = table_files.numbers(expected, "setback_forecast_kwh", DAYS, may_be_missing=True)
    return dict(_heated(row, *cells) for row, cells in enumerate(zip(days, operations, kwh, strict=True), start=1))


def _heated(row: int, day: object, operation: object, kwh: float) -> tuple[date, HeatedDay]:
    try:
        parsed = date.fromisoformat(str(day)[:10]), Operation(str(operation))
    except ValueError as error:
        raise ReadingsError(f"{DAYS} row {row}: {error}. Operations are {', '.join(Operation)}.") from error
    expected = None if np.isnan(kwh) else kwh
    return parsed[0], HeatedDay(operation=parsed[1], setback_forecast_kwh=expected)


def _weather(data: bytes) -> tuple[HourlyValues, HourlyValues]:
    """Temperature and radiation on unbroken hours."""
    columns = table_files.read_table(data, OBSERVED)
    ends = table_files.stamps(table_files.column(columns, "stamp", OBSERVED), "stamp", OBSERVED)
    known = np.array([hours.ending_at(end) for end in ends])
    first = int(known.min())
    laid = []
    for name in ("temperature_c", "global_radiation_w_m2"):
        values = np.full(int(known.max()) + 1 - first, np.nan)
        cells = table_files.column(columns, name, OBSERVED)
        values[known - first] = table_files.numbers(cells, name, OBSERVED, may_be_missing=True)
        laid.append(HourlyValues(first=first, values=values))
    return laid[0], laid[1]


def _forecasts(days: Days, heated: Mapping[date, HeatedDay]) -> NDArray[np.float64]:
    by_number = {
        day_number(day): one.setback_forecast_kwh for day, one in heated.items() if one.setback_forecast_kwh is not None
    }
    return np.array([by_number.get(int(number), np.nan) for number in days.number])
