"""Objects that erased items named, and until when each stays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from samdrift_platform.ledger.tables import expiring_objects

_CHUNK = 500


def remember(connection: sa.Connection, uses: Mapping[str, datetime]) -> None:
    """Object reference -> until when. An object that two items named stays as long as either wants."""
    rows = [{"reference": reference, "until": until} for reference, until in sorted(uses.items())]
    if not rows:
        return
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(expiring_objects)
    new, kept = insert.excluded.until, expiring_objects.c.until
    later = {"until": sa.case((new > kept, new), else_=kept)}
    connection.execute(insert.on_conflict_do_update(index_elements=["reference"], set_=later), rows)


def expired(connection: sa.Connection, *, now: datetime) -> list[str]:
    """Those whose time is over."""
    query = sa.select(expiring_objects.c.reference).where(expiring_objects.c.until <= now)
    return list(connection.execute(query.order_by(expiring_objects.c.reference)).scalars())


def forget(connection: sa.Connection, gone: Collection[str], *, now: datetime) -> None:
    """These were removed; or something living refers to them, and says so again when its own time is over."""
    for chunk in _chunks(sorted(gone)):
        this = sa.and_(expiring_objects.c.reference.in_(chunk), expiring_objects.c.until <= now)
        connection.execute(sa.delete(expiring_objects).where(this))


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
