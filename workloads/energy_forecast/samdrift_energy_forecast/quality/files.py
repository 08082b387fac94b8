"""Files that people have: one column of times, and one column a meter; or a table of outdoor temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering import table_files
from samdrift_energy_forecast.metering.series import is_room
from samdrift_energy_forecast.quality.cells import Cells, read_numbers, read_stamps
from samdrift_energy_forecast.quality.examination import RawReadings

if TYPE_CHECKING:
    from numpy.typing import NDArray

STAMP = "stamp"
#: Columns of an order's readings that are no heat meters.
NO_METERS = frozenset({"indoor_c", "coldest_room_c", "return_c", "volume_m3", "occupancy"})
#: Names under which outdoor temperature in C is known.
OUTDOOR = ("temperature_c", "ta_c")


def _is_no_meter(column: str) -> bool:
    return column in NO_METERS or is_room(column)


def meter_readings(data: bytes, stamp_column: str | None = None, stamp_format: str | None = None) -> RawReadings:
    """The meters of a CSV or Parquet file.

    Args:
        data: the file.
        stamp_column: where it is neither `stamp` nor the only column of times.
        stamp_format: of stamps that are no ISO 8601, such as `%d-%m-%Y %H:%M` (`datetime.strptime`).

    Raises:
        ReadingsError: it cannot be read, or it is not clear which column holds the stamps.
    """
    table = table_files.read_cells(data, "meter")
    name = stamp_column or _stamp_column(table)
    stamps = table.named(name, "meter")
    if stamp_format is not None:
        stamps = _as_iso(stamps, stamp_format)
    series = {other: cells for other, cells in table.columns.items() if other != name and not _is_no_meter(other)}
    if not series:
        raise ReadingsError(f"The meter file has no column beside `{name}`. Export it with its values.")
    return RawReadings(stamps=stamps, series=series, is_utc=name in table.utc, decimal_comma=table.decimal_comma)


def outdoor_temperature(data: bytes) -> tuple[int, NDArray[np.float64]]:
    """The first hour, and the temperature in C of it and the following hours; NaN where there is none.

    A stamp in the column `stamp` is the end of its hour, as everywhere; in any other column (or index) its beginning.

    Raises:
        ReadingsError: it cannot be read, or has no stamps.
    """
    table = table_files.read_cells(data, "weather")
    name = _stamp_column(table)
    column = next((known for known in OUTDOOR if known in table.columns), OUTDOOR[0])
    stamps = read_stamps(table.columns[name], is_utc=True)
    celsius = read_numbers(table.named(column, "weather"), decimal_comma=table.decimal_comma).values
    places = stamps.seconds[stamps.is_known] // hours.SECONDS - (name == STAMP)
    if not places.size:
        raise ReadingsError("No stamp of the weather file can be read. Write times as 2026-01-05T07:00:00Z.")
    laid = np.full(int(places.max() - places.min()) + 1, np.nan)
    laid[places - places.min()] = celsius[stamps.is_known]
    return int(places.min()), laid


def _as_iso(cells: Cells, stamp_format: str) -> list[str]:
    """What the format reads, as ISO 8601; what it does not read stays as it is and becomes a verdict."""
    import pandas as pd

    texts = [str(cell) for cell in cells]
    try:
        moments = pd.to_datetime(pd.Series(texts, dtype=object), format=stamp_format, errors="coerce")
    except ValueError as error:
        raise ReadingsError(f"{stamp_format!r} is no format of times ({error}). Use such as %d-%m-%Y %H:%M.") from error
    return [text if pd.isna(moment) else moment.isoformat() for text, moment in zip(texts, moments, strict=True)]


def _stamp_column(table: table_files.CellTable) -> str:
    if STAMP in table.columns:
        return STAMP
    times = [
        name
        for name, cells in table.columns.items()
        if isinstance(cells, np.ndarray) and np.issubdtype(cells.dtype, np.datetime64)
    ]
    if len(times) == 1:
        return times[0]
    raise ReadingsError(
        f"It is not clear which column holds the stamps: {', '.join(table.columns)}. Name it with --stamp-column.",
        field=STAMP,
    )
