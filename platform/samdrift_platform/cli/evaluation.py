"""Commands that evaluate and judge on this machine: files in, figures out; no platform runs and none is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samdrift_platform.cli import reports
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.cli.reports import needs_evaluation

if TYPE_CHECKING:
    from samdrift_evaluation.estimate import Estimate
    from samdrift_evaluation.gate import Judgement
    from samdrift_evaluation.gate_policy import GatePolicy
    from samdrift_evaluation.reading_protocol import Comparison
    from samdrift_evaluation.report import Report

app = typer.Typer()
evaluation = typer.Typer(help="Evaluate scores, and hold reports to policies; needs no platform.", no_args_is_help=True)
app.add_typer(evaluation, name="evaluation")
evaluation.command("report")(reports.report)
evaluation.command("compare")(reports.compare)
evaluation.command("compare-scores")(reports.compare_scores)

InputFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False)]
Share = Annotated[
    float, typer.Option(min=0, max=1, help="Share of exams, lowest AI scores first, that one reader reads.")
]
Threshold = Annotated[float, typer.Option(min=0, max=1, help="Probability of malignancy from which a reader recalls.")]
Margin = Annotated[float, typer.Option(min=0, max=1, help="Sensitivity that may be lost at most, absolute.")]


@evaluation.command("reader-study")
def reader_study(
    file: InputFile,
    ai: Annotated[str, typer.Option(help="Column with the AI's scores.")],
    single_read_share: Share = 0.6,
    recall_threshold: Threshold = 0.10,
    margin: Margin = 0.05,
    bootstrap: Annotated[int, typer.Option(min=1, max=1_000_000, help="Replicates behind the intervals.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    sweep: Annotated[bool, typer.Option("--sweep", help="For every share from 0 to 1 instead of one.")] = False,
    plot: Annotated[Path | None, typer.Option(dir_okay=False, help="With --sweep: draw it into this SVG file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare triage by an AI with double reading, on exams that several radiologists have read.

    FILE is a CSV file, one row a breast: case_ID, label (1 cancer), a column Reader… for each radiologist, the AI's.
    """
    if plot and not sweep:
        raise typer.BadParameter("There is nothing to draw without --sweep.", param_hint="--plot")
    needs_evaluation()
    from samdrift_evaluation.reader_study import read_study
    from samdrift_evaluation.reading_curves import SHARES
    from samdrift_evaluation.reading_protocol import ReadingProtocol
    from samdrift_evaluation.reading_protocol import compare as compare_readings
    from samdrift_evaluation.reading_protocol import sweep as sweep_shares

    protocol = ReadingProtocol(
        single_read_share=single_read_share,
        recall_threshold=recall_threshold,
        margin=margin,
        replicates=bootstrap,
        seed=seed,
    )
    study = read_study(file, ai)
    if sweep:
        _show_sweep(sweep_shares(study, protocol, SHARES), plot, as_json=as_json)
    else:
        _show_comparison(compare_readings(study, protocol), as_json=as_json)


@evaluation.command("gate")
def gate(report: InputFile, policy: InputFile, as_json: AsJson = False) -> None:
    """Hold the report REPORT.json to POLICY.yaml; exit status 1 if the gate refuses."""
    needs_evaluation()
    from samdrift_evaluation.gate import judge, read_policy
    from samdrift_evaluation.report import Report

    judged, held_to = Report.from_bytes(report.read_bytes()), read_policy(policy.read_bytes())
    judgement = judge(judged, held_to)
    if as_json:
        show_json(_judgement_document(judged, held_to, judgement))
    else:
        say(f"{'Passed' if judgement.passed else 'Refused'} by {held_to.name} version {held_to.version}.")
        for reason in judgement.reasons:
            say(f"- {reason}")
    raise typer.Exit(0 if judgement.passed else 1)


def _show_comparison(found: Comparison, *, as_json: bool) -> None:
    if as_json:
        show_json(found.document())
        return
    figures = (
        ("readings saved", found.reads_saved),
        ("sensitivity, double reading", found.sensitivity_double),
        ("sensitivity, triage", found.sensitivity_triage),
        ("  difference", found.difference),
        ("false-positive rate, double reading", found.fpr_double),
        ("false-positive rate, triage", found.fpr_triage),
        ("  difference", found.fpr_difference),
        ("cancers read by one reader", found.cancers_read_once),
        ("AUC of the AI", found.auc_exam),
    )
    rows = [(name, f"{figure.value:.3f}", _interval(figure), figure.n) for name, figure in figures]
    show_table(["figure", "value", "95 % interval", "n"], rows, empty="")
    say(_verdict(found))


def _verdict(found: Comparison) -> str:
    """Whether triage is non-inferior, with the numbers that say so."""
    lost, margin = max(0.0, -found.difference.low), found.protocol.margin
    kept = "is non-inferior to" if found.non_inferior else "is not shown to be non-inferior to"
    return f"Triage {kept} double reading: it may lose {lost:.3f} of sensitivity, where the margin is {margin:g}."


def _show_sweep(swept: Sequence[Comparison], plot: Path | None, *, as_json: bool) -> None:
    """The curve: into an SVG file where one is wanted, and always as a table."""
    if plot:
        _draw(swept, plot)
    if as_json:
        show_json([{"single_read_share": one.protocol.single_read_share, **one.document()} for one in swept])
        return
    rows = [
        (
            f"{one.protocol.single_read_share:.2f}",
            f"{one.reads_saved.value:.3f}",
            f"{_signed(one.difference.value)} {_interval(one.difference)}",
            f"{_signed(one.fpr_difference.value)} {_interval(one.fpr_difference)}",
            "yes" if one.non_inferior else "no",
        )
        for one in swept
    ]
    columns = ["read once", "saved", "sensitivity", "false-positive rate", "non-inferior"]
    show_table(columns, rows, empty="")
    say(
        f"Triage less double reading, with 95 % intervals; {swept[0].n_exams} exams, {swept[0].n_cancers} with cancer; "
        f"margin {swept[0].protocol.margin:g}."
    )


def _draw(swept: Sequence[Comparison], path: Path) -> None:
    from samdrift_evaluation.plots import svg
    from samdrift_evaluation.reading_curves import reads_saved

    path.write_text(str(svg(reads_saved(swept))), encoding="utf-8")


def _judgement_document(report: Report, policy: GatePolicy, judgement: Judgement) -> Mapping[str, Any]:
    return {
        "passed": judgement.passed,
        "report": report.digest,
        "policy": {"name": policy.name, "version": policy.version, "digest": policy.digest},
        "reasons": [asdict(reason) for reason in judgement.reasons],
    }


def _interval(figure: Estimate) -> str:
    return (
        f"[{_signed(figure.low)}, {_signed(figure.high)}]"
        if figure.low < 0
        else f"[{figure.low:.3f}, {figure.high:.3f}]"
    )


def _signed(value: float) -> str:
    """Three decimals with their sign; what rounds to nothing has none."""
    return f"{value:+.3f}" if abs(value) >= 0.0005 else "0.000"
