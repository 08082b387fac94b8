"""The command that evaluates a model's folder on this machine: a data scientist's inner loop, without a platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_platform.cli.output import AsJson, say, show_json, write
from samdrift_platform.cli.reports import Language, needs_evaluation, show_report

if TYPE_CHECKING:
    from samdrift_evaluation.gate import Judgement


def evaluate(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The model's files.")],
    suite: Annotated[str, typer.Option(help="Name of an installed evaluation suite.")],
    policy: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Hold the report to this policy (YAML).")
    ] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the report (JSON) into this file.")] = None,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a self-contained page into it.")] = None,
    language: Annotated[Language, typer.Option(help="Of the page.")] = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Evaluate a model as the platform would; exit status 1 if the gate of --policy would refuse it."""
    needs_evaluation()
    from samdrift_evaluation.gate import judge, read_policy
    from samdrift_evaluation.report_page import report_page
    from samdrift_platform import plugins

    held_to = read_policy(policy.read_bytes()) if policy else None
    report = plugins.suite(suite).evaluate(folder)
    judgement = judge(report, held_to) if held_to else None
    if out:
        write(report.to_bytes(), out)
    if html:
        write(report_page(report, judgement, language.value).encode(), html)
    if as_json:
        verdict = {} if judgement is None else {"passed": judgement.passed, "reasons": _told(judgement)}
        show_json({"report": json.loads(report.to_bytes()), "digest": report.digest, **verdict})
    else:
        show_report(report)
        _say_verdict(judgement)
    raise typer.Exit(0 if judgement is None or judgement.passed else 1)


def _told(judgement: Judgement) -> list[str]:
    return [str(reason) for reason in judgement.reasons]


def _say_verdict(judgement: Judgement | None) -> None:
    if judgement is None:
        say("No policy was given, so nothing was judged. Add --policy FILE.")
        return
    say(f"The gate {'would let this version through' if judgement.passed else 'would stop this version'}:")
    for reason in _told(judgement):
        say(f"- {reason}")
