"""Keeps the table of cases in step with the ledger: a case's row is written anew whenever its item has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import STOPPED
from samdrift_platform.ledger.following import Follower
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.tables import effects, questions, work_items
from samdrift_rpa.hours import COPENHAGEN
from samdrift_rpa.statistics import WORKLOAD, amounts
from samdrift_rpa.tables import cases, cases_head

#: Code of a case whose reference stands with other content: the platform rejects it, no process does.
OTHER_CONTENT = "other_content"


def catch_up(ledger: Ledger) -> int:
    """Bring the table up to the newest event; the number of events looked at. Cheap when there is nothing new."""
    return _FOLLOWER.catch_up(ledger)


def _refresh(connection: sa.Connection, item_ids: Sequence[UUID]) -> None:
    """Write the rows of these items anew."""
    items = _items(connection, item_ids)
    found = [item["id"] for item in items]
    asked, parts, before = _asked(connection, found), amounts.parts_of(connection, found), _added(connection, found)
    stopped = _stopped_since(connection, [item["id"] for item in items if _waits(item)])
    rows = [
        _row(item, asked.get(item["id"], ()), stopped.get(item["id"])) | {"amounts": parts.get(item["id"], {})}
        for item in items
    ]
    amounts.add(connection, [(row, before.get(row["item_id"], {})) for row in rows])
    _write(connection, rows)


def _items(connection: sa.Connection, item_ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """This workload's of these items. One whose content was erased keeps the row that it has."""
    names = ("id", "state", "queued_at", "finished_at", "lane")
    columns = [work_items.c[name] for name in names]
    process = work_items.c.payload["process"].as_string().label("process")
    code = work_items.c.result["exception"]["code"].as_string().label("code")
    by_hand = work_items.c.result["by_hand"].as_string().label("by_hand")
    query = sa.select(*columns, process, code, by_hand, work_items.c.result.is_not(None).label("has_result"))
    query = query.where(work_items.c.id.in_(item_ids), work_items.c.workload == WORKLOAD)
    known = sa.exists().where(cases.c.item_id == work_items.c.id)
    query = query.where(sa.or_(work_items.c.erased_at.is_(None), ~known))
    return [dict(row) for row in connection.execute(query).mappings()]


def _added(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, Mapping[str, float]]:
    """Item -> its part of what was added up before."""
    query = sa.select(cases.c.item_id, cases.c.amounts).where(cases.c.item_id.in_(item_ids))
    return {row.item_id: row.amounts for row in connection.execute(query)}


def _asked(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, list[Mapping[str, Any]]]:
    """Item -> when it was asked what, and when that was decided."""
    columns = (questions.c.item_id, questions.c.asked_at, questions.c.closed_at)
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in connection.execute(sa.select(*columns).where(questions.c.item_id.in_(item_ids))).mappings():
        found.setdefault(row["item_id"], []).append(dict(row))
    return found


def _stopped_since(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Item -> since when one of its effects was refused or is unknown."""
    query = sa.select(effects.c.item_id, effects.c.finished_at).where(
        effects.c.item_id.in_(item_ids), effects.c.state.in_(STOPPED)
    )
    return {item_id: since for item_id, since in connection.execute(query) if since is not None}


def _row(item: Mapping[str, Any], asked: Sequence[Mapping[str, Any]], stopped: datetime | None) -> dict[str, Any]:
    received, finished = item["queued_at"], item["finished_at"]
    waited = [(each["closed_at"] - each["asked_at"]).total_seconds() for each in asked if each["closed_at"]]
    open_since = [each["asked_at"] for each in asked if each["closed_at"] is None] + ([stopped] if stopped else [])
    return {
        "item_id": item["id"],
        "process": item["process"] or item["lane"],
        "state": item["state"],
        "received_at": received,
        "received_on": received.astimezone(COPENHAGEN).date(),
        "finished_at": finished,
        "code": _code(item),
        "by_hand": item["by_hand"] is not None,
        "was_asked": bool(asked),
        "waited_s": sum(waited),
        "waits_since": min(open_since, default=received) if _waits(item) else None,
        "handled_s": (finished - received).total_seconds() if finished else None,
    }


def _code(item: Mapping[str, Any]) -> str:
    if item["state"] != ItemState.REJECTED:
        return ""
    return str(item["code"] or ("" if item["has_result"] else OTHER_CONTENT))


def _waits(item: Mapping[str, Any]) -> bool:
    return bool(item["state"] == ItemState.WAITING_FOR_PERSON)


def _write(connection: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = list(rows)
    if not rows:
        return
    new = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(cases)
    replaced = {column.name: new.excluded[column.name] for column in cases.columns if not column.primary_key}
    connection.execute(new.on_conflict_do_update(index_elements=["item_id"], set_=replaced), rows)


_FOLLOWER = Follower(name="rpa cases", head=cases_head, refresh=_refresh, events=2_000, items=500)
