"""Takes away what is kept about items once its time is over; that they were, how they ended and what counts stays.

The audit chain is not touched: it holds digests that are keyed with an item's salt, and once the salt is gone nobody
can tell what they were digests of. Each call is one short batch in its caller's transaction and leaves the ledger
whole: a run that is killed goes on where it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.effect_question import PREFIX
from samdrift_platform.ledger import audit, expiring
from samdrift_platform.ledger.items import ENDED, FAR_AWAY, ItemState
from samdrift_platform.ledger.tables import (
    decisions,
    effects,
    questions,
    submission_items,
    submissions,
    work_items,
)
from samdrift_platform.retention import Retention

#: Items in one transaction: others wait for the head of the audit chain as long as that takes.
BATCH = 200
ACTOR = "retention"
_REFERENCE = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What holds for the items of one lane."""

    workload: str
    lane: str
    retention: Retention


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one call came to."""

    #: Where the next one goes on; None: there is no more.
    after: int | None
    number: int = 0


def lanes(connection: sa.Connection) -> list[tuple[str, str]]:
    """Workload and lane of everything that was ever submitted."""
    query = sa.select(work_items.c.workload, work_items.c.lane).distinct()
    return sorted((workload, lane) for workload, lane in connection.execute(query))


def erase_items(connection: sa.Connection, rule: Rule, after: int, *, now: datetime, dry_run: bool = False) -> Batch:
    """Take away payload, result, reason, requests, answers, and what was filled in, of items whose time is over."""
    done = _ended(rule.retention.done, [ItemState.DONE], now)
    exceptions = _ended(rule.retention.exceptions, ENDED - {ItemState.DONE}, now)
    columns = [work_items.c[name] for name in ("seq", "id", "finished_at", "payload", "result", "documents_erased_at")]
    found = _next(connection, rule, after, columns, sa.or_(done, exceptions), dry_run=dry_run)
    if found and not dry_run:
        ids = [row.id for row in found]
        expiring.remember(connection, _uses(connection, rule, found, now))
        _mark_erased(connection, ids, now)
        until = max(_documents_until(rule, row, now) for row in found)
        expiring.remember(connection, _named_by_submissions(connection, ids, until))
        _erase(connection, ids)
        _record(connection, "item.erased", ids, now)
    return _batch(found)


def erase_documents(
    connection: sa.Connection, rule: Rule, after: int, *, now: datetime, dry_run: bool = False
) -> Batch:
    """Let go of the documents that came in with items whose other content stays longer."""
    due = sa.and_(_ended(rule.retention.documents, ENDED, now), work_items.c.documents_erased_at.is_(None))
    columns = [work_items.c.seq, work_items.c.id, work_items.c.payload]
    found = _next(connection, rule, after, columns, due, dry_run=dry_run)
    if found and not dry_run:
        ids = [row.id for row in found]
        expiring.remember(connection, {reference: now for row in found for reference in references(row.payload)})
        gone = sa.update(work_items).where(work_items.c.id.in_(ids))
        connection.execute(gone.values(documents_erased_at=now))
        expiring.remember(connection, _named_by_submissions(connection, ids, now))
        _record(connection, "item.documents_erased", ids, now)
    return _batch(found)


def erase_comments(connection: sa.Connection, rule: Rule, after: int, *, now: datetime, dry_run: bool = False) -> Batch:
    """Take away what people wrote beside their decisions."""
    written = sa.exists().where(decisions.c.item_id == work_items.c.id, decisions.c.comment != "")
    due = sa.and_(_ended(rule.retention.comments, ENDED, now), written)
    query = sa.select(work_items.c.seq, work_items.c.id).where(*_of(rule), work_items.c.seq > after, due)
    found = connection.execute(query.order_by(work_items.c.seq).limit(BATCH)).all()
    if found and not dry_run:
        ids = [row.id for row in found]
        connection.execute(sa.update(decisions).where(decisions.c.item_id.in_(ids)).values(comment=""))
        _record(connection, "item.comments_erased", ids, now)
    return _batch(found)


def record_run(connection: sa.Connection, counted: Mapping[str, int], *, now: datetime) -> None:
    """One event with what a run took away."""
    event = audit.Event(actor=ACTOR, action="retention.run", subject="retention", details=dict(counted))
    audit.append(connection, [event], now=now)


def references(value: object) -> set[str]:
    """The object references in a value, however deep."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return set(_REFERENCE.findall(text))


def _of(rule: Rule) -> Sequence[sa.ColumnElement[bool]]:
    return (work_items.c.workload == rule.workload, work_items.c.lane == rule.lane)


def _ended(kept: timedelta | None, states: Iterable[ItemState], now: datetime) -> sa.ColumnElement[bool]:
    """Those in one of `states` for as long as they are kept; a state is one of them until somebody tries again."""
    if kept is None:
        return sa.false()
    return sa.and_(work_items.c.state.in_(sorted(states)), work_items.c.finished_at <= now - kept)


