"""A reader study: the same exams, read by several radiologists and scored by an AI, with what is true of each.

The form is that of the NYU study (arXiv:2108.04800): a CSV file with one row a breast, columns `case_ID`, `label`
(1 cancer), one `Reader…` a radiologist and any number of AI columns, all probabilities of malignancy (POM) from 0 to 1.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError

CASE, LABEL, READER, AI = "case_ID", "label", "Reader", "AI_"


class StudyUnreadableError(EvaluationError):
    """This is not a reader study: case_ID, label, at least two columns Reader… and one column a model are needed."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Exams, not breasts: an exam's value is the highest of its breasts'.

    All arrays have the n exams in the order of their identifiers, so that figures do not depend on a file's order.
    """

    #: (n,) the exam's identifier.
    case: NDArray[np.str_]
    #: (n,) whether a breast of the exam has cancer.
    cancer: NDArray[np.bool_]
    #: (n, m) POM of each of m readers.
    reader_pom: Numbers
    #: (n,) the AI's score; higher is more suspicious.
    ai: Numbers

    def __post_init__(self) -> None:
        """Refuse a study of which nothing could be said."""
        if self.reader_pom.shape[1] < 2:
            raise StudyUnreadableError(f"The study has {self.reader_pom.shape[1]} readers; a pair needs two.")
        if not 0 < self.cancer.sum() < len(self.cancer):
            raise TooFewCasesError("A reader study needs exams with and without cancer.", field=LABEL)


def read_study(path: Path, ai: str) -> Study:
    """The study in a CSV file, with the scores in the column `ai`.

    Raises:
        StudyUnreadableError: the file or a column is missing, or a value is not a finite number.
        TooFewCasesError: no exam has cancer, or all have.
    """
    rows = _rows(path)
    if ai not in rows[0]:
        there = ", ".join(name for name in rows[0] if name.startswith(AI)) or "none that begins with AI_"
        raise StudyUnreadableError(f"{path.name} has no column {ai!r}. Its AI columns: {there}.", field=ai)
    readers = [name for name in rows[0] if name.startswith(READER)]
    case = [row[CASE] for row in rows]
    exams = {name: highest(case, _column(rows, name)) for name in (LABEL, ai, *readers)}
    pom = [list(exams[name].values()) for name in readers]
    return Study(
        case=np.array(list(exams[LABEL])),
        cancer=_labels(exams[LABEL]),
        reader_pom=np.array(pom).reshape(len(readers), -1).T,
        ai=np.array(list(exams[ai].values())),
    )


def study_of(path: Path, scores: Mapping[str, float]) -> Study:
    """The study in a CSV file, with a model's own score for each exam instead of a column.

    Raises:
        StudyUnreadableError: as `read_study`, or an exam has no score.
    """
    study = read_study(path, LABEL)
    if missing := [case for case in study.case if case not in scores]:
        raise StudyUnreadableError(
            f"The model has no score for {len(missing)} of {len(study.case)} exams, among them {missing[0]}. "
            "Score every exam: figures on chosen ones would mislead."
        )
    return replace(study, ai=np.array([scores[case] for case in study.case], dtype=np.float64))


def ai_columns(path: Path) -> list[str]:
    """The columns that hold a model's scores: `AI_…`. Raises as `read_study`."""
    return [name for name in _rows(path)[0] if name.startswith(AI)]


def highest(cases: Sequence[str], values: Numbers) -> dict[str, float]:
    """Exam -> the highest of its breasts' values; exams in order, numbers by their value and before names."""
    found: dict[str, float] = {}
    for case, value in zip(cases, values.tolist(), strict=True):
        found[case] = max(value, found.get(case, value))
    return dict(sorted(found.items(), key=_place))


def _place(exam: tuple[str, float]) -> tuple[bool, int, str]:
    case, _ = exam
    return (False, int(case), case) if case.isdecimal() else (True, 0, case)


def _rows(path: Path) -> list[dict[str, str]]:
    """All rows, of which there is at least one, with a case and a label."""
    try:
        # "-sig": spreadsheets begin their CSV with a byte order mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudyUnreadableError(f"{path} cannot be read as a reader study ({error}).") from error
    for name in (CASE, LABEL):
        if not rows or name not in rows[0]:
            there = ", ".join(rows[0]) if rows else "no row"
            raise StudyUnreadableError(f"{path.name} has no column {name!r}; it has {there}.", field=name)
    return rows


def _column(rows: Sequence[Mapping[str, str]], name: str) -> Numbers:
    try:
        values = np.array([float(row[name]) for row in rows])
    except (TypeError, ValueError) as error:
        raise StudyUnreadableError(f"Column {name!r} holds something that is not a number.", field=name) from error
    if not np.isfinite(values).all():
        raise StudyUnreadableError(f"Column {name!r} has missing values; leave those exams out.", field=name)
    return values


def _labels(by_exam: Mapping[str, float]) -> NDArray[np.bool_]:
    labels = np.array(list(by_exam.values()))
    if not np.isin(labels, (0.0, 1.0)).all():
        raise StudyUnreadableError(f"Column {LABEL!r} must hold 0 (no cancer) and 1 (cancer) only.", field=LABEL)
    cancer: NDArray[np.bool_] = labels == 1.0
    return cancer
