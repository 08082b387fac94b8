"""Series from files, for an installation that reaches no service: ours, and the downloads of Energi Data Service."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering import table_files
from samdrift_energy_forecast.sources import energi_data_service as eds
from samdrift_energy_forecast.sources.issued_table import IssuedTable, issued_table, read_issued_table

#: First part of a series' name -> the columns that it has. The second part says where: `dmi:12.55,55.70`.
COLUMNS: Mapping[str, Sequence[str]] = {
    "dmi": ("temperature_c", "global_radiation_w_m2"),
    "dmi-observed": ("temperature_c", "global_radiation_w_m2"),
    "dayahead": (eds.PRICE,),
    "co2": (eds.CO2,),
    "co2-foreseen": (eds.CO2,),
}
_DATASETS = {"dayahead": (eds.DAY_AHEAD, eds.ELSPOT), "co2": (eds.CO2_MEASURED,), "co2-foreseen": (eds.CO2_FORESEEN,)}


def table_of_file(data: bytes, series: str, *, issued: datetime | None, fetched: datetime) -> IssuedTable:
    """The table in a CSV or Parquet file for the series named `series`.

    A table of ours has `stamp`, the series' columns and `issued`, unless `issued` is given for all of it. Of
    observations each hour counts as known at its end. Downloads of Energi Data Service are known by their UTC column.

    Raises:
        ReadingsError: the file is not such a table, or the series is not one of `COLUMNS`.
        SourceAnswerError: a download holds what cannot be.
    """
    kind, _, where = series.partition(":")
    if kind not in COLUMNS or not where:
        raise ReadingsError(f"{series!r} is no series. Use one of {', '.join(f'{name}:…' for name in COLUMNS)}.")
    columns = _columns(data)
    dataset = next((one for one in _DATASETS.get(kind, ()) if one.stamp in columns and one.value in columns), None)
    if dataset is not None:
        return _download(columns, dataset, kind, where, issued or fetched)
    table = _observed(data) if kind in ("dmi-observed", "co2") else read_issued_table(data, issued=issued)
    if set(table.columns) != set(COLUMNS[kind]):
        raise ReadingsError(f"A table of {series} has the columns {', '.join(COLUMNS[kind])} beside issued and stamp.")
    return table


def _columns(data: bytes) -> table_files.Columns:
    """Columns of a file; a CSV with semicolons and decimal commas is read as Energi Data Service writes it."""
    if data.startswith(table_files.PARQUET_MAGIC) or b";" not in data.partition(b"\n")[0]:
        return table_files.read_table(data, "series")
    text = io.StringIO(data.decode("utf-8-sig"))
    rows = list(csv.DictReader(text, delimiter=";"))
    return {name: [(row[name] or "").replace(",", ".") for row in rows] for name in (rows[0] if rows else {})}


def _download(columns: table_files.Columns, dataset: eds.Dataset, kind: str, area: str, known: datetime) -> IssuedTable:
    names = [dataset.stamp, "PriceArea", dataset.value]
    if "PriceArea" not in columns:
        raise ReadingsError(f"The {dataset.name} file has no column PriceArea, so nobody knows whose values they are.")
    records = [_record(names, row) for row in zip(*(columns[name] for name in names), strict=True)]
    found = eds.hourly_means((record for record in records if record["PriceArea"] == area), dataset, area)
    if not found:
        raise ReadingsError(f"The {dataset.name} file has no whole hour for {area}.")
    if kind == "dayahead":
        return eds.price_table(found, known)
    issued = {hour: hours.end_of(hour) if kind == "co2" else known for hour in found}
    return issued_table([eds.CO2], ((issued[hour], hour, [found[hour]]) for hour in sorted(found)))


def _record(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    record = dict(zip(names, row, strict=True))
    stamp = record[names[0]]
    record[names[0]] = stamp.isoformat() if isinstance(stamp, datetime) else str(stamp)
    record[names[2]] = None if record[names[2]] in ("", None) else record[names[2]]
    return record


def _observed(data: bytes) -> IssuedTable:
    """A table of measured values: what was known at the end of its hour needs no column `issued`."""
    columns = table_files.read_table(data, "series")
    ends = table_files.stamps(table_files.column(columns, "stamp", "series"), "stamp", "series")
    names = [name for name in columns if name not in ("issued", "stamp")]
    values = [table_files.numbers(columns[name], name, "series", may_be_missing=True) for name in names]
    rows = ((end, hours.ending_at(end), [series[place] for series in values]) for place, end in enumerate(ends))
    return issued_table(names, rows)
