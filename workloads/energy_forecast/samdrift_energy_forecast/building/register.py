"""The buildings that are planned for, as their owners describe them: the table and its history in the audit chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.tables import buildings
from samdrift_platform.digest import digest_of
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.database import take_turns

#: Buildings that one statement asks for or writes: both databases bound the values of a statement.
_AT_ONCE = 500


class Change(StrEnum):
    """What came of putting a building."""

    #: It was not there.
    ADDED = "added"
    #: It was there with another description, or removed.
    CHANGED = "changed"
    #: It was there just so.
    UNCHANGED = "unchanged"
    #: It is not planned for any more; description and readings stay.
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A building as it stands in the table."""

    building: str
    #: The description as JSON.
    document: Mapping[str, Any]
    #: Whether the nightly run plans for it.
    is_active: bool
    changed_at: datetime
    #: Who is signed in when they changed it.
    changed_by: str

    @cached_property
    def description(self) -> BuildingDescription:
        """Read when it is asked for: lists of thousands do not need it."""
        return BuildingDescription.model_validate(self.document)

    @property
    def digest(self) -> str:
        """Digest of the description: two with the same one are the same."""
        return digest_of(self.document)


def put(
    connection: sa.Connection, descriptions: Sequence[BuildingDescription], *, by: str, now: datetime
) -> dict[str, Change]:
    """Write buildings, adding or replacing them; what came of each, by its id.

    Each change is an audit event on `building:<id>` with the description's digest, without who gets the plans.
    """
    take_turns(connection, "energy_forecast_buildings")
    held = _held(connection, [one.id for one in descriptions])
    documents = {one.id: one.model_dump(mode="json") for one in descriptions}
    changes = {building: _change(document, held.get(building)) for building, document in documents.items()}
    changed = {building: documents[building] for building, change in changes.items() if change is not Change.UNCHANGED}
    rows = [
        {"building": building, "description": document, "is_active": True, "changed_at": now, "changed_by": by}
        for building, document in changed.items()
    ]
    _write(connection, rows)
    events = [
        _event(by, changes[building], building, {"digest": _digest_without_people(document)})
        for building, document in changed.items()
    ]
    audit.append(connection, events, now=now)
    return changes


def remove(connection: sa.Connection, building: str, *, by: str, now: datetime) -> Change:
    """Plan for a building no more; its description and readings stay.

    Raises:
        NotFoundError: there is no such building.
    """
    take_turns(connection, "energy_forecast_buildings")
    if not find(connection, building).is_active:
        return Change.UNCHANGED
    connection.execute(
        sa.update(buildings)
        .where(buildings.c.building == building)
        .values(is_active=False, changed_at=now, changed_by=by)
    )
    audit.append(connection, [_event(by, Change.REMOVED, building, {})], now=now)
    return Change.REMOVED


def find(connection: sa.Connection, building: str) -> Registered:
    """The building with this id, active or not.

    Raises:
        NotFoundError: there is none.
    """
    row = connection.execute(sa.select(buildings).where(buildings.c.building == building)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no building {building!r} here. Add it with `samdrift energy building add FILE`.",
            field="building",
        )
    return _registered(row)


def known(connection: sa.Connection, ids: Sequence[str]) -> dict[str, Registered]:
    """Those of `ids` that are here, active or not, by id."""
    found: dict[str, Registered] = {}
    for begin in range(0, len(ids), _AT_ONCE):
        query = sa.select(buildings).where(buildings.c.building.in_(ids[begin : begin + _AT_ONCE]))
        found |= {row["building"]: _registered(row) for row in connection.execute(query).mappings()}
    return found


def each(
    connection: sa.Connection, *, after: str = "", limit: int | None = None, active_only: bool = True
) -> Iterator[Registered]:
    """Buildings in the order of their ids, from the one that follows `after`."""
    query = sa.select(buildings).where(buildings.c.building > after).order_by(buildings.c.building).limit(limit)
    if active_only:
        query = query.where(buildings.c.is_active)
    for row in connection.execute(query).mappings():
        yield _registered(row)


def count(connection: sa.Connection, *, active_only: bool = True) -> int:
    """How many there are."""
    query = sa.select(sa.func.count()).select_from(buildings)
    if active_only:
        query = query.where(buildings.c.is_active)
    return int(connection.execute(query).scalar_one())


def history(connection: sa.Connection, building: str) -> list[audit.Record]:
    """Who changed a building and when, oldest first."""
    return audit.events_of(connection, _subject(building))


def _held(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[Mapping[str, Any], bool]]:
    held: dict[str, tuple[Mapping[str, Any], bool]] = {}
    for begin in range(0, len(ids), _AT_ONCE):
        query = sa.select(buildings.c.building, buildings.c.description, buildings.c.is_active)
        rows = connection.execute(query.where(buildings.c.building.in_(ids[begin : begin + _AT_ONCE])))
        held |= {building: (description, is_active) for building, description, is_active in rows}
    return held


def _change(document: Mapping[str, Any], held: tuple[Mapping[str, Any], bool] | None) -> Change:
    if held is None:
        return Change.ADDED
    return Change.UNCHANGED if held == (document, True) else Change.CHANGED


def _write(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    new = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(buildings)
    replaced = {name: new.excluded[name] for name in ("description", "is_active", "changed_at", "changed_by")}
    connection.execute(new.on_conflict_do_update(index_elements=["building"], set_=replaced), list(rows))


def _registered(row: sa.RowMapping) -> Registered:
    return Registered(
        building=row["building"],
        document=row["description"],
        is_active=row["is_active"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


def _event(by: str, change: Change, building: str, details: Mapping[str, Any]) -> audit.Event:
    return audit.Event(actor=by, action=f"building.{change}", subject=_subject(building), details=details)


def _subject(building: str) -> str:
    return f"building:{building}"


def _digest_without_people(document: Mapping[str, Any]) -> str:
    """Addresses stay out: a digest of few unknowns can be found by trying all of them."""
    return digest_of({name: value for name, value in document.items() if name != "delivery"})
