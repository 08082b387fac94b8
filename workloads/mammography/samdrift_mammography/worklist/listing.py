"""Asks the worklist's table: pages in reading order by key, and counts. Never more rows than a page has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from samdrift_mammography.tables import readings, worklist
from samdrift_mammography.triage import Reading
from samdrift_mammography.worklist.entry import GROUPS, UNREAD, Delivery, Stage
from samdrift_mammography.worklist.filter import Filter, Scored, Show
from samdrift_platform.ledger.tables import submission_items


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An entry as a page lists it."""

    item_id: UUID
    exam: str | None
    stage: Stage
    #: The key that pages go on from.
    place: str
    #: Score, reading, reasons and marks are not shown to this reader yet.
    hidden: bool
    delivery: Delivery
    #: Earlier entries of the same exam.
    earlier: int


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows in order, and the keys of the pages around them; None where there are no more."""

    rows: Sequence[Listed]
    before: str | None
    after: str | None


def page(
    connection: sa.Connection, wanted: Filter, reader: str, *, limit: int, after: str = "", before: str = ""
) -> Page:
    """Up to `limit` exams after the key `after`, or before the key `before`, as `reader` may see them."""
    query = _chosen(wanted, reader)
    if before:
        query = query.where(worklist.c.place < before).order_by(worklist.c.place.desc())
    else:
        query = query.where(worklist.c.place > after).order_by(worklist.c.place)
    found = [_listed(row) for row in connection.execute(query.limit(limit + 1)).mappings()]
    more, rows = len(found) > limit, found[:limit]
    if before:
        rows.reverse()
    earlier, later = (more, True) if before else (bool(after), more)
    return Page(
        rows=rows, before=rows[0].place if rows and earlier else None, after=rows[-1].place if rows and later else None
    )


def of_submission(
    connection: sa.Connection, submission_id: UUID, reader: str, *, limit: int, after: str = ""
) -> list[Listed]:
    """Up to `limit` entries of one submission after the key `after`, in whatever stage, files among them."""
    query = _columns(reader).join(submission_items, submission_items.c.item_id == worklist.c.item_id)
    of_it = query.where(submission_items.c.submission_id == submission_id, worklist.c.place > after)
    found = connection.execute(of_it.order_by(worklist.c.place).limit(limit)).mappings()
    return [_listed(row) for row in found]


def total(connection: sa.Connection, wanted: Filter, reader: str) -> int:
    """How many exams the filter leaves."""
    query = sa.select(sa.func.count()).select_from(worklist).where(*_conditions(wanted, reader))
    return connection.execute(query).scalar_one()


def following(connection: sa.Connection, reader: str, place: str) -> UUID | None:
    """The exam that `reader` reads next: the first after `place`, or else the first of all."""
    for key in dict.fromkeys((place, "")):
        query = _chosen(Filter(show=Show.MINE), reader).where(worklist.c.place > key).order_by(worklist.c.place)
        row = connection.execute(query.limit(1)).mappings().first()
        if row is not None and row["place"] != place:
            return UUID(str(row["item_id"]))
    return None


def one(connection: sa.Connection, item_id: UUID, reader: str) -> Listed | None:
    """The entry of an item, as `reader` may see it."""
    row = connection.execute(_columns(reader).where(worklist.c.item_id == item_id)).mappings().first()
    return None if row is None else _listed(row)


def others(connection: sa.Connection, exam: str, item_id: UUID) -> list[UUID]:
    """The other entries of the same exam, newest first."""
    query = sa.select(worklist.c.item_id).where(worklist.c.exam == exam, worklist.c.item_id != item_id)
    return list(connection.execute(query.order_by(worklist.c.seq.desc())).scalars())


def places(connection: sa.Connection, stage: Stage, *, limit: int, after: str = "") -> list[tuple[UUID, str]]:
    """Items of a stage in its order, each with its key."""
    query = sa.select(worklist.c.item_id, worklist.c.place).where(*_in([stage]), worklist.c.place > after)
    return [(item_id, place) for item_id, place in connection.execute(query.order_by(worklist.c.place).limit(limit))]


def in_stage(connection: sa.Connection, stage: Stage, *, limit: int) -> list[UUID]:
    """The first items of a stage in its order."""
    return [item_id for item_id, _ in places(connection, stage, limit=limit)]


def read_by(connection: sa.Connection, reader: str) -> int:
    """How many unread exams this reader has read already: the others are still to come from somebody else."""
    begun = sa.and_(worklist.c.stage.in_(UNREAD), worklist.c.given > 0)
    query = sa.select(sa.func.count()).select_from(worklist).where(begun, _read_by(reader))
    return connection.execute(query).scalar_one()


def counts(connection: sa.Connection) -> Mapping[str, int]:
    """Stage -> number of entries."""
    query = sa.select(worklist.c.stage, sa.func.count()).group_by(worklist.c.stage)
    return dict(connection.execute(query).all())


def refusals(connection: sa.Connection) -> Mapping[str, int]:
    """Code -> number of refused files and items, the most frequent first."""
    number = sa.func.count().label("number")
    query = sa.select(worklist.c.refusal, number).where(worklist.c.stage == Stage.REFUSED).group_by(worklist.c.refusal)
    return dict(connection.execute(query.order_by(number.desc(), worklist.c.refusal)).all())


def units(connection: sa.Connection) -> list[str]:
    """Screening units of which there is anything to read."""
    query = sa.select(worklist.c.screening_unit).where(worklist.c.stage.in_(UNREAD)).distinct()
    return list(connection.execute(query.order_by(worklist.c.screening_unit)).scalars())


def _chosen(wanted: Filter, reader: str) -> sa.Select[tuple[object, ...]]:
    return _columns(reader).where(*_conditions(wanted, reader))


def _columns(reader: str) -> sa.Select[tuple[object, ...]]:
    older = worklist.alias("older")
    counted = sa.select(sa.func.count()).where(older.c.exam == worklist.c.exam, older.c.seq < worklist.c.seq)
    named = [worklist.c[name] for name in ("item_id", "exam", "stage", "place", "delivery")]
    return sa.select(*named, _hidden(reader).label("hidden"), counted.scalar_subquery().label("earlier"))


def _hidden(reader: str) -> sa.ColumnElement[bool]:
    """Whether the policy hides the score from this reader: until the own decision, or until nobody reads any more.

    An earlier entry would tell the score of an exam whose later views are still to be read: it stays hidden as long.
    """
    newer = worklist.alias("newer")
    awaited = sa.exists().where(newer.c.exam == worklist.c.exam, newer.c.stage.in_([*UNREAD, Stage.OPEN]))
    superseded = sa.and_(worklist.c.stage == Stage.SUPERSEDED, awaited)
    return sa.and_(worklist.c.blind, sa.or_(worklist.c.stage.in_(UNREAD), superseded), ~_read_by(reader))


def _read_by(reader: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(readings.c.item_id == worklist.c.item_id, readings.c.reader == reader)


def _conditions(wanted: Filter, reader: str) -> list[sa.ColumnElement[bool]]:
    """What must hold. A filter that would tell something of a hidden score leaves hidden exams out."""
    found = [worklist.c.kind == "exam", *_in(_STAGES[wanted.show])]
    if wanted.show is Show.MINE:
        found.append(~_read_by(reader))
    if wanted.reading or wanted.scored or wanted.code:
        found.append(~_hidden(reader))
    if wanted.reading:
        found.append(worklist.c.reading == Reading(wanted.reading))
    if wanted.scored:
        scored = worklist.c.score.is_not(None)
        found.append(scored if wanted.scored is Scored.YES else ~scored)
    if wanted.code:
        found.append(worklist.c.codes.contains(f" {wanted.code} ", autoescape=True))
    return found + _plain(wanted)


def _plain(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    """What tells nothing of a score."""
    found: list[sa.ColumnElement[bool]] = []
    if wanted.unit:
        found.append(worklist.c.screening_unit == wanted.unit)
    if wanted.exam:
        found.append(worklist.c.exam.contains(wanted.exam, autoescape=True))
    if wanted.objected:
        found.append(worklist.c.objected)
    if wanted.undelivered:
        found.append(worklist.c.delivery == Delivery.REFUSED)
    return found


def _in(stages: Sequence[Stage]) -> list[sa.ColumnElement[bool]]:
    """In one of `stages`, which lie together: by the range of their places, so that an index gives the order."""
    (group,) = {GROUPS[stage] for stage in stages}
    whole = set(stages) == {stage for stage, of in GROUPS.items() if of == group}
    between = [worklist.c.place > group, worklist.c.place < str(int(group) + 1)]
    return between if whole else [*between, worklist.c.stage.in_(stages)]


_STAGES: Mapping[Show, Sequence[Stage]] = {
    Show.MINE: UNREAD,
    Show.UNREAD: UNREAD,
    Show.ARBITRATION: (Stage.ARBITRATION,),
    Show.READ: (Stage.READ,),
    Show.SUPERSEDED: (Stage.SUPERSEDED,),
}


def _listed(row: sa.RowMapping) -> Listed:
    values = {name: row[name] for name in Listed.__dataclass_fields__}
    return Listed(**{**values, "stage": Stage(row["stage"]), "delivery": Delivery(row["delivery"])})
