"""A building's meter file: its columns by series, its stamps in UTC by the meter's clock."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from samdrift_energy_forecast.building.description import Meter, MeterUnit, Quantity, StampConvention
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering import table_files
from samdrift_energy_forecast.metering.series import RoomSeries, Series, is_room
from samdrift_energy_forecast.quality.cells import Cells, Numbers, Stamps, read_numbers, read_stamps

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import BuildingDescription

WHAT = "meter"
#: A decade of minutes is no meter file.
LARGEST_FILE_BYTES = 256 * 1024 * 1024
#: Names of a series' column: its own, and the one with its unit.
NAMES: Mapping[Series, tuple[str, str]] = {
    Series.HEAT: ("heat", "heat_kwh"),
    Series.INDOOR: ("indoor", "indoor_c"),
    Series.COLDEST_ROOM: ("coldest_room", "coldest_room_c"),
    Series.VOLUME: ("volume", "volume_m3"),
    Series.RETURN: ("return", "return_c"),
    Series.OCCUPANCY: ("occupancy", "people"),
}


@dataclass(frozen=True, kw_only=True)
class MeterFile:
    """One file; one row a stamp, one column a series."""

    stamps: Stamps
    #: As they came.
    cells: Mapping[Series | RoomSeries, Cells]
    decimal_comma: bool
    #: Stamps without an offset are UTC (Parquet with a time zone), whatever the meter's clock is.
    is_utc: bool = False

    @cached_property
    def numbers(self) -> Mapping[Series | RoomSeries, Numbers]:
        """Values of each series, shape `(rows,)`."""
        return {series: read_numbers(cells, decimal_comma=self.decimal_comma) for series, cells in self.cells.items()}

    @property
    def last_seconds(self) -> int | None:
        """The newest stamp, in seconds since 1970-01-01T00:00Z; None where none can be read."""
        known = self.stamps.seconds[self.stamps.is_known]
        return int(known.max()) if len(known) else None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every value with its stamp, as the API takes it: `series`, `stamp`, `value`."""
        for series, numbers in self.numbers.items():
            usable = self.stamps.is_known & np.isfinite(numbers.values)
            seconds, values = self.stamps.seconds[usable].tolist(), numbers.values[usable].tolist()
            for second, value in zip(seconds, values, strict=True):
                yield {"series": str(series), "stamp": _written(second), "value": value}

    def order_table(self) -> bytes:
        """As an order has it: Parquet with UTC stamps, heat as the meter writes."""
        import pyarrow as pa
        from pyarrow import parquet

        from samdrift_energy_forecast.metering.reading_store import COLUMNS

        known = self.stamps.is_known
        stamps = pa.array(self.stamps.seconds[known].astype("datetime64[s]")).cast(pa.timestamp("us", tz="UTC"))
        columns = {
            COLUMNS[series] if isinstance(series, Series) else str(series): pa.array(numbers.values[known])
            for series, numbers in self.numbers.items()
        }
        sink = io.BytesIO()
        parquet.write_table(pa.table({"stamp": stamps, **columns}), sink)
        return sink.getvalue()


def read_meter_file(path: Path, building: BuildingDescription) -> MeterFile:
    """Read the file at `path`; ReadingsError says what is wrong with it."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            raise ReadingsError(f"{path} has {size} bytes; at most {LARGEST_FILE_BYTES} are read. Split it.")
        data = path.read_bytes()
    except OSError as error:
        raise ReadingsError(f"{path} cannot be read: {error.strerror}. Check the path.", field=str(path)) from error
    return parse(data, building)


def parse(data: bytes, building: BuildingDescription) -> MeterFile:
    """CSV (comma, semicolon, tab) or Parquet with `stamp` and a column a series.

    Raises:
        ReadingsError: the file as a whole cannot be read, or has no series, or names kWh where the meter writes others.
    """
    table = table_files.read_cells(data, WHAT)
    cells: dict[Series | RoomSeries, Cells] = {
        series: table.columns[name]
        for series, names in NAMES.items()
        if (name := next((one for one in names if one in table.columns), None)) is not None
    }
    if not cells:
        known = ", ".join(f"{name} or {other}" for name, other in NAMES.values())
        raise ReadingsError(f"The {WHAT} file has none of the columns {known}; it has {', '.join(table.columns)}.")
    if "heat_kwh" in table.columns and "heat" not in table.columns:
        _check_writes_kwh(building.meter)
    cells |= {RoomSeries(name): column for name, column in table.columns.items() if is_room(name)}
    is_utc = "stamp" in table.utc
    stamps = read_stamps(table.named("stamp", WHAT), is_utc=is_utc, zone=ZoneInfo(building.meter.time_zone))
    return MeterFile(stamps=stamps, cells=cells, decimal_comma=table.decimal_comma, is_utc=is_utc)


def _check_writes_kwh(meter: Meter) -> None:
    wanted = (Quantity.INTERVAL, MeterUnit.KWH, StampConvention.END)
    if (meter.quantity, meter.unit, meter.stamp) != wanted:
        raise ReadingsError(
            f"The {WHAT} file's column heat_kwh is kWh of the interval that ends with the stamp, but the building's "
            f"meter is described as {meter.quantity}, {meter.unit}, stamped at the {meter.stamp}. Name the column heat "
            "if the meter wrote it, or describe the meter as interval, kWh, end.",
            field="heat_kwh",
        )


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
