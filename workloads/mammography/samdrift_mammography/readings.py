"""What radiologists decided: one decision a reader and exam, as many as the policy asked for, a third where two differ.

Every decision is final and stands in the audit chain, keyed by the item's salt: it can be checked, and no longer be
found out once the salt is erased. When an exam is read to its end, the readers' word is kept as delayed truth of the
item under the name RECALL. It says what readers decided, never what was there: only histology says that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from samdrift_mammography.tables import readings
from samdrift_mammography.triage import Reading
from samdrift_platform.digest import keyed_digest_of
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import audit, items, truths
from samdrift_platform.ledger.database import take_turns
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.ledger.tables import work_items

#: Under this name the end of a reading is kept as delayed truth: 1 recalled, 0 not.
RECALL = "recall"
#: How that truth is known.
SOURCE = "readers' decision"


class ReadingDecision(StrEnum):
    """What a reader decides about an exam."""

    #: The woman is called back for assessment.
    RECALL = "recall"
    #: She is not.
    NO_RECALL = "no_recall"


class NoReadingWantedError(ConflictError):
    """No further reading of this exam is wanted: it is read to its end, or its result is not there yet."""


class AlreadyReadError(ConflictError):
    """You have read this exam before and decided otherwise. A decision is final; speak to the reading centre."""


class SupersededError(ConflictError):
    """Later views of this exam came, and it has a newer entry on the worklist. Read that one."""


@dataclass(frozen=True, kw_only=True)
class ReaderReading:
    """One reader's decision about one item."""

    item_id: UUID
    #: Sign-in subject.
    reader: str
    decision: ReadingDecision
    #: The score was shown before the decision.
    score_seen: bool
    #: Aware, UTC.
    read_at: datetime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far the reading of an exam has come."""

    #: Readings that are needed as things stand: 1, 2, or 3 where two readers differ.
    asked: int
    given: Sequence[ReaderReading]

    @property
    def open(self) -> int:
        """Readings still to be made."""
        return max(0, self.asked - len(self.given))

    @property
    def arbitration(self) -> bool:
        """Whether two readers differ, so that a third decides, or has decided."""
        return len({each.decision for each in self.given[:2]}) > 1

    @property
    def decision(self) -> ReadingDecision | None:
        """What came of it, the last word where readers differ; None while a reading is open."""
        return None if self.open else self.given[-1].decision


def readings_asked(reading: str) -> int:
    """How many readers the policy's decision (`result["reading"]`) asks for, before any arbitration."""
    return 1 if reading == Reading.SINGLE else 2


def standing(reading: str, given: Sequence[ReaderReading]) -> Standing:
    """How far the reading has come of an exam that the policy gave `reading`; `given` in the order they were made."""
    asked = readings_asked(reading)
    differ = asked > 1 and len({each.decision for each in given[:asked]}) > 1
    return Standing(asked=asked + int(differ), given=tuple(given))


def of_item(connection: sa.Connection, item_id: UUID) -> list[ReaderReading]:
    """The readings of one item, oldest first."""
    return _found(connection, readings.c.item_id == item_id)


def of_exam(connection: sa.Connection, exam: str) -> list[ReaderReading]:
    """The readings of an exam under all its items (late views make a new one), oldest first."""
    return _found(connection, readings.c.exam == exam)


def of_items(connection: sa.Connection, item_ids: Sequence[UUID]) -> dict[UUID, list[ReaderReading]]:
    """Item -> its readings, oldest first, of the items that have any: for a page of the worklist."""
    found: dict[UUID, list[ReaderReading]] = {}
    for each in _found(connection, readings.c.item_id.in_(list(item_ids))):
        found.setdefault(each.item_id, []).append(each)
    return found