def _next(
    connection: sa.Connection,
    rule: Rule,
    after: int,
    columns: Sequence[sa.ColumnElement[Any]],
    due: sa.ColumnElement[bool],
    *,
    dry_run: bool,
) -> Sequence[sa.Row[Any]]:
    """The next items that are due, in the order of their arrival, locked against being taken up again."""
    query = sa.select(*columns).where(*_of(rule), work_items.c.seq > after, work_items.c.erased_at.is_(None), due)
    query = query.order_by(work_items.c.seq).limit(BATCH)
    return connection.execute(query if dry_run else query.with_for_update()).all()


def _batch(found: Sequence[Any]) -> Batch:
    return Batch(after=found[-1].seq if len(found) == BATCH else None, number=len(found))


def _uses(connection: sa.Connection, rule: Rule, found: Sequence[sa.Row[Any]], now: datetime) -> dict[str, datetime]:
    """Object -> until when it stays: documents that came in have a time of their own, all others go with their item."""
    uses: dict[str, datetime] = {}
    came: dict[UUID, set[str]] = {row.id: references(row.payload) for row in found}
    for row in found:
        until = _documents_until(rule, row, now)
        for reference in came[row.id]:
            uses[reference] = max(uses.get(reference, until), until)
    for row in found:
        for reference in references(row.result) - came[row.id]:
            uses.setdefault(reference, now)
    for item_id, text in _said(connection, list(came)):
        for reference in references(text) - came[item_id]:
            uses.setdefault(reference, now)
    return uses


def _documents_until(rule: Rule, row: sa.Row[Any], now: datetime) -> datetime:
    kept = rule.retention.documents
    return FAR_AWAY if kept is None else max(now, row.finished_at + kept)


def _said(connection: sa.Connection, ids: Sequence[UUID]) -> Iterator[tuple[UUID, str]]:
    """What effects and questions of these items hold, as text."""
    for table, names in ((effects, ("request", "answer")), (questions, ("document", "decision"))):
        columns = [sa.cast(table.c[name], sa.Text) for name in names]
        for item_id, *texts in connection.execute(sa.select(table.c.item_id, *columns).where(table.c.item_id.in_(ids))):
            yield item_id, " ".join(text for text in texts if text)


def _mark_erased(connection: sa.Connection, ids: Sequence[UUID], now: datetime) -> None:
    emptied = {"payload": {}, "result": sa.null(), "reason": None, "salt": "", "subject": None, "erased_at": now}
    connection.execute(sa.update(work_items).where(work_items.c.id.in_(ids)).values(**emptied))


def _erase(connection: sa.Connection, ids: Sequence[UUID]) -> None:
    """What else is kept about items, and the documents of submissions that have no others."""
    silent = {"request": {}, "answer": sa.null(), "error": None}
    connection.execute(sa.update(effects).where(effects.c.item_id.in_(ids)).values(**silent))
    connection.execute(sa.update(decisions).where(decisions.c.item_id.in_(ids)).values(fields={}))
    for row in connection.execute(sa.select(questions).where(questions.c.item_id.in_(ids))).all():
        facts = row.document["facts"] if row.code.startswith(PREFIX) else []  # step and receiver, which stay anyway
        bare = {"document": {**row.document, "reasons": [], "facts": facts}}
        if row.decision is not None:
            bare["decision"] = {**row.decision, "fields": {}}
        connection.execute(sa.update(questions).where(questions.c.seq == row.seq).values(**bare))
    _erase_submissions(connection, ids)


def _erase_submissions(connection: sa.Connection, ids: Sequence[UUID]) -> None:
    """A submission's document goes with the last of its items."""
    connection.execute(
        sa.update(submissions).where(*_without(ids, work_items.c.erased_at.is_(None))).values(document={})
    )


def _named_by_submissions(connection: sa.Connection, ids: Sequence[UUID], until: datetime) -> dict[str, datetime]:
    """Objects that submissions name of whose items none needs its documents any more.

    Some are named by no item: a container, of which each item has its own part.
    """
    needed = sa.and_(work_items.c.erased_at.is_(None), work_items.c.documents_erased_at.is_(None))
    query = sa.select(sa.cast(submissions.c.document, sa.Text)).where(*_without(ids, needed))
    return {reference: until for document in connection.execute(query).scalars() for reference in references(document)}


def _without(ids: Sequence[UUID], left: sa.ColumnElement[bool]) -> tuple[sa.ColumnElement[bool], ...]:
    """The submissions of these items that have none for which `left` holds."""
    theirs = sa.select(submission_items.c.submission_id).where(submission_items.c.item_id.in_(ids))
    one = (
        sa.exists()
        .where(submission_items.c.submission_id == submissions.c.id, submission_items.c.item_id == work_items.c.id)
        .where(left)
    )
    return submissions.c.id.in_(theirs), ~one


def _record(connection: sa.Connection, action: str, ids: Sequence[UUID], now: datetime) -> None:
    events = [audit.Event(actor=ACTOR, action=action, subject=f"item:{identifier}") for identifier in ids]
    audit.append(connection, events, now=now)
