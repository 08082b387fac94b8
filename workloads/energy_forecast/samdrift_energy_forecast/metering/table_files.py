"""Tables as they arrive: CSV or Parquet bytes into columns, with the row named in every complaint."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.quality.cells import Cells

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET_MAGIC = b"PAR1"
Columns = dict[str, list[object]]


@dataclass(frozen=True, kw_only=True)
class CellTable:
    """Columns as they came, for quality control: nothing is refused for what a cell holds."""

    columns: dict[str, Cells]
    #: Time columns of Parquet that carry a time zone; their cells are UTC.
    utc: frozenset[str]
    #: Whether numbers are written 1.234,5: a CSV whose cells are separated by semicolons.
    decimal_comma: bool

    def named(self, name: str, what: str) -> Cells:
        """A column that must be there."""
        if name not in self.columns:
            raise ReadingsError(
                f"The {what} file has no column `{name}`; it has {', '.join(self.columns)}.", field=name
            )
        return self.columns[name]


def read_cells(data: bytes, what: str) -> CellTable:
    """Columns of a CSV (UTF-8, header row, cells separated by comma, semicolon or tab) or Parquet file.

    Raises:
        ReadingsError: the file as a whole cannot be read; `what` names it.
    """
    _check_not_empty(data, what)
    if data.startswith(PARQUET_MAGIC):
        table = _parquet_table(data, what)
        columns = {name: _arrow_cells(table.column(name)) for name in table.column_names}
        utc = frozenset(name for name in table.column_names if getattr(table.schema.field(name).type, "tz", None))
        found = CellTable(columns=columns, utc=utc, decimal_comma=False)
    else:
        data = _as_utf_8(data)
        delimiter = _delimiter(data)
        columns = dict(_csv(data, what, delimiter))
        found = CellTable(columns=columns, utc=frozenset(), decimal_comma=delimiter == ";")
    if not found.columns or not len(next(iter(found.columns.values()))):
        raise ReadingsError(f"The {what} file has a header but no rows. Export it again.")
    return found


def read_table(data: bytes, what: str) -> Columns:
    """Columns of a CSV (UTF-8, comma, header row) or Parquet file; `what` names it in errors."""
    _check_not_empty(data, what)
    columns = _parquet(data, what) if data.startswith(PARQUET_MAGIC) else _csv(data, what)
    if not columns or not next(iter(columns.values())):
        raise ReadingsError(f"The {what} file has a header but no rows. Export it again.")
    return columns


def column(columns: Columns, name: str, what: str) -> list[object]:
    """A column that must be there."""
    if name not in columns:
        raise ReadingsError(f"The {what} file has no column `{name}`; it has {', '.join(columns)}.", field=name)
    return columns[name]


def instants(values: Sequence[object], name: str, what: str) -> list[datetime]:
    """Aware instants, from ISO 8601 text or Parquet time stamps."""
    return [_instant(value, f"{what} row {row}, {name}") for row, value in enumerate(values, start=1)]


def stamps(values: Sequence[object], name: str, what: str) -> list[datetime]:
    """Aware instants on the full hour, from ISO 8601 text or Parquet time stamps."""
    return [_on_the_hour(value, f"{what} row {row}, {name}") for row, value in enumerate(values, start=1)]


def numbers(values: Sequence[object], name: str, what: str, *, may_be_missing: bool = False) -> list[float]:
    """Finite numbers; where `may_be_missing`, an empty cell becomes NaN."""
    return [_number(value, f"{what} row {row}, {name}", may_be_missing) for row, value in enumerate(values, start=1)]


def _check_not_empty(data: bytes, what: str) -> None:
    if not data.strip():
        raise ReadingsError(f"The {what} file is empty. Export it again.")


def _as_utf_8(data: bytes) -> bytes:
    """Danish spreadsheets also write Windows-1252; only names of columns have letters in which it differs."""
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data if b"\0" in data else data.decode("cp1252", errors="replace").encode()
    return data


def _delimiter(data: bytes) -> str:
    """By the header: Danish spreadsheets separate by semicolons, because their decimals have commas."""
    header = data.splitlines()[0]
    return next((mark for mark in (";", "\t") if mark.encode() in header), ",")


def _csv(data: bytes, what: str, delimiter: str = ",") -> Columns:
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReadingsError(f"The {what} file is neither Parquet nor UTF-8 CSV ({error}).") from error
    header = [name.strip() for name in rows[0]]
    ragged = next((number for number, row in enumerate(rows[1:], start=1) if row and len(row) != len(header)), None)
    if ragged is not None:
        raise ReadingsError(f"The {what} file's row {ragged} does not have {len(header)} cells like its header.")
    body = [row for row in rows[1:] if row]
    return {name: [row[place].strip() for row in body] for place, name in enumerate(header)}


def _parquet(data: bytes, what: str) -> Columns:
    columns: Columns = _parquet_table(data, what).to_pydict()
    return columns


def _parquet_table(data: bytes, what: str) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        # One thread: a fleet's files are small, and a night reads thousands of them on each core.
        return parquet.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise ReadingsError(f"The {what} file is not readable Parquet ({error}).") from error


def _arrow_cells(column: Any) -> Cells:
    """Numbers and times as arrays, whatever else as Python objects."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_floating(kind) or pa.types.is_integer(kind):
        array: Cells = column.to_numpy()
        return array
    cells: list[object] = column.to_pylist()
    return cells


def _instant(value: object, where: str) -> datetime:
    instant = value if isinstance(value, datetime) else _parsed(str(value), where)
    if instant.tzinfo is None:
        raise ReadingsError(f"{where}: {value} has no time zone, so a summer-time hour is ambiguous. End it with Z.")
    return instant


def _on_the_hour(value: object, where: str) -> datetime:
    instant = _instant(value, where)
    if instant.timestamp() % hours.SECONDS:
        raise ReadingsError(f"{where}: {value} is not on the full hour. Send hourly sums.")
    return instant


def _parsed(text: str, where: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ReadingsError(f"{where}: {text!r} is not an ISO 8601 time such as 2026-01-05T07:00:00Z.") from error


def _number(value: object, where: str, may_be_missing: bool) -> float:
    if value is None or value == "":
        if may_be_missing:
            return math.nan
        raise ReadingsError(f"{where}: the value is missing.")
    try:
        number = float(str(value))
    except ValueError as error:
        raise ReadingsError(f"{where}: {value!r} is not a number.") from error
    if not math.isfinite(number):
        raise ReadingsError(f"{where}: {value!r} is not a finite number.")
    return number
