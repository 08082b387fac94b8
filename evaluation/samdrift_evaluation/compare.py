"""Two models side by side: their reports, or their scores on the same cases with paired tests.

A report holds no scores of single cases, so two reports can be laid side by side but not tested; scores can.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from samdrift_evaluation import paired
from samdrift_evaluation.arrays import Numbers, binary, finite, same_length
from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.estimate import Figure, TooFew, when_enough
from samdrift_evaluation.rendering import render
from samdrift_evaluation.report import DataUsed, Report
from samdrift_evaluation.report_page import page
from samdrift_evaluation.shares import share
from samdrift_evaluation.units import units_of

FORMAT = "samdrift-comparison/1"

#: What holds for a comparison; `templates/report/sentences.html` has them for translation.
NOT_PAIRED = (
    "No difference is tested: a report holds no scores of single cases. Intervals that overlap do not show that two "
    "models are alike. Compare the scores of the same cases to test a difference."
)
OTHER_DATA = "The two reports rest on different data: a difference may be one of the cases, not of the models."
OTHER_SUITE = "The two reports were made by different suites: figures of one name may not mean the same."
OTHER_SETTINGS = "The two reports were made with different settings: figures of one name may not mean the same."
MANY_TESTS = "Several differences are tested, each at its own level: one small p-value among many proves little."


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One figure of both; a difference is second minus first."""

    name: str
    first: Figure | None
    second: Figure | None
    subgroup: str | None = None
    unit: str = ""
    difference: Figure | None = None
    #: Two-sided, of the hypothesis that there is no difference; None: not tested.
    p_value: float | None = None
    test: str = ""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The comparison as one JSON document, named by its digest; `comparison.schema.json` describes it."""

    first: str
    second: str
    #: Whether the differences rest on the same cases, case by case.
    paired: bool
    made_at: datetime
    made_by: str
    pairs: tuple[Pair, ...]
    data: tuple[DataUsed, ...] = ()
    limits: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    format: str = FORMAT

    def to_bytes(self) -> bytes:
        """Canonical JSON: keys sorted, no spaces, UTF-8, one line."""
        document = {**asdict(self), "made_at": self.made_at.isoformat(), "settings": dict(self.settings)}
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode() + b"\n"

    @property
    def digest(self) -> str:
        """`sha256:` over `to_bytes()`."""
        return "sha256:" + hashlib.sha256(self.to_bytes()).hexdigest()


def compare_reports(first: Report, second: Report) -> Comparison:
    """Every figure of either report beside that of the other, and what keeps them from being compared."""
    keys = dict.fromkeys((line.name, line.subgroup) for line in (*first.lines, *second.lines))
    units = {(line.name, line.subgroup): line.unit for line in (*first.lines, *second.lines)}
    same_data = _digests(first) == _digests(second)
    return _made(
        first=first.subject,
        second=second.subject,
        paired=False,
        pairs=tuple(
            Pair(
                name=name,
                subgroup=subgroup,
                unit=units[name, subgroup],
                first=first.figure(name, subgroup),
                second=second.figure(name, subgroup),
            )
            for name, subgroup in keys
        ),
        data=first.data if same_data else (*first.data, *second.data),
        limits=tuple(_hindrances(first, second, same_data=same_data)),
        settings={"reports": [first.digest, second.digest], "suites": [first.suite, second.suite]},
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredCases:
    """The truth of each case and two models' scores of it, higher is more suspicious."""

    #: 1 abnormal, 0 normal.
    labels: ArrayLike
    first: ArrayLike
    second: ArrayLike
    #: The independent unit of each case, or None: each case is one.
    groups: ArrayLike | None = None


def compare_scores(
    cases: ScoredCases,
    *,
    names: tuple[str, str] = ("first", "second"),
    thresholds: tuple[float, float] | None = None,
    data: Sequence[DataUsed] = (),
    resampling: Resampling | None = None,
) -> Comparison:
    """Paired comparison of AUC, and with `thresholds` (first, second) of sensitivity and specificity.

    A case is recalled where its score reaches the threshold. Tests: DeLong for AUC, McNemar for the rest; with groups
    a cluster bootstrap for all.

    Raises:
        EvaluationError: lengths differ, a score is missing, or a label is neither 0 nor 1.
    """
    labels, first, second = binary("labels", cases.labels), finite("first", cases.first), finite("second", cases.second)
    same_length(labels=labels, first=first, second=second)
    chosen, units = resampling or Resampling(), units_of(len(labels), cases.groups)
    pairs = [_auc_pair(labels, first, second, cases.groups, chosen)]
    if thresholds is not None:
        recalls = first >= thresholds[0], second >= thresholds[1]
        pairs += [_recall_pair(name, labels, *recalls, cases.groups, chosen) for name in ("sensitivity", "specificity")]
    return _made(
        first=names[0],
        second=names[1],
        paired=True,
        pairs=tuple(pairs),
        data=tuple(data),
        limits=(MANY_TESTS,) if len(pairs) > 1 else (),
        settings={
            "cases": len(labels),
            "units": units.count,
            "thresholds": list(thresholds) if thresholds else None,
            "replicates": chosen.replicates,
            "seed": chosen.seed,
        },
    )


