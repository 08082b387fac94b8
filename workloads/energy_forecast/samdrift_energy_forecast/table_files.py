"""Tables as they arrive: CSV or Parquet bytes into columns, with the row named in every complaint."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from datetime import datetime

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import ReadingsError

PARQUET_MAGIC = b"PAR1"
Columns = dict[str, list[object]]


def read_table(data: bytes, what: str) -> Columns:
    """Columns of a CSV (UTF-8, comma, header row) or Parquet file; `what` names it in errors."""
    if not data.strip():
        raise ReadingsError(f"The {what} file is empty. Export it again.")
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


def _csv(data: bytes, what: str) -> Columns:
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReadingsError(f"The {what} file is neither Parquet nor UTF-8 CSV ({error}).") from error
    header = [name.strip() for name in rows[0]]
    ragged = next((number for number, row in enumerate(rows[1:], start=1) if row and len(row) != len(header)), None)
    if ragged is not None:
        raise ReadingsError(f"The {what} file's row {ragged} does not have {len(header)} cells like its header.")
    body = [row for row in rows[1:] if row]
    return {name: [row[place].strip() for row in body] for place, name in enumerate(header)}


def _parquet(data: bytes, what: str) -> Columns:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise ReadingsError(f"The {what} file is not readable Parquet ({error}).") from error
    columns: Columns = table.to_pydict()
    return columns


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
