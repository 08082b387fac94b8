"""An evaluation report as a page: one self-contained file, or a fragment for a page of somebody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from samdrift_evaluation.checklist import CURVE, FIGURE, SUBGROUPS, Checklist, by_name
from samdrift_evaluation.plots import drawing
from samdrift_evaluation.rendering import FOLDER, render, slug
from samdrift_evaluation.report import CheckedItem, Line, Report

if TYPE_CHECKING:
    from markupsafe import Markup


class Verdict(Protocol):
    """What a page needs of the gate's judgement."""

    @property
    def passed(self) -> bool:
        """Whether every bound of the policy is kept."""

    @property
    def reasons(self) -> Sequence[object]:
        """Why, a sentence each."""


def report_page(report: Report, judgement: Verdict | None = None, language: str = "en") -> str:
    """The whole report as one HTML file: no script, no request to anywhere, fit to be printed and archived."""
    title = render("report/title.txt", language, report=report)
    footer = render("report/footer.txt", language, digest=report.digest)
    return page(title, report_body(report, language, judgement), footer, language)


def report_body(report: Report, language: str = "en", judgement: Verdict | None = None) -> Markup:
    """The report as a fragment: headings from `h2` on, the portal's class names, neither style nor script."""
    return render(
        "report/body.html",
        language,
        report=report,
        judgement=judgement,
        refusals=_reasons(judgement, passed=False),
        kept=_reasons(judgement, passed=True),
        overall=[line for line in report.lines if line.subgroup is None],
        subgroups=_by_figure(report.lines),
        drawings=[drawing(curve, language) for curve in report.curves],
        checklists=[_shown(name, items, report, language) for name, items in _by_checklist(report.checklist)],
    )


def page(title: str, body: Markup, footer: str, language: str) -> str:
    """`body` inside a complete, self-contained HTML file."""
    from markupsafe import Markup

    style = Markup((FOLDER / "templates" / "report" / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our file
    return str(render("report/page.html", language, title=title, body=body, footer=footer, style=style)) + "\n"


@dataclass(frozen=True, kw_only=True)
class _Evidence:
    text: str
    #: The part of the page that it points at; empty: the evidence stands elsewhere.
    anchor: str


@dataclass(frozen=True, kw_only=True)
class _Row:
    item: str
    asks: str | Markup
    evidence: Sequence[_Evidence]
    comment: str


@dataclass(frozen=True, kw_only=True)
class _Shown:
    name: str
    publication: str
    left_out: str
    items: Sequence[_Row]

    @property
    def done(self) -> int:
        return sum(bool(row.evidence) for row in self.items)


def _reasons(judgement: Verdict | None, *, passed: bool) -> list[str]:
    """The reasons of one kind; a reason that does not say its kind is of the verdict's."""
    if judgement is None:
        return []
    return [str(each) for each in judgement.reasons if getattr(each, "passed", judgement.passed) is passed]


def _by_figure(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    """The subgroup lines of each figure, in the report's order."""
    names = dict.fromkeys(line.name for line in lines if line.subgroup is not None)
    return [(name, [line for line in lines if line.name == name and line.subgroup is not None]) for name in names]


def _by_checklist(items: Sequence[CheckedItem]) -> list[tuple[str, list[CheckedItem]]]:
    return [(name, list(each)) for name, each in groupby(items, key=attrgetter("checklist"))]


def _shown(name: str, items: Sequence[CheckedItem], report: Report, language: str) -> _Shown:
    known = by_name(name)
    anchors = _anchors(report)
    return _Shown(
        name=name,
        publication=known.publication if known else "",
        left_out=known.left_out[language] if known else "",
        items=[_row(item, known, anchors, language) for item in items],
    )


def _row(item: CheckedItem, known: Checklist | None, anchors: Mapping[str, str], language: str) -> _Row:
    parts = (item.evidence or "").split("; ") if item.evidence else []
    return _Row(
        item=item.item,
        asks=_asks(item, known, language),
        evidence=[_Evidence(text=part, anchor=anchors.get(part, "")) for part in parts],
        comment=item.comment,
    )


def _asks(item: CheckedItem, known: Checklist | None, language: str) -> Any:
    """In the reader's language where our data hold this very item, else as the report says it."""
    ours = known.item(item.item) if known else None
    if ours is not None and ours.asks["en"] == item.asks:
        return ours.asks[language]
    return render("report/said.txt", language, text=item.asks)


def _anchors(report: Report) -> dict[str, str]:
    """Evidence as a checklist writes it -> the id of the element that shows it."""
    figures = {line.name: f"figure-{slug(line.name)}" for line in report.lines if line.subgroup is None}
    tables = {line.name: f"subgroups-{slug(line.name)}" for line in report.lines if line.subgroup is not None}
    curves = {curve.name: f"curve-{slug(curve.name)}" for curve in report.curves}
    return {
        **figures,
        **curves,
        **{f"{FIGURE}: {name}": anchor for name, anchor in figures.items()},
        **{f"{SUBGROUPS}: {name}": anchor for name, anchor in tables.items()},
        **{f"{CURVE}: {name}": anchor for name, anchor in curves.items()},
        "data": "report-data",
        "limits": "report-limits",
        "settings": "report-settings",
        **{f"setting: {name}": "report-settings" for name in report.settings},
    }
