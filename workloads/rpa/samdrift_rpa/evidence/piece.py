"""One piece of evidence: where it lies, of which effect, and until when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from samdrift_rpa.tables import evidence


class Kind(StrEnum):
    """What a piece is."""

    #: PNG of the page where the form ended.
    PICTURE = "picture"
    #: Playwright's trace.zip: `playwright show-trace FILE`, or trace.playwright.dev without sending anything.
    TRACE = "trace"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One piece of evidence."""

    id: UUID
    #: Of the effect that the robot was making.
    effect_key: UUID
    receiver: str
    kind: Kind
    #: Its encrypted bytes in the object store.
    object: str
    #: Fingerprint of the key that it was encrypted with.
    key: str
    failed: bool
    made_at: datetime
    expires_at: datetime


def add(connection: sa.Connection, pieces: Sequence[Piece]) -> None:
    """Record pieces whose objects are stored."""
    if pieces:
        connection.execute(sa.insert(evidence), [vars(piece) for piece in pieces])


def of_effects(connection: sa.Connection, keys: Collection[UUID]) -> list[Piece]:
    """The pieces of these effects, oldest first."""
    query = sa.select(evidence).where(evidence.c.effect_key.in_(keys)).order_by(evidence.c.made_at, evidence.c.kind)
    return [_from_row(row) for row in connection.execute(query).mappings()]


def expired(connection: sa.Connection, *, now: datetime, limit: int, offset: int = 0) -> list[Piece]:
    """Pieces whose time is over."""
    query = sa.select(evidence).where(evidence.c.expires_at <= now).order_by(evidence.c.expires_at, evidence.c.id)
    return [_from_row(row) for row in connection.execute(query.limit(limit).offset(offset)).mappings()]


def forget(connection: sa.Connection, pieces: Collection[Piece]) -> None:
    """Remove the rows of pieces whose objects are gone."""
    connection.execute(sa.delete(evidence).where(evidence.c.id.in_([piece.id for piece in pieces])))


def keys_in_use(connection: sa.Connection) -> set[str]:
    """Fingerprints of the keys that some piece needs."""
    return {str(row[0]) for row in connection.execute(sa.select(evidence.c.key).distinct())}


def _from_row(row: sa.RowMapping) -> Piece:
    return Piece(**{**row, "kind": Kind(row["kind"])})
