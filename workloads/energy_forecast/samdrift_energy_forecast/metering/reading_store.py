"""Readings as they came: appended in batches, repeats ignored, contradictions kept, read back as known at an instant.

Nothing is repaired here: which of two contradicting readings counts, and what a counter's reset means, is for `quality`
to judge, and for people.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from samdrift_energy_forecast.metering import reading_archive
from samdrift_energy_forecast.metering.series import RoomSeries, Series, is_room, named
from samdrift_energy_forecast.tables import readings
from samdrift_platform.ledger.database import insert_new

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from samdrift_platform.contract import Store

#: Rows that one statement writes.
_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One number as a meter or sensor wrote it."""

    building: str
    series: Series | RoomSeries
    #: Aware: as the meter stamped it, with its time zone resolved.
    stamp: datetime
    #: In the series' own unit; None: it said that it has none.
    value: float | None


class Kept(StrEnum):
    """What came of one reading."""

    #: It was new.
    STORED = "stored"
    #: The same one is here already.
    REPEATED = "repeated"
    #: It was stored beside another value for the same stamp; which one counts is for quality control to say.
    CONFLICTING = "conflicting"


_Key: TypeAlias = tuple[str, str, datetime]


def append(connection: sa.Connection, new: Sequence[Reading], *, source: str, now: datetime) -> list[Kept]:
    """Store readings of buildings that are known; what came of each, in the order given.

    Args:
        connection: of a transaction that writes.
        new: in any order, of any buildings.
        source: `file:<name>` or `push:<user>`.
        now: when they became known here.
    """
    held = _values_held(connection, new)
    told: list[Kept] = []
    rows = []
    for reading in new:
        values = held.setdefault(_key(reading), set())
        if reading.value in values:
            told.append(Kept.REPEATED)
            continue
        told.append(Kept.CONFLICTING if reading.value is not None and values - {None} else Kept.STORED)
        values.add(reading.value)
        rows.append(_row(reading, source[:80], now))
    for begin in range(0, len(rows), _AT_ONCE):
        insert_new(connection, readings, rows[begin : begin + _AT_ONCE])
    return told


def read_back(
    connection: sa.Connection, building: str, *, first: datetime, end: datetime, known_at: datetime
) -> list[tuple[Series | RoomSeries, datetime, float | None, datetime]]:
    """Series, stamp, value and time of receipt of what was received by `known_at`, in the order of stamps.

    Stamps from `first` (left out) to `end` (taken in): a stamp at the end of an hour belongs to the hour before it.
    """
    query = (
        sa.select(readings.c.series, readings.c.stamp, readings.c.value, readings.c.received_at)
        .where(readings.c.building == building, readings.c.stamp > first, readings.c.stamp <= end)
        .where(readings.c.received_at <= known_at)
        .order_by(readings.c.stamp, readings.c.seq)
    )
    return [(named(series), stamp, value, received) for series, stamp, value, received in connection.execute(query)]


def latest(connection: sa.Connection, building: str) -> dict[Series | RoomSeries, datetime]:
    """The newest stamp of each series."""
    query = (
        sa.select(readings.c.series, sa.func.max(readings.c.stamp, type_=readings.c.stamp.type))
        .where(readings.c.building == building)
        .group_by(readings.c.series)
    )
    found = reading_archive.find(connection, building)
    archived = {} if found is None else found.latest
    return {named(name): datetime.fromisoformat(stamp) for name, stamp in archived.items()} | {
        named(series): stamp for series, stamp in connection.execute(query)
    }