def record(
    connection: sa.Connection,
    item_id: UUID,
    *,
    reader: str,
    decision: ReadingDecision,
    score_seen: bool,
    now: datetime,
) -> Standing:
    """Keep what `reader` decided; how far the reading has come with it. The same again changes nothing.

    Args:
        connection: inside `Ledger.write()`.
        item_id: the exam's item, as it was shown.
        reader: sign-in subject.
        decision: recall or no recall.
        score_seen: whether the page had shown the score or its marks before the decision.
        now: aware.

    Raises:
        NotFoundError: there is no such item.
        NoReadingWantedError: the item has no result yet, or was read to its end.
        AlreadyReadError: this reader decided otherwise before.
        SupersededError: the exam has a newer item.
    """
    take_turns(connection, f"reading of {item_id}")  # or two readers would both be the last one wanted
    item = _readable(connection, item_id)
    before = of_item(connection, item_id)
    mine = [each for each in before if each.reader == reader]
    if mine and mine[0].decision is not decision:
        raise AlreadyReadError(field="decision")
    stands = standing(item.result["reading"], before)
    if mine:
        return stands
    if not stands.open:
        raise NoReadingWantedError(f"Exam {item.result['exam']} is read to its end: no further reading is wanted.")
    return _add(connection, item, stands, reader, decision, score_seen=score_seen, now=now)


def _add(
    connection: sa.Connection,
    item: WorkItem,
    before: Standing,
    reader: str,
    decision: ReadingDecision,
    *,
    score_seen: bool,
    now: datetime,
) -> Standing:
    made = ReaderReading(item_id=item.id, reader=reader, decision=decision, score_seen=score_seen, read_at=now)
    connection.execute(sa.insert(readings).values(**asdict(made), exam=item.result["exam"]))
    stands = standing(item.result["reading"], [*before.given, made])
    _tell(connection, item, stands, now)
    if stands.decision is not None:
        value = float(stands.decision is ReadingDecision.RECALL)
        truths.record(
            connection, item.id, name=RECALL, value=value, source=SOURCE, observed_at=now, actor=reader, now=now
        )
    return stands


def _tell(connection: sa.Connection, item: WorkItem, stands: Standing, now: datetime) -> None:
    """Put the last reading into the audit chain: who and when in the clear, what by its keyed digest."""
    last = stands.given[-1]
    salt = connection.execute(sa.select(work_items.c.salt).where(work_items.c.id == item.id)).scalar_one()
    details = {
        "number": len(stands.given),
        "score_seen": last.score_seen,
        "decision": keyed_digest_of(salt, {"reader": last.reader, "decision": str(last.decision)}),
    }
    event = audit.Event(actor=last.reader, action="exam.read", subject=f"item:{item.id}", details=details)
    audit.append(connection, [event], now=now)


def _readable(connection: sa.Connection, item_id: UUID) -> WorkItem:
    item = items.get(connection, item_id)
    if "reading" not in item.result or item.state is ItemState.CANCELLED:
        raise NoReadingWantedError(f"Item {item_id} is no exam with a result. Open the exam from the worklist.")
    if _superseded(connection, item):
        raise SupersededError
    return item


def _superseded(connection: sa.Connection, item: WorkItem) -> bool:
    """Whether a later item holds the same exam: `split` begins its reference with the exam's identifier."""
    mine = sa.select(work_items.c.seq).where(work_items.c.id == item.id).scalar_subquery()
    exam, reference = item.result["exam"], work_items.c.reference
    named = [reference.startswith(f"{exam}/", autoescape=True)]
    if connection.dialect.name == "sqlite":  # it compares bytes, and uses the index for a range but not for LIKE
        named = [reference > f"{exam}/", reference < f"{exam}{chr(ord('/') + 1)}"]
    later = sa.select(sa.literal(1)).where(
        work_items.c.workload == item.workload,
        work_items.c.tenant == item.tenant,
        *named,
        work_items.c.state.not_in([ItemState.REJECTED, ItemState.CANCELLED]),
        work_items.c.seq > mine,
    )
    return connection.execute(later.limit(1)).first() is not None


def _found(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[ReaderReading]:
    columns = [readings.c[name] for name in ReaderReading.__dataclass_fields__]
    rows = connection.execute(sa.select(*columns).where(which).order_by(readings.c.seq)).mappings()
    return [ReaderReading(**{**row, "decision": ReadingDecision(row["decision"])}) for row in rows]
