"""Old readings out of the database: one Parquet object a building, read together with the rows that are newer.

Rows are deleted in the transaction that writes down the object which holds them, and only exactly those that were read
for it; whatever came meanwhile stays and goes into the next archive. Nothing is lost where that is interrupted.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from samdrift_energy_forecast.tables import reading_archives, readings
from samdrift_platform.errors import ConflictError, InputError, SamdriftError
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.database import take_turns

if TYPE_CHECKING:
    import pandas as pd

    from samdrift_platform.contract import Store
    from samdrift_platform.ledger.database import Ledger

#: Readings that stay in the database: more than a night's order asks for.
LEAST_AGE = timedelta(days=90)
#: Rows that one statement deletes.
_AT_ONCE = 5_000
COLUMNS = ("series", "stamp", "value", "received_at", "source")


class ArchivedReadingsError(SamdriftError):
    """Readings that are asked for lie in the building's archive. Ask with the object store."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Where a building's old readings are."""

    building: str
    #: In the object store.
    object: str
    #: The newest stamp in it.
    end: datetime
    rows: int
    #: Series -> its newest stamp in it, ISO 8601.
    latest: Mapping[str, str]


def find(connection: sa.Connection, building: str) -> Archive | None:
    """The building's archive, if it has one."""
    table = reading_archives
    query = sa.select(table.c.building, table.c.object, table.c.end, table.c.rows, table.c.latest).where(
        table.c.building == building
    )
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Archive(**row)


def overlapping(connection: sa.Connection, building: str, first: datetime, store: Store | None) -> pd.DataFrame | None:
    """Archived rows of the building, where some are newer than `first`; columns as COLUMNS.

    Raises:
        ArchivedReadingsError: there are, and no `store` to read them from.
    """
    found = find(connection, building)
    if found is None or found.end <= first:
        return None
    if store is None:
        raise ArchivedReadingsError
    return _loaded(store, found)


def archive(
    ledger: Ledger, store: Store, building: str, *, before: datetime, now: datetime, by: str = "operator"
) -> int:
    """Move readings with stamps up to `before` out of the database; how many rows were moved.

    Raises:
        InputError: `before` is less than LEAST_AGE ago.
        ConflictError: readings or archive changed meanwhile; nothing was moved.
    """
    if before > now - LEAST_AGE:
        raise InputError(
            f"Readings stay in the database for {LEAST_AGE.days} days. Name an earlier time.", field="before"
        )
    with ledger.read() as connection:
        known = find(connection, building)
        seqs, frame = _rows(connection, building, before)
    if not seqs:
        return 0
    made = _merged([frame] if known is None else [_loaded(store, known), frame])
    reference = store.put(_parquet(made))
    with ledger.write() as connection:
        take_turns(connection, f"energy_forecast_archive:{building}")
        if find(connection, building) != known or _deleted(connection, seqs) != len(seqs):
            raise ConflictError(f"Readings of {building!r} changed while they were archived. Try again.")
        _write(connection, building, reference, made, now)
        details = {"rows": len(seqs), "object": reference}
        event = audit.Event(actor=by, action="readings.archived", subject=f"building:{building}", details=details)
        audit.append(connection, [event], now=now)
    return len(seqs)


def _rows(connection: sa.Connection, building: str, before: datetime) -> tuple[list[int], pd.DataFrame]:
    import pandas as pd

    query = (
        sa.select(readings.c.seq, *(readings.c[name] for name in COLUMNS))
        .where(readings.c.building == building, readings.c.stamp <= before)
        .order_by(readings.c.stamp, readings.c.seq)
    )
    rows = connection.execute(query).all()
    return [row[0] for row in rows], _typed(pd.DataFrame([tuple(row[1:]) for row in rows], columns=list(COLUMNS)))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    for name in ("stamp", "received_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    return frame.astype({"series": "str", "value": "float64", "source": "str"})


def _merged(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """In the order of stamps; a reading that was sent again after it was archived is known since the first time."""
    import pandas as pd

    whole = pd.concat(frames, ignore_index=True).sort_values("stamp", kind="stable")
    return whole.drop_duplicates(["series", "stamp", "value"], keep="first").reset_index(drop=True)


def _parquet(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.to_parquet(sink, index=False, compression="zstd")
    return sink.getvalue()


def _loaded(store: Store, found: Archive) -> pd.DataFrame:
    import pandas as pd

    return _typed(pd.read_parquet(io.BytesIO(store.get(found.object))))


def _deleted(connection: sa.Connection, seqs: list[int]) -> int:
    deleted = 0
    for begin in range(0, len(seqs), _AT_ONCE):
        chosen = readings.c.seq.in_(seqs[begin : begin + _AT_ONCE])
        deleted += connection.execute(sa.delete(readings).where(chosen)).rowcount
    return deleted


def _write(connection: sa.Connection, building: str, reference: str, made: pd.DataFrame, now: datetime) -> None:
    values: dict[str, Any] = {
        "object": reference,
        "end": made["stamp"].iloc[-1].to_pydatetime(),
        "rows": len(made),
        "latest": {name: stamp.isoformat() for name, stamp in made.groupby("series")["stamp"].max().items()},
        "made_at": now,
    }
    table = reading_archives
    changed = connection.execute(sa.update(table).where(table.c.building == building).values(values))
    if not changed.rowcount:
        connection.execute(sa.insert(table).values({"building": building, **values}))