def comparison_page(comparison: Comparison, language: str = "en") -> str:
    """The comparison as one self-contained HTML file."""
    title = render("comparison/title.txt", language)
    body = render("comparison/body.html", language, comparison=comparison)
    return page(title, body, render("report/footer.txt", language, digest=comparison.digest), language)


def _made(**parts: Any) -> Comparison:
    return Comparison(made_at=datetime.now(UTC), made_by=f"samdrift {version('samdrift')}", **parts)


def _digests(report: Report) -> set[str]:
    return {each.digest for each in report.data}


def _hindrances(first: Report, second: Report, *, same_data: bool) -> Iterator[str]:
    yield NOT_PAIRED
    if not same_data:
        yield OTHER_DATA
    if first.suite != second.suite:
        yield OTHER_SUITE
    elif dict(first.settings) != dict(second.settings):
        yield OTHER_SETTINGS


def _auc_pair(
    labels: np.ndarray[Any, Any], first: Numbers, second: Numbers, groups: ArrayLike | None, resampling: Resampling
) -> Pair:
    def one(scores: Numbers) -> Figure:
        return when_enough(len(labels), 1, lambda: auc_with_interval(labels, scores, groups, resampling=resampling))

    tested = partial(paired.compare_auc, labels, second, first, groups, resampling=resampling)
    return _tested("auc", one(first), one(second), tested)


def _recall_pair(
    name: str,
    labels: np.ndarray[Any, Any],
    first: np.ndarray[Any, Any],
    second: np.ndarray[Any, Any],
    groups: ArrayLike | None,
    resampling: Resampling,
) -> Pair:
    """Sensitivity counts what is recalled among the abnormal, specificity what is not among the normal."""
    abnormal = name == "sensitivity"
    among = labels == abnormal
    group = None if groups is None else np.asarray(groups)[among]

    def one(recalls: np.ndarray[Any, Any]) -> Figure:
        hits = recalls[among] == abnormal
        return when_enough(int(among.sum()), 1, lambda: share(hits, group, resampling=resampling))

    compared = paired.compare_sensitivity if abnormal else paired.compare_specificity
    return _tested(
        name, one(first), one(second), partial(compared, labels, second, first, groups, resampling=resampling)
    )


def _tested(name: str, first: Figure, second: Figure, test: Callable[[], paired.Comparison]) -> Pair:
    try:
        found = test()
    except TooFewCasesError as error:
        few = TooFew(n=first.n, reason=error.message)
        return Pair(name=name, first=first, second=second, difference=few)
    return Pair(
        name=name,
        first=first,
        second=second,
        difference=found.difference,
        p_value=found.p_value,
        test=found.test,
    )


def paired_columns(
    rows: Sequence[Mapping[str, str]], *, label: str, first: str, second: str, group: str | None = None
) -> ScoredCases:
    """The cases in a table of texts, as `csv.DictReader` gives it.

    Raises:
        EvaluationError: there is no row, or a column is not there.
    """
    if not rows:
        raise EvaluationError("The file has no rows.")
    wanted = [label, first, second, *([group] if group else [])]
    if missing := [name for name in wanted if name not in rows[0]]:
        told = f"The file has no column {', '.join(missing)}; it has {', '.join(rows[0])}."
        raise EvaluationError(told, field=missing[0])
    labels, one, other = ([row[name] for row in rows] for name in (label, first, second))
    return ScoredCases(labels=labels, first=one, second=other, groups=[row[group] for row in rows] if group else None)


def data_of_file(path: Path, cases: ScoredCases, *, unit: str) -> DataUsed:
    """What a report says of the file that the cases were read from."""
    count = len(np.asarray(cases.labels))
    return DataUsed(
        name=path.name,
        digest="sha256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
        cases=count,
        units=units_of(count, cases.groups).count,
        unit=unit,
    )
