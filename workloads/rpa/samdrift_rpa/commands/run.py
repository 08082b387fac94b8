"""`samdrift rpa run`: cases from files through a process, for real or dry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError
from samdrift_rpa.commands.asking import ProcessName
from samdrift_rpa.statistics import WORKLOAD

if TYPE_CHECKING:
    from samdrift_rpa.process import Process

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="A document each, or JSON files with cases, as the process takes."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Make nothing: show the steps, the effects that would be made, and questions.")
]
Decisions = Annotated[
    list[str] | None,
    typer.Option("--decide", metavar="QUESTION=CHOICE", help="Dry run: what a person would decide; may be repeated."),
]
Reference = Annotated[str | None, typer.Option(help="Your name for the submission. Default: made of its content.")]


def run(
    process: ProcessName,
    files: Files,
    dry_run: DryRun = False,
    decide: Decisions = None,
    reference: Reference = None,
    as_json: AsJson = False,
) -> None:
    """Take cases from files through a process and follow them to the end; status 1 if not every case is done."""
    from samdrift_rpa.processes import process_called

    found = process_called(process)
    if dry_run:
        from samdrift_rpa.commands.dry_run import show_dry

        show_dry(found, files, decide or [], as_json=as_json)
        return
    if decide:
        raise InputError("--decide goes with --dry-run. People decide for real by `samdrift inbox`.", field="decide")
    _run(found, files, reference, as_json=as_json)


def _run(process: Process[Any, Any], files: Sequence[Path], reference: str | None, *, as_json: bool) -> None:
    from samdrift_platform.cli.progress import wait_for
    from samdrift_platform.digest import digest_of
    from samdrift_rpa.commands.case_files import cases_in, received_at

    with connect() as client:
        cases = [dict(each.case) for each in cases_in(process, files, client.put_object)]
        document = {"process": process.name, "received_at": received_at(files).isoformat(), "cases": cases}
        called = reference or f"{process.name} {digest_of(document)[7:23]}"
        submission = wait_for(client, client.submit(WORKLOAD, document, reference=called)["id"])
        items = list(client.items(submission_id=submission["id"]))
    _show(submission, items, as_json=as_json)
    if {item["state"] for item in items} != {"done"}:
        raise typer.Exit(1)


def _show(submission: dict[str, Any], items: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json({"submission": submission, "items": items})
        return
    rows = [(item["reference"], item["state"], item["reason"], item["id"]) for item in items]
    show_table(["reference", "state", "reason", "item"], rows, empty="No case came of it.")
    counted = Counter(item["state"] for item in items)
    say(", ".join(f"{number} {state}" for state, number in sorted(counted.items())) + ".")
    if counted["waiting_for_person"]:
        say("`samdrift inbox list` shows what people are asked.")
