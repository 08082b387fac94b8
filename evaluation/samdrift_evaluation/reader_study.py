"""A reader study read as a screening protocol: two readers for every exam against one reader where the AI sees little.

The protocol is that of Lauritzen et al., Radiology 311 (2024) e232479; the study's form is that of the NYU reader study
(Wu et al., IEEE TMI 39 (2020) 1184-1194; data: arXiv:2108.04800): per breast, each reader's and each model's
probability of malignancy (POM).

Definitions, over n exams and m readers: an exam's score is the highest of its breasts'. A reader recalls an exam whose
highest POM reaches the threshold. Double reading recalls when either reader of a pair does, averaged exactly over all
pairs: 1 - C(m - r, 2) / C(m, 2) where r of m recall. In triage, exams whose AI score is at most the q-quantile of the
evaluated exams are read by one reader (averaged over all: r / m), the others by two.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError

CASE, LABEL, READER = "case_ID", "label", "Reader"
#: Exams times replicates that are held in memory at once.
_AT_ONCE = 2_000_000


class StudyUnreadableError(EvaluationError):
    """This is not a reader study: case_ID, label, at least two columns Reader… and one column a model are needed."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """Exams with what is true, what the readers said and what the AI said; all by exam, shape (n,) or (n, m)."""

    case: NDArray[np.str_]
    cancer: NDArray[np.bool_]
    #: (n, m): the readers' highest POM of the exam's breasts.
    reader_pom: Numbers
    ai: Numbers

    def __post_init__(self) -> None:
        """Refuse a study of which nothing could be said."""
        if self.reader_pom.shape[1] < 2:
            raise StudyUnreadableError(f"There is {self.reader_pom.shape[1]} reader; pairs need two.")
        if not 0 < self.cancer.sum() < len(self.cancer):
            raise TooFewCasesError("A reader study needs exams with and without cancer.", field=LABEL)


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How exams are read, and how the comparison is judged."""

    #: Quantile of AI scores up to which one reader reads, 0 to 1.
    single_read_share: float = 0.6
    #: POM from which a reader recalls.
    recall_threshold: float = 0.10
    #: How much sensitivity triage may lose, as a difference of proportions.
    margin: float = 0.05
    replicates: int = 2000
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, low, high in (("single_read_share", 0, 1), ("recall_threshold", 0, 1), ("margin", 0, 1)):
            if not low <= getattr(self, name) <= high:
                raise EvaluationError(f"{name} must lie between {low} and {high}.", field=name)
        if self.replicates < 1:
            raise EvaluationError("At least one bootstrap replicate is needed.", field="replicates")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Triage against double reading. Intervals are percentiles over bootstrapped exams, the quantile drawn anew."""

    n_exams: int
    n_cancers: int
    single_read_share: float
    #: 1 - readings / (2 n).
    reads_saved: float
    sensitivity_double: float
    sensitivity_triage: float
    #: Triage less double.
    difference: float
    difference_ci: tuple[float, float]
    fpr_double: float
    fpr_triage: float
    fpr_difference_ci: tuple[float, float]
    auc_exam: float
    auc_ci: tuple[float, float]
    #: The interval of the difference lies above -margin.
    non_inferior: bool

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """The figures of many samples of exams at once; every field has shape (samples,)."""

    reads_saved: Numbers
    sensitivity_double: Numbers
    sensitivity_triage: Numbers
    fpr_double: Numbers
    fpr_triage: Numbers
    auc: Numbers

    @classmethod
    def joined(cls, parts: Sequence[_Figures]) -> _Figures:
        names = cls.__dataclass_fields__
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


class ReadingProtocol:
    """One study under one recall threshold: what stays the same while shares and samples vary."""

    def __init__(self, study: Study, recall_threshold: float) -> None:
        self._study = study
        readers = study.reader_pom.shape[1]
        recalling = (study.reader_pom >= recall_threshold).sum(axis=1)
        missing = readers - recalling
        self._single: Numbers = recalling / readers
        self._double: Numbers = 1 - missing * (missing - 1) / (readers * (readers - 1))

    def compare(self, protocol: Protocol) -> Comparison:
        """Triage against double reading, with intervals."""
        n = len(self._study.cancer)
        share = protocol.single_read_share
        found = self._figures(np.arange(n)[np.newaxis], share)
        drawn = _Figures.joined([self._figures(sample, share) for sample in _samples(n, protocol)])
        difference = _interval(drawn.sensitivity_triage - drawn.sensitivity_double, protocol.confidence)
        return Comparison(
            n_exams=n,
            n_cancers=int(self._study.cancer.sum()),
            single_read_share=share,
            reads_saved=float(found.reads_saved[0]),
            sensitivity_double=float(found.sensitivity_double[0]),
            sensitivity_triage=float(found.sensitivity_triage[0]),
            difference=float(found.sensitivity_triage[0] - found.sensitivity_double[0]),
            difference_ci=difference,
            fpr_double=float(found.fpr_double[0]),
            fpr_triage=float(found.fpr_triage[0]),
            fpr_difference_ci=_interval(drawn.fpr_triage - drawn.fpr_double, protocol.confidence),
            auc_exam=float(found.auc[0]),
            auc_ci=_interval(drawn.auc, protocol.confidence),
            non_inferior=bool(difference[0] > -protocol.margin),
        )

    def _figures(self, sample: NDArray[np.intp], share: float) -> _Figures:
        """The figures of samples of exams; `sample` has shape (samples, n) and holds exam numbers."""
        ai, cancer = self._study.ai[sample], self._study.cancer[sample]
        by_one = ai <= np.quantile(ai, share, axis=1, keepdims=True)
        double = self._double[sample]
        triage = np.where(by_one, self._single[sample], double)
        return _Figures(
            reads_saved=by_one.mean(axis=1) / 2,
            sensitivity_double=_mean_where(double, cancer),
            sensitivity_triage=_mean_where(triage, cancer),
            fpr_double=_mean_where(double, ~cancer),
            fpr_triage=_mean_where(triage, ~cancer),
            auc=self._aucs(sample),
        )

    def _aucs(self, sample: NDArray[np.intp]) -> Numbers:
        """AUC of each sample: pairs counted through how often each exam was drawn, ties half."""
        order, starts = self._by_score
        drawn = np.stack([np.bincount(each, minlength=len(order)) for each in sample])[:, order]
        ill = self._study.cancer[order]
        abnormal = np.add.reduceat(drawn * ill, starts, axis=1)
        normal = np.add.reduceat(drawn * ~ill, starts, axis=1)
        exceeded = (abnormal * (np.cumsum(normal, axis=1) - normal / 2)).sum(axis=1)
        pairs = abnormal.sum(axis=1) * normal.sum(axis=1)
        aucs: Numbers = np.divide(exceeded, pairs, out=np.full(len(sample), np.nan), where=pairs > 0)
        return aucs

    @cached_property
    def _by_score(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Exams by rising AI score, and where each distinct score begins."""
        order = np.argsort(self._study.ai, kind="stable")
        ordered = self._study.ai[order]
        return order, np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])


