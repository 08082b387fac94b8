"""A workload's table that follows the ledger, by the audit chain.

Every change of an item is an audit event in the same transaction, and events are numbered in the order in which they
are committed. So whoever has looked at all events up to the newest has missed no item: nothing has to be searched, and
the table can be emptied and made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger.database import Ledger, take_turns
from samdrift_platform.ledger.tables import audit_events, audit_head, submission_items

_ONE_ROW = 1


@dataclass(frozen=True, kw_only=True)
class Follower:
    """How one table follows the chain."""

    #: Whose turn it is: whoever follows under the same name waits for the other.
    name: str
    #: A table of one row: its `id`, and `seq`, the event up to which the table has followed.
    head: sa.Table
    #: Writes what the table says of these items anew, also when it did so before; skips those of other workloads.
    refresh: Callable[[sa.Connection, Sequence[UUID]], None]
    #: Events looked at in one transaction: others can write in between.
    events: int = 1_000
    #: Items that `refresh` is given at once.
    items: int = 250

    def catch_up(self, ledger: Ledger) -> int:
        """Bring the table up to the newest event; the number of events looked at. Cheap when there is nothing new."""
        looked_at = 0
        while self._behind(ledger):
            with ledger.write() as connection:
                take_turns(connection, self.name)
                looked_at += self._step(connection)
        return looked_at

    def _behind(self, ledger: Ledger) -> bool:
        with ledger.read() as connection:
            newest = connection.execute(sa.select(audit_head.c.seq)).scalar_one()
            return bool(newest > self._position(connection))

    def _position(self, connection: sa.Connection) -> int:
        return connection.execute(sa.select(self.head.c.seq)).scalar() or 0

    def _step(self, connection: sa.Connection) -> int:
        news = sa.select(audit_events.c.seq, audit_events.c.subject)
        news = news.where(audit_events.c.seq > self._position(connection))
        events = connection.execute(news.order_by(audit_events.c.seq).limit(self.events)).all()
        if not events:  # somebody else had the turn before, and looked at them
            return 0
        for chunk in _chunks(self._items_of(connection, [subject for _, subject in events]), self.items):
            self.refresh(connection, chunk)
        connection.execute(sa.delete(self.head))
        connection.execute(sa.insert(self.head).values(id=_ONE_ROW, seq=events[-1].seq))
        return len(events)

    def _items_of(self, connection: sa.Connection, subjects: Sequence[str]) -> dict[UUID, None]:
        """Items that the events are about, and all items of submissions that they are about, each once."""
        named = dict.fromkeys(subjects)
        found = dict.fromkeys(_identified(named, "item"))
        for chunk in _chunks(_identified(named, "submission"), self.items):
            query = sa.select(submission_items.c.item_id).where(submission_items.c.submission_id.in_(chunk))
            found |= dict.fromkeys(connection.execute(query).scalars())
        return found


def _chunks(ids: Iterable[UUID], size: int) -> Iterator[list[UUID]]:
    """In lists of at most `size`: a query names no more at once."""
    left = iter(ids)
    while chunk := list(islice(left, size)):
        yield chunk


def _identified(subjects: Iterable[str], kind: str) -> Iterator[UUID]:
    """The identifiers in subjects like "item:7c9e…"; one that is none names no item, and must not stop the table."""
    for subject in subjects:
        of, _, text = subject.partition(":")
        if of == kind:
            with suppress(ValueError):
                yield UUID(text)