def order_table(
    connection: sa.Connection,
    building: str,
    *,
    first: datetime,
    end: datetime,
    known_at: datetime,
    store: Store | None = None,
) -> bytes:
    """The readings of an order as Parquet: `stamp` (UTC) and a column a series; empty bytes where nothing is known.

    Readings that contradict each other stand in rows of their own with the same stamp, for quality control to find.
    Readings older than `reading_archive.LEAST_AGE` may lie in the object store, and then need `store`.

    Raises:
        ArchivedReadingsError: some do, and there is no `store`.
    """
    parts = [
        _archived(connection, building, first, end, known_at, store),
        _rows(connection, building, first, end, known_at),
    ]
    known = [part for part in parts if part is not None]
    return _parquet(_wide(_together(known))) if known else b""


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Readings in the order of stamps and, of one stamp, of receipt; arrays have shape `(n,)`."""

    series: NDArray[np.str_]
    instants: NDArray[np.datetime64]
    values: NDArray[np.float64]


def _rows(
    connection: sa.Connection, building: str, first: datetime, end: datetime, known_at: datetime
) -> _Columns | None:
    import numpy as np

    # Stamps as the driver gives them: a fleet has thousands a building, and one conversion for all of them is faster.
    columns = (readings.c.series, sa.type_coerce(readings.c.stamp, sa.String()), readings.c.value)
    query = (
        sa.select(*columns)
        .where(readings.c.building == building, readings.c.stamp > first, readings.c.stamp <= end)
        .where(readings.c.received_at <= known_at)
        .order_by(readings.c.stamp, readings.c.seq)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    series, stamps, values = zip(*rows, strict=True)
    return _Columns(series=np.array(series), instants=_instants(stamps), values=np.array(values, dtype=np.float64))


def _archived(
    connection: sa.Connection, building: str, first: datetime, end: datetime, known_at: datetime, store: Store | None
) -> _Columns | None:
    import numpy as np

    frame = reading_archive.overlapping(connection, building, first, store)
    if frame is None:
        return None
    frame = frame[(frame["stamp"] > first) & (frame["stamp"] <= end) & (frame["received_at"] <= known_at)]
    if frame.empty:
        return None
    return _Columns(
        series=frame["series"].to_numpy(dtype=np.str_),
        instants=frame["stamp"].dt.tz_localize(None).to_numpy(dtype="datetime64[us]"),
        values=frame["value"].to_numpy(dtype=np.float64),
    )


def _together(parts: Sequence[_Columns]) -> _Columns:
    """Archived readings first; one that was sent again after it was archived counts once."""
    import numpy as np
    import pandas as pd

    if len(parts) == 1:
        return parts[0]
    frame = pd.concat(
        [pd.DataFrame({"s": part.series, "i": part.instants, "v": part.values}) for part in parts], ignore_index=True
    )
    frame = frame.sort_values("i", kind="stable").drop_duplicates(keep="first")
    return _Columns(
        series=frame["s"].to_numpy(dtype=np.str_),
        instants=frame["i"].to_numpy(dtype="datetime64[us]"),
        values=frame["v"].to_numpy(dtype=np.float64),
    )


#: Series -> its column in an order's table; a room's series is its column.
COLUMNS: Mapping[Series, str] = {
    Series.HEAT: "heat",  # as the meter writes; `readings` reads it by the building's description
    Series.INDOOR: "indoor_c",
    Series.COLDEST_ROOM: "coldest_room_c",
    Series.VOLUME: "volume_m3",
    Series.RETURN: "return_c",
    Series.OCCUPANCY: "occupancy",
}


def _wide(known: _Columns) -> pa.Table:
    """A row a stamp, in order, and a column a series; where one has several values for a stamp, so many rows."""
    import numpy as np
    import pyarrow as pa

    instants, places = np.unique(known.instants, return_inverse=True)
    names, numbers, present = known.series, known.values, set(known.series.tolist())
    chosen = [*(each for each in Series if each in present), *sorted(name for name in present if is_room(name))]
    told = [_told(places[names == str(each)], numbers[names == str(each)]) for each in chosen]
    depths = np.zeros(len(instants), dtype=np.int64)
    for said in told:
        np.maximum.at(depths, said.places, said.ranks + 1)
    begins = np.cumsum(depths) - depths
    columns: dict[str, pa.Array] = {"stamp": pa.array(np.repeat(instants, depths)).cast(pa.timestamp("us", tz="UTC"))}
    for each, said in zip(chosen, told, strict=True):
        column = np.full(int(depths.sum()), np.nan)
        column[begins[said.places] + said.ranks] = said.values
        columns[COLUMNS[each] if isinstance(each, Series) else each] = pa.array(column, from_pandas=True)
    return pa.table(columns)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """One series in the order of stamps; arrays have shape `(n,)`."""

    #: Which of the order's stamps each value is for.
    places: NDArray[np.int64]
    #: 0 for the first value of a stamp, 1 for one that contradicts it.
    ranks: NDArray[np.int64]
    values: NDArray[np.float64]


def _told(places: NDArray[np.int64], values: NDArray[np.float64]) -> _Told:
    """A value says more than that there was none, so of both only the value is kept."""
    import numpy as np

    known = np.isfinite(values)
    has_value = np.zeros(int(places.max()) + 1, dtype=np.bool_)
    has_value[places[known]] = True
    kept = known | ~has_value[places]
    places = places[kept]
    ranks = np.arange(len(places)) - np.searchsorted(places, places)
    return _Told(places=places, ranks=ranks, values=values[kept])


def _instants(stamps: Sequence[str | datetime]) -> NDArray[np.datetime64]:
    """UTC, from the text that SQLite keeps or the aware times that PostgreSQL gives."""
    import pyarrow as pa

    if isinstance(stamps[0], str):
        found = pa.array(stamps).cast(pa.timestamp("us"))
    else:
        found = pa.array(stamps, pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
    instants: NDArray[np.datetime64] = found.to_numpy(zero_copy_only=False)
    return instants


def _parquet(table: pa.Table) -> bytes:
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _values_held(connection: sa.Connection, new: Sequence[Reading]) -> dict[_Key, set[float | None]]:
    """What is here already for the stamps of `new`."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for reading in new:
        first, last = spans.get(reading.building, (reading.stamp, reading.stamp))
        spans[reading.building] = (min(first, reading.stamp), max(last, reading.stamp))
    held: dict[_Key, set[float | None]] = {}
    columns = (readings.c.building, readings.c.series, readings.c.stamp, readings.c.value)
    for building, (first, last) in spans.items():
        query = sa.select(*columns).where(readings.c.building == building, readings.c.stamp.between(first, last))
        for row in connection.execute(query):
            held.setdefault((row[0], row[1], row[2]), set()).add(row[3])
    return held


def _key(reading: Reading) -> _Key:
    return reading.building, str(reading.series), reading.stamp.astimezone(UTC)


def _row(reading: Reading, source: str, now: datetime) -> dict[str, object]:
    return {
        "building": reading.building,
        "series": str(reading.series),
        "stamp": reading.stamp,
        "value": reading.value,
        "received_at": now,
        "source": source,
    }
