"""`samdrift mammography policy`: the policy in force, and which cut gives which share of exams to one reader."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samdrift_mammography.reasons import BANNER

if TYPE_CHECKING:
    from samdrift_evaluation.report import Report
    from samdrift_mammography.lesion_head import ReferencePopulation
    from samdrift_mammography.policy import Policy
    from samdrift_mammography.reading_share import Cut

#: Figures of a reader study that say what single reading costs and saves, in this order.
EVIDENCE = (
    "sensitivity_difference",
    "sensitivity_triage",
    "sensitivity_double",
    "fpr_difference",
    "cancers_read_once",
    "reads_saved",
)


def policy(
    target_share: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Share of the exams that one reader is to read.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder of the model; the shipped one by default.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Evaluation report (JSON) whose evidence is shown.")
    ] = None,
    margin: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How much sensitivity may be lost at most; people sign it.")
    ] = 0.05,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show the policy in force, and which cut would give the target share on the model's reference population.

    Changes nothing: people change the policy's file, and raise its version.
    """
    from samdrift_evaluation.report import Report
    from samdrift_mammography import lesion_head
    from samdrift_mammography.demonstration import SHIPPED
    from samdrift_mammography.policy import installed_policy

    chosen = model or SHIPPED
    _, reference = lesion_head.load(chosen)
    evidence = Report.from_bytes(report.read_bytes()) if report else None
    found = {
        "notice": BANNER,
        **_policy(installed_policy()),
        **_cuts(reference, target_share),
        **(_evidence(evidence, chosen, target_share, margin) if evidence else {}),
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if as_json else "\n".join(_told(found)) + "\n")


def _policy(found: Policy) -> dict[str, Any]:
    return {"policy": {**found.facts, "reading_target_working_days": found.reading_target_working_days}}


def _cuts(reference: ReferencePopulation, target_share: float | None) -> dict[str, Any]:
    from samdrift_mammography.reading_share import cut_for, cuts

    found = cuts(reference)
    told: dict[str, Any] = {"reference_population": reference.name, "cuts": [_cut(cut) for cut in found]}
    if target_share is not None:
        told["target"] = {"share": target_share, **_cut(cut_for(found, target_share))}
    return told


def _cut(cut: Cut) -> dict[str, Any]:
    return {"single_reading_up_to": cut.single_reading_up_to, "read_by_one": asdict(cut.share), "said": str(cut.share)}


def _evidence(report: Report, model: Path, target_share: float | None, margin: float) -> dict[str, Any]:
    from samdrift_evaluation.content import content_digest

    measured = {name: str(report.figure(name)) for name in EVIDENCE if report.figure(name) is not None}
    others = {f"{x.name} ({x.subgroup})" if x.subgroup else x.name: str(x.figure) for x in report.lines}
    return {
        "evidence": {
            "report": report.digest,
            "suite": report.suite,
            "about_this_model": report.subject == content_digest(model),
            "single_read_share": report.settings.get("single_read_share"),
            "readers": measured,
            "other_figures": {name: figure for name, figure in others.items() if name not in measured},
            "cancers_read_twice": _read_twice(report, target_share),
            "verdict": _verdict(report, target_share, margin),
            "limits": list(report.limits),
        }
    }


def _read_twice(report: Report, target_share: float | None) -> str | None:
    """Share of the women with cancer whom two would read at the target; None: no target, or not measured at it."""
    if target_share is None:
        return None
    figure = report.figure(f"cancers_read_twice_at_{round(100 * target_share)}")
    return None if figure is None else str(figure)


def _verdict(report: Report, target_share: float | None, margin: float) -> str:
    """One sentence: shown within the margin, not shown, or nobody measured it. Never "safe"."""
    from samdrift_evaluation.estimate import Estimate
    from samdrift_evaluation.noninferiority import Verdict

    difference = report.figure("sensitivity_difference")
    measured_at = report.settings.get("single_read_share")
    if difference is None:
        return "Not done: no reader took part in this report, so nothing is known of what single reading would miss."
    if not isinstance(difference, Estimate):
        return f"Not shown: {difference}."
    if target_share is not None and measured_at != target_share:
        return f"Not done for a share of {target_share:g}: the readers were evaluated at {measured_at:g}."
    if Verdict(difference=difference, margin=margin).non_inferior:
        return f"Shown in this study: the whole interval of the difference lies above -{margin:g}: {difference}."
    return f"Not shown: the interval of the difference reaches below -{margin:g}: {difference}."


def _told(found: dict[str, Any]) -> Iterator[str]:
    yield found["notice"]
    yield from (f"{name}: {value}" for name, value in found["policy"].items())
    yield ""
    yield f"Share of {found['reference_population']} that one reader would read, with a cut of"
    yield from (f"  {cut['single_reading_up_to']}: {cut['said']}" for cut in found["cuts"])
    if target := found.get("target"):
        yield ""
        yield f"At most {target['share']:g}: single_reading_up_to: {target['single_reading_up_to']} ({target['said']})"
        yield "Exams of your own have other scores: watch the share on the worklist after the change."
    if evidence := found.get("evidence"):
        yield from _told_evidence(evidence)


def _told_evidence(evidence: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"Evidence: {evidence['suite']}, {evidence['report']}"
    if not evidence["about_this_model"]:
        yield "It is about another model than this one."
    yield evidence["verdict"]
    if twice := evidence["cancers_read_twice"]:
        yield f"Of the women with cancer two would read {twice}; one alone would read the others."
    yield from (f"  {name}: {figure}" for name, figure in (evidence["readers"] | evidence["other_figures"]).items())
    yield from (f"  Limit: {limit}" for limit in evidence["limits"])