def compare(study: Study, protocol: Protocol) -> Comparison:
    """Triage against double reading under one protocol."""
    return ReadingProtocol(study, protocol.recall_threshold).compare(protocol)


def sweep(study: Study, protocol: Protocol, shares: Sequence[float]) -> Iterator[Comparison]:
    """The same for every share of exams that one reader reads; the same draws serve all shares."""
    from dataclasses import replace

    reading = ReadingProtocol(study, protocol.recall_threshold)
    for share in shares:
        yield reading.compare(replace(protocol, single_read_share=share))


def read_study(path: Path, ai: str) -> Study:
    """The study in a CSV file, one row a breast, with the AI column `ai`.

    Raises:
        StudyUnreadableError: the file or a column is missing, or a value is not a number.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudyUnreadableError(f"{path} cannot be read as a reader study ({error}).") from error
    readers = [name for name in (rows[0] if rows else ()) if name.startswith(READER)]
    for name in (CASE, LABEL, ai):
        if not rows or name not in rows[0]:
            there = ", ".join(rows[0]) if rows else "nothing"
            raise StudyUnreadableError(f"{path.name} has no column {name!r}; it has {there}.", field=name)
    columns = {name: _column(rows, name) for name in (LABEL, ai, *readers)}
    return _by_exam(np.array([row[CASE] for row in rows]), columns, readers, ai)


def study_of(path: Path, scores: Mapping[str, float]) -> Study:
    """The study in a CSV file with a model's own score for each exam instead of a column.

    Raises:
        StudyUnreadableError: as `read_study`, or an exam has no score.
    """
    study = read_study(path, LABEL)
    if missing := [case for case in study.case if case not in scores]:
        raise StudyUnreadableError(f"The model has no score for {len(missing)} exams, among them {missing[0]}.")
    ai = np.array([scores[case] for case in study.case], dtype=np.float64)
    return Study(case=study.case, cancer=study.cancer, reader_pom=study.reader_pom, ai=ai)


def ai_columns(path: Path) -> list[str]:
    """The columns that hold a model's scores: `AI_…`."""
    with path.open(encoding="utf-8", newline="") as file:
        return [name for name in next(csv.reader(file), []) if name.startswith("AI_")]


def _column(rows: Sequence[Mapping[str, str]], name: str) -> Numbers:
    try:
        values = np.array([float(row[name]) for row in rows])
    except (TypeError, ValueError) as error:
        raise StudyUnreadableError(f"Column {name!r} holds something that is not a number.", field=name) from error
    if not np.isfinite(values).all():
        raise StudyUnreadableError(f"Column {name!r} has missing values; leave those exams out.", field=name)
    return values


def _by_exam(case: NDArray[np.str_], columns: Mapping[str, Numbers], readers: Sequence[str], ai: str) -> Study:
    """The highest value of each exam's breasts."""
    exams, place = np.unique(case, return_inverse=True)

    def highest(name: str) -> Numbers:
        found = np.full(len(exams), -np.inf)
        np.maximum.at(found, place, columns[name])
        return found

    pom = np.column_stack([highest(name) for name in readers]) if readers else np.empty((len(exams), 0))
    return Study(case=exams, cancer=highest(LABEL) > 0, reader_pom=pom, ai=highest(ai))


def _samples(n: int, protocol: Protocol) -> Iterator[NDArray[np.intp]]:
    """All replicates, as many at a time as memory should hold; the draws do not depend on how many that is."""
    rng = np.random.default_rng(protocol.seed)
    at_once = max(1, _AT_ONCE // n)
    for begun in range(0, protocol.replicates, at_once):
        yield rng.integers(0, n, size=(min(at_once, protocol.replicates - begun), n))


def _mean_where(values: Numbers, chosen: NDArray[np.bool_]) -> Numbers:
    """Mean of the chosen values of each row; NaN where a row has none."""
    count = chosen.sum(axis=1)
    total = np.where(chosen, values, 0.0).sum(axis=1)
    means: Numbers = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return means


def _interval(values: Numbers, confidence: float) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if known.size == 0:
        raise TooFewCasesError("No replicate holds exams with and without cancer; there are too few.")
    low, high = np.quantile(known, ((1 - confidence) / 2, (1 + confidence) / 2))
    return float(low), float(high)
