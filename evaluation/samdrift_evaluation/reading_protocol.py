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
from samdrift_evaluation.noninferiority import Verdict
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
        return Verdict(difference=self.difference, margin=self.protocol.margin).non_inferior

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
    return sweep(study, protocol, (protocol.single_read_share,))[0]


def sweep(study: Study, protocol: ReadingProtocol, shares: Sequence[float]) -> list[Comparison]:
    """The same for every share of exams that one reader reads; the same draws serve all shares."""
    readings, n = _Readings(study, protocol.recall_threshold), len(study.cancer)
    found = readings.figures(np.arange(n)[np.newaxis], shares)
    drawn = _joined([readings.figures(sample, shares) for sample in _samples(n, protocol)])
    return [
        _comparison(
            replace(protocol, single_read_share=share),
            study.cancer,
            {name: float(values[place, 0]) for name, values in found.items()},
            {name: values[place] for name, values in drawn.items()},
        )
        for place, share in enumerate(shares)
    ]


class _Readings:
    """A study under one recall threshold: what stays the same while shares and samples vary."""

    def __init__(self, study: Study, recall_threshold: float) -> None:
        self._cancer, self._ai = study.cancer, study.ai
        readers = study.reader_pom.shape[1]
        recalling = (study.reader_pom >= recall_threshold).sum(axis=1)
        missing = readers - recalling
        self._by_two: Numbers = 1 - missing * (missing - 1) / (readers * (readers - 1))
        #: What changes in an exam's recalls when one reader reads it instead of two.
        self._change: Numbers = recalling / readers - self._by_two

    def figures(self, sample: NDArray[np.intp], shares: Sequence[float]) -> dict[str, Numbers]:
        """Name -> (shares, samples): each sample's figure; `sample` has shape (samples, n) and holds exam numbers.

        A figure is NaN in a sample without a case that it could rest on.
        """
        ai, double = self._ai[sample], self._by_two[sample]
        ill = self._cancer[sample].astype(np.float64)
        sensitivity, fpr, auc = _mean(double, ill), _mean(double, 1 - ill), self._auc(sample)
        cuts = np.quantile(ai, shares, axis=1)
        changed = [self._changed(sample, ai <= cut[:, np.newaxis], ill) for cut in cuts]
        return {
            "reads_saved": np.stack([each[0] for each in changed]),
            "sensitivity_double": np.stack([sensitivity for _ in changed]),
            "sensitivity_triage": np.stack([sensitivity + each[1] for each in changed]),
            "difference": np.stack([each[1] for each in changed]),
            "fpr_double": np.stack([fpr for _ in changed]),
            "fpr_triage": np.stack([fpr + each[2] for each in changed]),
            "fpr_difference": np.stack([each[2] for each in changed]),
            "auc_exam": np.stack([auc for _ in changed]),
            "cancers_read_once": np.stack([each[3] for each in changed]),
        }

    def _changed(
        self, sample: NDArray[np.intp], once: NDArray[np.bool_], ill: Numbers
    ) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Readings saved, change of sensitivity and of false-positive rate, cancers read once, when `once` are."""
        change = once * self._change[sample]
        return once.mean(axis=1) / 2, _mean(change, ill), _mean(change, 1 - ill), _mean(once, ill)

    def _auc(self, sample: NDArray[np.intp]) -> Numbers:
        """AUC of each sample, counted through how often each exam was drawn; ties half."""
        order, starts = self._by_score
        drawn = np.stack([np.bincount(each, minlength=len(order)) for each in sample])[:, order]
        ill = self._cancer[order]
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


def _comparison(
    protocol: ReadingProtocol, cancer: NDArray[np.bool_], found: Mapping[str, float], drawn: Mapping[str, Numbers]
) -> Comparison:
    """Figures of the study as it is (`found`) with the intervals of its replicates (`drawn`)."""
    n, cancers = len(cancer), int(cancer.sum())
    method = f"percentile bootstrap over {n} exams, {protocol.replicates} replicates, seed {protocol.seed}"

    def estimate(name: str, cases: int) -> Estimate:
        low, high = _interval(drawn[name], protocol.confidence)
        return Estimate(value=found[name], low=low, high=high, n=cases, method=method, confidence=protocol.confidence)

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
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}


def _mean(values: NDArray[Any], weights: Numbers) -> Numbers:
    """Weighted mean of each row; NaN where a row has no weight."""
    return _ratio(np.einsum("ij,ij->i", values, weights), weights.sum(axis=1))


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
