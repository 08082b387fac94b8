"""Hourly values with the time at which each was known beside the hour that it is for."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.metering import table_files

WHAT = "series"


@dataclass(frozen=True, kw_only=True)
class IssuedTable:
    """Rows of one series: `issued[i]` is when the values of hour `hours[i]` were known. NaN: there was none.

    The same hour may stand there several times, issued at different times.
    """

    #: Aware, UTC.
    issued: tuple[datetime, ...]
    #: See `hours`: hour `h` begins `h` hours after 1970-01-01T00:00Z.
    hours: tuple[int, ...]
    #: Name, which ends in the unit, -> one value a row.
    columns: Mapping[str, tuple[float, ...]]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.hours)

    def as_known(self, at: datetime) -> IssuedTable:
        """One row an hour, in order: of those issued by `at` the latest. What was issued later does not enter."""
        chosen: dict[int, int] = {}
        for row in sorted(range(len(self)), key=lambda row: self.issued[row]):
            if self.issued[row] <= at:
                chosen[self.hours[row]] = row
        return self._rows([chosen[hour] for hour in sorted(chosen)])

    def window(self, first: int, end: int) -> IssuedTable:
        """Rows of hours `first` to `end - 1`."""
        return self._rows([row for row, hour in enumerate(self.hours) if first <= hour < end])

    def joined(self, other: IssuedTable) -> IssuedTable:
        """The rows of both, which have the same columns."""
        columns = {name: (*values, *other.columns[name]) for name, values in self.columns.items()}
        return IssuedTable(issued=(*self.issued, *other.issued), hours=(*self.hours, *other.hours), columns=columns)

    def by_hour(self) -> dict[int, dict[str, float]]:
        """Hour -> its values, of a table `as_known`."""
        return {
            hour: {name: values[row] for name, values in self.columns.items()} for row, hour in enumerate(self.hours)
        }

    def to_csv(self) -> bytes:
        """`issued, stamp, <columns>`; a stamp is the END of its hour; the same rows give the same bytes."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["issued", "stamp", *self.columns])
        for row, (issued, hour) in enumerate(zip(self.issued, self.hours, strict=True)):
            values = [_cell(values[row]) for values in self.columns.values()]
            writer.writerow([_written(issued), _written(hours.end_of(hour)), *values])
        return text.getvalue().encode()

    def _rows(self, rows: Sequence[int]) -> IssuedTable:
        return IssuedTable(
            issued=tuple(self.issued[row] for row in rows),
            hours=tuple(self.hours[row] for row in rows),
            columns={name: tuple(values[row] for row in rows) for name, values in self.columns.items()},
        )


def issued_table(names: Sequence[str], rows: Iterable[tuple[datetime, int, Sequence[float]]]) -> IssuedTable:
    """A table with the columns `names` from rows of issue time, hour and values."""
    listed = list(rows)
    return IssuedTable(
        issued=tuple(issued for issued, _, _ in listed),
        hours=tuple(hour for _, hour, _ in listed),
        columns={name: tuple(values[place] for _, _, values in listed) for place, name in enumerate(names)},
    )


def read_issued_table(data: bytes, *, issued: datetime | None = None) -> IssuedTable:
    """A table from CSV or Parquet: `issued` (or all of it issued at `issued`), `stamp` and at least one value column.

    Raises:
        ReadingsError: the file is not such a table, with the row.
    """
    columns = table_files.read_table(data, WHAT)
    ends = table_files.stamps(table_files.column(columns, "stamp", WHAT), "stamp", WHAT)
    known = [issued] * len(ends) if issued else table_files.instants(_issued(columns), "issued", WHAT)
    names = [name for name in columns if name not in ("issued", "stamp")]
    if not names:
        raise ReadingsError(f"The {WHAT} file has no column beside issued and stamp.")
    values = {name: tuple(table_files.numbers(columns[name], name, WHAT, may_be_missing=True)) for name in names}
    return IssuedTable(issued=tuple(known), hours=tuple(map(hours.ending_at, ends)), columns=values)


def end_of_the_hour(instant: datetime) -> datetime:
    """`instant`, or the end of the hour that it lies in: never earlier, so nothing is known too early."""
    whole = instant.replace(minute=0, second=0, microsecond=0)
    return whole if whole == instant else whole + timedelta(hours=1)


def without_issued(table: IssuedTable) -> bytes:
    """CSV as `to_csv`, without the column `issued`: observations, each known at the end of its hour."""
    lines = table.to_csv().decode().splitlines()
    return "".join(line.partition(",")[2] + "\n" for line in lines).encode()


def _issued(columns: table_files.Columns) -> list[object]:
    if "issued" not in columns:
        raise ReadingsError("The series file has no column `issued`. Say when all of it was known, or add the column.")
    return columns["issued"]


def _written(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _cell(value: float) -> str:
    return "" if math.isnan(value) else format(value, ".6g")
