"""An evaluation report: what a model was measured on, every figure with interval and n, and what nobody measured.

One JSON document, made once, named by its SHA-256 and never changed. The gate reads it, people sign it, pages show it.
`report.schema.json` beside this file is its published schema.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, Figure, TooFew

FORMAT = "samdrift-report/1"


class ReportUnreadableError(EvaluationError):
    """This is not an evaluation report in the form that Samdrift writes. Have the evaluation run again."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure of the report."""

    #: The figure's name in policies: "auc_exam", "sensitivity_difference", "cvrmse".
    name: str
    figure: Figure
    #: "density=dense", or None: all cases.
    subgroup: str | None = None
    #: "", "kWh", "readings per exam"
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class DataUsed:
    """A data set that the figures rest on."""

    name: str
    #: `sha256:…` over the files as they were read.
    digest: str
    #: Cases, and the independent units that they cluster in.
    cases: int
    units: int
    #: "woman", "day", "exam"
    unit: str
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points of a plot; its text twin is the table of these points."""

    #: "roc", "reliability", "decision curve", "reads saved"
    name: str
    x: str
    y: str
    #: (x, y) or (x, y, low, high), all of one kind.
    points: tuple[tuple[float, ...], ...]
    #: Drawn as a thin line for comparison: "chance", "perfect calibration".
    reference: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckedItem:
    """An item of a reporting checklist, with its evidence or the statement that it is not done."""

    #: "TRIPOD+AI 2024"
    checklist: str
    #: "12e"
    item: str
    asks: str
    #: Where the evidence is: a figure's or curve's name, a section of the card; None: not done.
    evidence: str | None = None
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of it. Everything is JSON but `made_at` (aware, UTC) and the figures."""

    #: Name of the evaluation suite.
    suite: str
    #: The model's content that was evaluated: `sha256:…` (registry's `content_digest`).
    subject: str
    made_at: datetime
    #: "samdrift 0.1.0"
    made_by: str
    data: tuple[DataUsed, ...]
    lines: tuple[Line, ...]
    curves: tuple[Curve, ...] = ()
    checklist: tuple[CheckedItem, ...] = ()
    #: What a reader must know before believing the figures: leakage, selection, too few sites.
    limits: tuple[str, ...] = ()
    #: Margins, thresholds, prevalence, seeds: whatever reproduces the figures.
    settings: Mapping[str, Any] = field(default_factory=dict)
    format: str = FORMAT

    def __post_init__(self) -> None:
        """Refuse what would let two readers of one report see different things.

        Raises:
            EvaluationError: a figure or a curve stands there twice, or `made_at` is not in UTC.
        """
        if self.made_at.utcoffset() != timedelta(0):
            raise EvaluationError(f"A report is made at a time in UTC, not at {self.made_at!r}.", field="made_at")
        figures = [f"{line.name} of {line.subgroup or 'all cases'}" for line in self.lines]
        for kind, names in (("figure", figures), ("curve", [curve.name for curve in self.curves])):
            if twice := [name for name, times in Counter(names).items() if times > 1]:
                raise EvaluationError(
                    f"The report has the {kind} {', '.join(twice)} twice. Which one holds?", field=kind
                )

    def figure(self, name: str, subgroup: str | None = None) -> Figure | None:
        """The figure of that name, or None: it was not measured."""
        return next((line.figure for line in self.lines if (line.name, line.subgroup) == (name, subgroup)), None)

    def subgroups(self, name: str) -> Sequence[Line]:
        """The lines of that figure by subgroup."""
        return [line for line in self.lines if line.name == name and line.subgroup is not None]

    def curve(self, name: str) -> Curve | None:
        """The curve of that name, or None: it was not drawn."""
        return next((curve for curve in self.curves if curve.name == name), None)

    def to_bytes(self) -> bytes:
        """Canonical JSON: keys sorted, no spaces, UTF-8, one line."""
        document = {**asdict(self), "made_at": self.made_at.isoformat(), "settings": dict(self.settings)}
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode() + b"\n"

    @property
    def digest(self) -> str:
        """`sha256:` over `to_bytes()`: the report's name."""
        return "sha256:" + hashlib.sha256(self.to_bytes()).hexdigest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Report:
        """Read what `to_bytes` wrote, and believe nothing: it may be a supplier's.

        Raises:
            ReportUnreadableError: it is not a report as `report.schema.json` describes it, or it says things
                that no measurement says (an infinite bound, an interval that ends before it begins).
        """
        document = _parsed(data)
        try:
            _check(document)
            return cls(
                **{
                    **document,
                    "made_at": _moment(document["made_at"]),
                    "data": tuple(DataUsed(**each) for each in document["data"]),
                    "lines": tuple(_line(each) for each in document["lines"]),
                    "curves": tuple(_curve(each) for each in document["curves"]),
                    "checklist": tuple(CheckedItem(**each) for each in document["checklist"]),
                    "limits": tuple(document["limits"]),
                }
            )
        except EvaluationError as error:
            raise ReportUnreadableError(f"This is not a usable evaluation report: {error.message}") from error


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReportUnreadableError from error


def _check(document: Any) -> None:
    from samdrift_evaluation.schemas import first_fault

    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise EvaluationError(f"its format is {found!r}, not {FORMAT}.", field="format")
    if fault := first_fault("report", document):
        raise EvaluationError(fault)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise EvaluationError(f"made_at: {text!r} is no time.", field="made_at") from error


def _line(document: Mapping[str, Any]) -> Line:
    figure: Figure = Estimate(**document["figure"]) if "value" in document["figure"] else TooFew(**document["figure"])
    if isinstance(figure, Estimate):
        _finite(document["name"], figure.value, figure.low, figure.high)
        if figure.low > figure.high:
            raise EvaluationError(f"the interval of {document['name']} ends before it begins.", field=document["name"])
    return Line(**{**document, "figure": figure})


def _curve(document: Mapping[str, Any]) -> Curve:
    points = tuple(tuple(float(number) for number in point) for point in document["points"])
    reference = tuple((float(x), float(y)) for x, y in document["reference"])
    _finite(document["name"], *(number for point in (*points, *reference) for number in point))
    return Curve(**{**document, "points": points, "reference": reference})


def _finite(name: str, *numbers: float) -> None:
    """JSON's own grammar has no infinity, yet 1e999 reads as one, and Python's reader takes NaN."""
    if not all(map(math.isfinite, numbers)):
        raise EvaluationError(f"{name} holds a number that is infinite or none.", field=name)
