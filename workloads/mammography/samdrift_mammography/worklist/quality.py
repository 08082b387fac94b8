"""How often the quality control found what: of the exams with a result, and of the files that were refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from samdrift_mammography.reasons import IMAGE_FINDINGS, IMAGE_PROBLEMS
from samdrift_mammography.tables import worklist
from samdrift_mammography.worklist.entry import Stage

#: Exams that are neither without a result nor replaced by a later entry.
_COUNTED = (Stage.TO_READ, Stage.ARBITRATION, Stage.READ)


@dataclass(frozen=True, kw_only=True)
class UnitCount:
    """The exams of one screening unit."""

    screening_unit: str
    exams: int
    #: How many of them have no score, whatever the reason.
    not_scored: int


@dataclass(frozen=True, kw_only=True)
class QualityCounts:
    """What was found, with the most frequent first; codes that were never found are left out."""

    exams: int
    #: Code of `reasons.IMAGE_PROBLEMS` -> exams with such an image.
    problems: Mapping[str, int]
    #: Code of `reasons.IMAGE_FINDINGS` -> exams with such an image.
    findings: Mapping[str, int]
    #: Code of `reasons.REJECTIONS` -> refused files.
    refused: Mapping[str, int]
    units: Sequence[UnitCount]


def quality_counts(connection: sa.Connection) -> QualityCounts:
    """Over the whole worklist. An exam with two codes counts for both, and once for each however many images it has."""
    found = _by_code(connection, (*IMAGE_PROBLEMS, *IMAGE_FINDINGS))
    units = _units(connection)
    return QualityCounts(
        exams=sum(unit.exams for unit in units),
        problems=_frequent(found, IMAGE_PROBLEMS),
        findings=_frequent(found, IMAGE_FINDINGS),
        refused=_refused(connection),
        units=units,
    )


def _by_code(connection: sa.Connection, codes: Sequence[str]) -> dict[str, int]:
    """In one pass; `codes` of an entry has a space before and after each of its own."""
    sums = [sa.func.sum(sa.case((worklist.c.codes.contains(f" {code} "), 1), else_=0)) for code in codes]
    row = connection.execute(sa.select(*sums).where(worklist.c.stage.in_(_COUNTED))).one()
    return {code: int(number or 0) for code, number in zip(codes, row, strict=True)}


def _frequent(found: Mapping[str, int], codes: Iterable[str]) -> dict[str, int]:
    present = [code for code in codes if found[code]]
    return {code: found[code] for code in sorted(present, key=lambda code: -found[code])}


def _refused(connection: sa.Connection) -> dict[str, int]:
    number = sa.func.count()
    query = sa.select(worklist.c.refusal, number).where(worklist.c.refusal.is_not(None)).group_by(worklist.c.refusal)
    rows = connection.execute(query.order_by(number.desc(), worklist.c.refusal))
    return {str(code): int(many) for code, many in rows}


def _units(connection: sa.Connection) -> list[UnitCount]:
    unit = worklist.c.screening_unit
    unscored = sa.func.sum(sa.case((worklist.c.score.is_(None), 1), else_=0))
    query = sa.select(unit, sa.func.count(), unscored).where(worklist.c.stage.in_(_COUNTED)).group_by(unit)
    return [
        UnitCount(screening_unit=name, exams=exams, not_scored=int(number))
        for name, exams, number in connection.execute(query.order_by(unit))
    ]
