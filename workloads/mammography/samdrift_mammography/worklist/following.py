"""Keeps the worklist's table in step with the ledger: what of its entries is written anew when an item changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_mammography import readings
from samdrift_mammography.tables import worklist, worklist_head
from samdrift_mammography.worklist.entry import GROUPS, Stage, entry
from samdrift_platform.ledger import items
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.following import Follower
from samdrift_platform.ledger.tables import effects, work_items

WORKLOAD = "mammography"
#: An entry in one of these does not supersede the earlier ones of its exam.
_NEVER_NEWER = (Stage.REFUSED, Stage.CANCELLED)

_newer = worklist.alias("newer")
#: There is a later entry for the same exam.
_NEWER = sa.exists().where(
    _newer.c.exam == worklist.c.exam, _newer.c.seq > worklist.c.seq, _newer.c.stage.not_in(_NEVER_NEWER)
)


def catch_up(ledger: Ledger) -> int:
    """Bring the table up to the newest event; the number of events looked at. Cheap when there is nothing new."""
    return _FOLLOWER.catch_up(ledger)


def refresh(connection: sa.Connection, item_ids: Sequence[UUID]) -> None:
    """Write the entries of these items anew; those of other workloads are left out."""
    rows = _entries(connection, item_ids)
    if not rows:
        return
    connection.execute(sa.delete(worklist).where(worklist.c.item_id.in_([row["item_id"] for row in rows])))
    connection.execute(sa.insert(worklist), rows)
    _supersede(connection, [row["exam"] for row in rows if row["exam"]])
    withdrawn = [row["exam"] for row in rows if row["exam"] and row["stage"] in _NEVER_NEWER]
    if stands_again := _superseded(connection, withdrawn):  # one of an exam, so no more than were given
        refresh(connection, stands_again)


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


_FOLLOWER = Follower(name="mammography worklist", head=worklist_head, refresh=refresh)
