"""How readers' decisions, the scores and each other agree: of exams that are read to their end, and never before.

A decision of readers is not the truth: whether there was cancer, only follow-up and histology say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.proportions import proportion
from samdrift_mammography.policy import HIGHEST_SCORE, LOWEST_SCORE
from samdrift_mammography.readings import ReadingDecision
from samdrift_mammography.tables import readings, worklist
from samdrift_mammography.triage import Reading
from samdrift_mammography.worklist.entry import Stage


@dataclass(frozen=True, kw_only=True)
class Share:
    """`k` of `n`, with its interval (Wilson, 95 %); None while `n` is 0."""

    k: int
    n: int

    @property
    def estimate(self) -> Estimate | None:
        """The share; exams are counted as independent, though readers are few."""
        return proportion(self.k, self.n) if self.n else None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The sums over all exams that were read to their end."""

    exams: int
    #: Score -> exams that were recalled in the end; None for those without a score. Every step is there.
    recalled_by_score: Mapping[int | None, Share]
    #: What the policy decided -> exams that were recalled in the end.
    recalled_by_reading: Mapping[Reading, Share]
    #: Of exams read by two: both decided the same.
    two_agree: Share
    #: Of exams that two read only to check single reading: recalled in the end, though the first reader had said no.
    missed_by_one: Share
    #: Recall where the policy let the exam go first, and no recall where it asked for one reader.
    with_score: Share
    #: Whether the score was shown before -> readings that said recall.
    recalls_by_score_seen: Mapping[bool, Share]


@dataclass(frozen=True, kw_only=True)
class ReadingLine:
    """One reading of an exam that was read to its end; the reader is not named."""

    exam: str
    screening_unit: str
    score: int | None
    reading: str
    #: 1 for the first reader, 3 for the one who settles a difference.
    number: int
    decision: ReadingDecision
    score_seen: bool
    read_at: datetime


def agreement(connection: sa.Connection) -> Agreement:
    """Everything that was read to its end."""
    ends = _ends(connection)
    twice = [end for end in ends if end.reading != Reading.SINGLE]
    return Agreement(
        exams=sum(end.exams for end in ends),
        recalled_by_score={score: _recalled(ends, score=score) for score in (*_STEPS, None)},
        recalled_by_reading={reading: _recalled(ends, reading=reading) for reading in Reading},
        two_agree=Share(k=sum(end.exams for end in twice if end.readers == 2), n=sum(end.exams for end in twice)),
        missed_by_one=_missed_by_one(connection),
        with_score=_with_score(ends),
        recalls_by_score_seen=_by_score_seen(connection),
    )


def lines(connection: sa.Connection) -> Iterator[ReadingLine]:
    """Every reading, exam by exam."""
    columns = (worklist.c.item_id, worklist.c.exam, worklist.c.screening_unit, worklist.c.score, worklist.c.reading)
    query = sa.select(*columns, readings.c.decision, readings.c.score_seen, readings.c.read_at).join(
        worklist, sa.and_(worklist.c.item_id == readings.c.item_id, worklist.c.stage == Stage.READ)
    )
    counted: Counter[object] = Counter()
    for row in connection.execute(query.order_by(worklist.c.place, readings.c.seq)).mappings():
        counted[row["item_id"]] += 1
        named = {name: row[name] for name in ReadingLine.__dataclass_fields__ if name in row}
        decision = ReadingDecision(row["decision"])
        yield ReadingLine(**{**named, "decision": decision, "number": counted[row["item_id"]]})


@dataclass(frozen=True, kw_only=True)
class _End:
    """Exams that ended alike."""

    score: int | None
    reading: str
    recalled: bool
    readers: int
    exams: int


_STEPS = range(LOWEST_SCORE, HIGHEST_SCORE + 1)


def _ends(connection: sa.Connection) -> list[_End]:
    """Exams that were read to their end, counted by score, policy's decision, last reader's decision and readers."""
    last = sa.select(sa.func.max(readings.c.seq).label("seq"), sa.func.count().label("readers"))
    ended = last.group_by(readings.c.item_id).subquery()
    alike = (worklist.c.score, worklist.c.reading, readings.c.decision, ended.c.readers)
    query = (
        sa.select(*alike, sa.func.count())
        .select_from(ended)
        .join(readings, readings.c.seq == ended.c.seq)
        .join(worklist, sa.and_(worklist.c.item_id == readings.c.item_id, worklist.c.stage == Stage.READ))
        .group_by(*alike)
    )
    return [
        _End(score=score, reading=reading, recalled=decision == ReadingDecision.RECALL, readers=many, exams=exams)
        for score, reading, decision, many, exams in connection.execute(query)
    ]


def _recalled(ends: list[_End], **alike: object) -> Share:
    chosen = [end for end in ends if all(getattr(end, name) == value for name, value in alike.items())]
    return Share(k=sum(end.exams for end in chosen if end.recalled), n=sum(end.exams for end in chosen))


def _with_score(ends: list[_End]) -> Share:
    """Of exams whose score is at an end of the scale, by the policy's cuts."""
    first, single = _recalled(ends, reading=Reading.DOUBLE_PRIORITY), _recalled(ends, reading=Reading.SINGLE)
    return Share(k=first.k + single.n - single.k, n=first.n + single.n)


def _missed_by_one(connection: sa.Connection) -> Share:
    """The audit of single reading (`audit_share` of the policy): few exams, so they are counted here."""
    drawn = worklist.c.codes.contains(" audit-read ", autoescape=True)
    query = sa.select(readings.c.item_id, readings.c.decision).join(
        worklist,
        sa.and_(worklist.c.item_id == readings.c.item_id, worklist.c.stage == Stage.READ, drawn),
    )
    decisions: dict[object, list[str]] = {}
    for item_id, decision in connection.execute(query.order_by(readings.c.seq)):
        decisions.setdefault(item_id, []).append(decision)
    missed = [made for made in decisions.values() if (made[0], made[-1]) == _NO_THEN_RECALL]
    return Share(k=len(missed), n=len(decisions))


_NO_THEN_RECALL = (ReadingDecision.NO_RECALL, ReadingDecision.RECALL)


def _by_score_seen(connection: sa.Connection) -> dict[bool, Share]:
    query = (
        sa.select(readings.c.score_seen, readings.c.decision, sa.func.count())
        .join(worklist, sa.and_(worklist.c.item_id == readings.c.item_id, worklist.c.stage == Stage.READ))
        .group_by(readings.c.score_seen, readings.c.decision)
    )
    found: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for seen, decision, many in connection.execute(query):
        found[bool(seen)][decision] += many
    return {seen: Share(k=each[ReadingDecision.RECALL], n=each.total()) for seen, each in found.items()}
