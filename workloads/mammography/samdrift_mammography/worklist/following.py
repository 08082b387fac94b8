"""Keeps the worklist's table in step with the ledger, by its audit chain.

Every change of an item is an audit event in the same transaction, and events are numbered in the order in which they
are committed. So whoever has looked at all events up to the newest has missed no item: nothing has to be searched, and
the table can be emptied and made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_mammography import readings
from samdrift_mammography.tables import worklist, worklist_head
from samdrift_mammography.worklist.entry import GROUPS, Stage, entry
from samdrift_platform.ledger import items
from samdrift_platform.ledger.database import Ledger, take_turns
from samdrift_platform.ledger.tables import audit_events, audit_head, effects, submission_items, work_items

WORKLOAD = "mammography"
#: Events looked at in one transaction: others can write in between.
EVENTS = 1_000
#: Items read at once.
_CHUNK = 250
#: An entry in one of these does not supersede the earlier ones of its exam.
_NEVER_NEWER = (Stage.REFUSED, Stage.CANCELLED)
_ONE_ROW = 1

_newer = worklist.alias("newer")
#: There is a later entry for the same exam.
_NEWER = sa.exists().where(
    _newer.c.exam == worklist.c.exam, _newer.c.seq > worklist.c.seq, _newer.c.stage.not_in(_NEVER_NEWER)
)


def catch_up(ledger: Ledger) -> int:
    """Bring the table up to the newest event; the number of events looked at. Cheap when there is nothing new."""
    looked_at = 0
    while _behind(ledger):
        with ledger.write() as connection:
            take_turns(connection, "mammography worklist")
            looked_at += _step(connection)
    return looked_at


def refresh(connection: sa.Connection, item_ids: Sequence[UUID]) -> None:
    """Write the entries of these items anew; those of other workloads are left out."""
    for chunk in _chunks(item_ids):
        rows = _entries(connection, chunk)
        if not rows:
            continue
        connection.execute(sa.delete(worklist).where(worklist.c.item_id.in_([row["item_id"] for row in rows])))
        connection.execute(sa.insert(worklist), rows)
        _supersede(connection, [row["exam"] for row in rows if row["exam"]])
        withdrawn = [row["exam"] for row in rows if row["exam"] and row["stage"] in _NEVER_NEWER]
        refresh(connection, _superseded(connection, withdrawn))


def _behind(ledger: Ledger) -> bool:
    with ledger.read() as connection:
        newest = connection.execute(sa.select(audit_head.c.seq)).scalar_one()
        return bool(newest > _position(connection))


def _position(connection: sa.Connection) -> int:
    return connection.execute(sa.select(worklist_head.c.seq)).scalar() or 0


def _step(connection: sa.Connection) -> int:
    query = sa.select(audit_events.c.seq, audit_events.c.subject).where(audit_events.c.seq > _position(connection))
    events = connection.execute(query.order_by(audit_events.c.seq).limit(EVENTS)).all()
    if not events:
        return 0
    refresh(connection, list(_items_of(connection, [subject for _, subject in events])))
    connection.execute(sa.delete(worklist_head))
    connection.execute(sa.insert(worklist_head).values(id=_ONE_ROW, seq=events[-1].seq))
    return len(events)


def _items_of(connection: sa.Connection, subjects: Sequence[str]) -> dict[UUID, None]:
    """Items that the events are about, and all items of submissions that they are about, each once."""
    named = dict.fromkeys(subjects)
    found = dict.fromkeys(_identified(named, "item"))
    for chunk in _chunks(list(_identified(named, "submission"))):
        query = sa.select(submission_items.c.item_id).where(submission_items.c.submission_id.in_(chunk))
        found |= dict.fromkeys(connection.execute(query).scalars())
    return found


def _identified(subjects: Iterable[str], kind: str) -> Iterator[UUID]:
    """The identifiers in subjects like "item:7c9e…"; one that is none names no item, and must not stop the list."""
    for subject in subjects:
        of, _, text = subject.partition(":")
        if of == kind:
            with suppress(ValueError):
                yield UUID(text)


def _entries(connection: sa.Connection, item_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    mine = sa.select(work_items).where(work_items.c.id.in_(item_ids), work_items.c.workload == WORKLOAD)
    rows = connection.execute(mine).mappings().all()
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    read, sent = readings.of_items(connection, ids), _effects(connection, ids)
    return [entry(items.from_row(row), row["seq"], read.get(row["id"], ()), sent[row["id"]]) for row in rows]


def _effects(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    query = sa.select(effects.c.item_id, effects.c.state).where(effects.c.item_id.in_(item_ids))
    found: dict[UUID, list[str]] = defaultdict(list)
    for item_id, state in connection.execute(query):
        found[item_id].append(state)
    return found


def _supersede(connection: sa.Connection, exams: Sequence[str]) -> None:
    """Of the entries of one exam the newest stands, as `readings.record` has it too; refused ones do not count."""
    named = worklist.c.exam.in_(list(dict.fromkeys(exams)))
    stands = worklist.c.stage.not_in([*_NEVER_NEWER, Stage.SUPERSEDED])
    place = GROUPS[Stage.SUPERSEDED] + sa.func.substr(worklist.c.place, 2)
    connection.execute(sa.update(worklist).where(named, stands, _NEWER).values(stage=Stage.SUPERSEDED, place=place))


def _superseded(connection: sa.Connection, exams: Sequence[str]) -> list[UUID]:
    """Entries of these exams that were superseded by what was withdrawn since."""
    if not exams:
        return []
    query = sa.select(worklist.c.item_id).where(worklist.c.exam.in_(exams), worklist.c.stage == Stage.SUPERSEDED)
    return list(connection.execute(query.where(~_NEWER)).scalars())


def _chunks(ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    left = iter(ids)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk
