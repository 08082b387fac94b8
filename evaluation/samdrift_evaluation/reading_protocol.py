"""Two readers for every exam, against one reader where the AI sees little: readings saved, and what they cost.

Over n exams and m readers: a reader recalls an exam whose highest POM reaches the threshold. Double reading recalls
when either reader of a pair does, averaged exactly over all pairs: 1 - C(m - r, 2) / C(m, 2) where r of m recall. In
triage, exams whose AI score is at most the q-quantile of the evaluated exams' scores are read by one reader, averaged
over all: r / m; the others by two. Readings saved: 1 - readings / (2 n). No arbitration is modelled.

Intervals are percentiles over bootstrapped exams (Efron & Tibshirani 1993, chapter 13); every replicate draws its
quantile anew, because a screening programme would set its cut on exams of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.arrays import Numbers
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.reader_study import Study

#: Exams times replicates that are held in memory at once.
_AT_ONCE = 2_000_000


@dataclass(frozen=True, kw_only=True)
class ReadingProtocol:
    """How exams are read, and how the comparison is judged."""

    #: q: quantile of AI scores up to which one reader reads, 0 to 1.
    single_read_share: float = 0.6
    #: POM from which a reader recalls, 0 to 1.
    recall_threshold: float = 0.10
    #: How much sensitivity triage may lose, as a difference of proportions, 0 to 1.
    margin: float = 0.05
    replicates: int = 2000
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name in ("single_read_share", "recall_threshold", "margin"):
            if not 0 <= getattr(self, name) <= 1:
                raise EvaluationError(f"{name} must lie between 0 and 1.", field=name)
        if not 0 < self.confidence < 1:
            raise EvaluationError("confidence must lie between 0 and 1, both excluded.", field="confidence")
        if self.replicates < 1:
            raise EvaluationError("At least one bootstrap replicate is needed.", field="replicates")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Triage against double reading; differences are triage less double."""

    protocol: ReadingProtocol
    n_exams: int
    n_cancers: int
    reads_saved: Estimate
    sensitivity_double: Estimate
    sensitivity_triage: Estimate
    difference: Estimate
    fpr_double: Estimate
    fpr_triage: Estimate
    fpr_difference: Estimate
    auc_exam: Estimate
    #: Share of the cancers that one reader alone reads. Readers have no part in it; a blind draw would give about q.
    cancers_read_once: Estimate

    @property
    def non_inferior(self) -> bool:
        """Whether the whole interval of the difference in sensitivity lies above -margin."""
        return self.difference.low > -self.protocol.margin

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "n_exams": self.n_exams,
            "n_cancers": self.n_cancers,
            "reads_saved": self.reads_saved.value,
            "sensitivity_double": self.sensitivity_double.value,
            "sensitivity_triage": self.sensitivity_triage.value,
            "difference": self.difference.value,
            "difference_ci": [self.difference.low, self.difference.high],
            "fpr_double": self.fpr_double.value,
            "fpr_triage": self.fpr_triage.value,
            "fpr_difference_ci": [self.fpr_difference.low, self.fpr_difference.high],
            "auc_exam": self.auc_exam.value,
            "auc_ci": [self.auc_exam.low, self.auc_exam.high],
            "non_inferior": self.non_inferior,
        }


def compare(study: Study, protocol: ReadingProtocol) -> Comparison:
    """Triage against double reading.

    Raises:
        TooFewCasesError: no bootstrap replicate holds exams with and without cancer.
    """
    return _compared(_Readings(study, protocol.recall_threshold), protocol)


def sweep(study: Study, protocol: ReadingProtocol, shares: Sequence[float]) -> Iterator[Comparison]:
    """The same for every share of exams that one reader reads; the same draws serve all shares."""
    readings = _Readings(study, protocol.recall_threshold)
    for share in shares:
        yield _compared(readings, replace(protocol, single_read_share=share))


