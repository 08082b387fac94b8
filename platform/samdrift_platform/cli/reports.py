"""Commands that show evaluation reports and compare models; no platform runs and none is asked."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import NotFoundError

if TYPE_CHECKING:
    from samdrift_evaluation.compare import Comparison
    from samdrift_evaluation.estimate import Figure
    from samdrift_evaluation.report import Report


class Language(StrEnum):
    """Languages of pages."""

    DA = "da"
    EN = "en"


InputFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False)]
Html = Annotated[Path | None, typer.Option("--html", dir_okay=False, help="Write one self-contained page into it.")]
PageLanguage = Annotated[Language, typer.Option(help="Of the page.")]
Cut = Annotated[float | None, typer.Option(help="Score from which a case is recalled; give it for both.")]


def report(
    file: InputFile,
    html: Html = None,
    policy: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Judge it by this policy.")] = None,
    language: PageLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Check and show the report REPORT.json: every figure with its interval and n."""
    needs_evaluation()
    from samdrift_evaluation.gate import judge, read_policy
    from samdrift_evaluation.report import Report
    from samdrift_evaluation.report_page import report_page

    found = Report.from_bytes(file.read_bytes())
    judgement = judge(found, read_policy(policy.read_bytes())) if policy else None
    if html:
        html.write_text(report_page(found, judgement, language.value), encoding="utf-8")
    if as_json:
        show_json(json.loads(found.to_bytes()))
        return
    show_report(found)
    if judgement is not None:
        say(f"The gate {'lets this version through' if judgement.passed else 'stops this version'}.")
    _say_written(html)


def compare(
    first: InputFile,
    second: InputFile,
    html: Html = None,
    language: PageLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Lay two reports side by side. Scores are not in reports, so nothing is tested: use compare-scores for that."""
    needs_evaluation()
    from samdrift_evaluation.compare import compare_reports
    from samdrift_evaluation.report import Report

    found = compare_reports(Report.from_bytes(first.read_bytes()), Report.from_bytes(second.read_bytes()))
    _show_comparison(found, html, language, as_json=as_json)


def compare_scores(
    file: InputFile,
    label: Annotated[str, typer.Option(help="Column with the truth: 1 abnormal, 0 normal.")],
    first: Annotated[str, typer.Option(help="Column with the scores of what there is today.")],
    second: Annotated[str, typer.Option(help="Column with the scores of what may replace it.")],
    group: Annotated[str | None, typer.Option(help="Column that tells women, days or sites apart.")] = None,
    first_threshold: Cut = None,
    second_threshold: Cut = None,
    bootstrap: Annotated[int, typer.Option(min=1, max=1_000_000, help="Replicates behind the intervals.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    html: Html = None,
    language: PageLanguage = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Test two models on the same cases, case by case: DeLong for AUC, McNemar for sensitivity and specificity.

    FILE is a CSV file with one row a case.
    """
    if (first_threshold is None) != (second_threshold is None):
        raise typer.BadParameter("Give --first-threshold and --second-threshold, or neither.")
    needs_evaluation()
    from samdrift_evaluation.bootstrap import Resampling
    from samdrift_evaluation.compare import compare_scores as tested
    from samdrift_evaluation.compare import data_of_file, paired_columns

    # "-sig": spreadsheets begin their CSV with a byte order mark.
    with file.open(encoding="utf-8-sig", newline="") as lines:
        cases = paired_columns(list(csv.DictReader(lines)), label=label, first=first, second=second, group=group)
    both = None if first_threshold is None or second_threshold is None else (first_threshold, second_threshold)
    found = tested(
        cases,
        names=(first, second),
        thresholds=both,
        data=[data_of_file(file, cases, unit=group or "case")],
        resampling=Resampling(replicates=bootstrap, seed=seed),
    )
    _show_comparison(found, html, language, as_json=as_json)


def needs_evaluation() -> None:
    """The statistics come with an extra; who has only the client is told which."""
    from importlib.util import find_spec

    if find_spec("numpy") is None:
        raise NotFoundError("Only the client is installed here. Run `pip install 'samdrift[evaluation]'` first.")


def show_report(found: Report) -> None:
    """Print every figure with its interval and n, the limits, and how many checklist items have evidence."""
    rows = [
        (line.name, line.subgroup or "", str(line.figure), line.unit)
        for line in sorted(found.lines, key=lambda line: line.subgroup or "")
    ]
    show_table(["figure", "subgroup", "value [95 % interval], n", "unit"], rows, empty="No figure was measured.")
    _say_limits(found.limits)
    done = sum(item.evidence is not None for item in found.checklist)
    say(f"{done} of {len(found.checklist)} checklist items evidenced. {found.digest}")


def _show_comparison(found: Comparison, html: Path | None, language: Language, *, as_json: bool) -> None:
    from samdrift_evaluation.compare import comparison_page

    if html:
        html.write_text(comparison_page(found, language.value), encoding="utf-8")
    if as_json:
        show_json(json.loads(found.to_bytes()))
        return
    rows = [
        (
            pair.name if pair.subgroup is None else f"{pair.name} ({pair.subgroup})",
            _told(pair.first),
            _told(pair.second),
            _told(pair.difference) if found.paired else "not tested",
            "" if pair.p_value is None else f"{pair.p_value:.2g}",
        )
        for pair in found.pairs
    ]
    columns = ["figure", "first", "second", "second minus first", "p, two-sided"]
    show_table(columns, rows, empty="Neither report has a figure.")
    _say_limits(found.limits)
    _say_written(html)


def _told(figure: Figure | None) -> str:
    return "-" if figure is None else str(figure)


def _say_limits(limits: Sequence[str]) -> None:
    for limit in limits:
        say(f"- {limit}")


def _say_written(html: Path | None) -> None:
    if html:
        say(f"The page is in {html}.")