class _Readings:
    """A study under one recall threshold: what stays the same while shares and samples vary."""

    def __init__(self, study: Study, recall_threshold: float) -> None:
        self.cancer = study.cancer
        self._ai = study.ai
        readers = study.reader_pom.shape[1]
        recalling = (study.reader_pom >= recall_threshold).sum(axis=1)
        missing = readers - recalling
        self._by_one: Numbers = recalling / readers
        self._by_two: Numbers = 1 - missing * (missing - 1) / (readers * (readers - 1))

    def figures(self, sample: NDArray[np.intp], share: float) -> dict[str, Numbers]:
        """Name -> (samples,) figure of each sample; `sample` has shape (samples, n) and holds exam numbers.

        A figure is NaN in a sample without a case that it could rest on.
        """
        ai, cancer = self._ai[sample], self.cancer[sample]
        once = ai <= np.quantile(ai, share, axis=1, keepdims=True)
        double = self._by_two[sample]
        triage = np.where(once, self._by_one[sample], double)
        found = {
            "reads_saved": once.mean(axis=1) / 2,
            "sensitivity_double": _mean_where(double, cancer),
            "sensitivity_triage": _mean_where(triage, cancer),
            "difference": _mean_where(triage - double, cancer),
            "fpr_double": _mean_where(double, ~cancer),
            "fpr_triage": _mean_where(triage, ~cancer),
            "fpr_difference": _mean_where(triage - double, ~cancer),
        }
        return {**found, "auc_exam": self._auc(sample), "cancers_read_once": _mean_where(once.astype(float), cancer)}

    def _auc(self, sample: NDArray[np.intp]) -> Numbers:
        """AUC of each sample, counted through how often each exam was drawn; ties half."""
        order, starts = self._by_score
        drawn = np.stack([np.bincount(each, minlength=len(order)) for each in sample])[:, order]
        ill = self.cancer[order]
        abnormal = np.add.reduceat(drawn * ill, starts, axis=1)
        normal = np.add.reduceat(drawn * ~ill, starts, axis=1)
        exceeded = (abnormal * (np.cumsum(normal, axis=1) - normal / 2)).sum(axis=1)
        return _ratio(exceeded, abnormal.sum(axis=1) * normal.sum(axis=1))

    @cached_property
    def _by_score(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Exams by rising AI score, and where each distinct score begins."""
        order = np.argsort(self._ai, kind="stable")
        ordered = self._ai[order]
        return order, np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])


def _compared(readings: _Readings, protocol: ReadingProtocol) -> Comparison:
    n, cancers = len(readings.cancer), int(readings.cancer.sum())
    found = readings.figures(np.arange(n)[np.newaxis], protocol.single_read_share)
    drawn = _joined([readings.figures(sample, protocol.single_read_share) for sample in _samples(n, protocol)])
    method = f"percentile bootstrap over {n} exams, {protocol.replicates} replicates, seed {protocol.seed}"

    def estimate(name: str, cases: int) -> Estimate:
        low, high = _interval(drawn[name], protocol.confidence)
        value = float(found[name][0])
        return Estimate(value=value, low=low, high=high, n=cases, method=method, confidence=protocol.confidence)

    return Comparison(
        protocol=protocol,
        n_exams=n,
        n_cancers=cancers,
        reads_saved=estimate("reads_saved", n),
        sensitivity_double=estimate("sensitivity_double", cancers),
        sensitivity_triage=estimate("sensitivity_triage", cancers),
        difference=estimate("difference", cancers),
        fpr_double=estimate("fpr_double", n - cancers),
        fpr_triage=estimate("fpr_triage", n - cancers),
        fpr_difference=estimate("fpr_difference", n - cancers),
        auc_exam=estimate("auc_exam", n),
        cancers_read_once=estimate("cancers_read_once", cancers),
    )


def _samples(n: int, protocol: ReadingProtocol) -> Iterator[NDArray[np.intp]]:
    """All replicates, as many at a time as memory should hold; the draws do not depend on how many that is."""
    rng = np.random.default_rng(protocol.seed)
    at_once = max(1, _AT_ONCE // n)
    for begun in range(0, protocol.replicates, at_once):
        yield rng.integers(0, n, size=(min(at_once, protocol.replicates - begun), n))


def _joined(parts: Sequence[Mapping[str, Numbers]]) -> dict[str, Numbers]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _mean_where(values: Numbers, chosen: NDArray[np.bool_]) -> Numbers:
    """Mean of the chosen values of each row; NaN where a row has none."""
    return _ratio(np.where(chosen, values, 0.0).sum(axis=1), chosen.sum(axis=1))


def _ratio(part: Numbers, whole: NDArray[np.number]) -> Numbers:
    quotient: Numbers = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return quotient


def _interval(values: Numbers, confidence: float) -> tuple[float, float]:
    """Percentiles over the replicates in which the figure exists."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        raise TooFewCasesError("No bootstrap replicate holds exams with and without cancer; there are too few.")
    low, high = np.quantile(known, ((1 - confidence) / 2, (1 + confidence) / 2))
    return float(low), float(high)
