"""`samdrift rpa run`: cases from files through a process, for real or dry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError
from samdrift_rpa.commands.asking import ProcessName
from samdrift_rpa.statistics import WORKLOAD

if TYPE_CHECKING:
    from samdrift_platform.client import Client
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
    from samdrift_rpa.commands.case_files import cases_in, received_at

    with connect() as client:
        with _storing(client, len(files)) as put:
            cases = [dict(each.case) for each in cases_in(process, files, put)]
        sent = [
            client.submit(WORKLOAD, document, reference=called)["id"]
            for called, document in _submissions(process.name, received_at(files), cases, reference)
        ]
        submissions = [wait_for(client, each) for each in sent]
        items = [item for each in sent for item in client.items(submission_id=each)]
    _show(submissions, items, as_json=as_json)
    if {item["state"] for item in items} != {"done"}:
        raise typer.Exit(1)


@contextmanager
def _storing(client: Client, files: int) -> Iterator[Callable[[bytes], str]]:
    """Stores documents, and shows how far it is."""
    from samdrift_platform.cli.progress import bar

    with bar() as progress:
        task = progress.add_task("storing", total=files)

        def put(content: bytes) -> str:
            stored = client.put_object(content)
            progress.advance(task)
            return stored

        yield put


def _submissions(
    process: str, received: datetime, cases: Sequence[dict[str, Any]], reference: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and document of each, with as many cases as one may have; the same files are the same submissions."""
    from samdrift_platform.digest import digest_of
    from samdrift_rpa.submission import MOST_CASES

    parts = [cases[at : at + MOST_CASES] for at in range(0, len(cases), MOST_CASES)] or [cases]
    for number, part in enumerate(parts, start=1):
        document = {"process": process, "received_at": received.isoformat(), "cases": [*part]}
        called = reference or f"{process} {digest_of(document)[7:23]}"
        yield called if len(parts) == 1 else f"{called} ({number} of {len(parts)})", document


def _show(submissions: Sequence[dict[str, Any]], items: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json({"submissions": [*submissions], "items": [*items]})
        return
    rows = [(item["reference"], item["state"], item["reason"], item["id"]) for item in items]
    show_table(["reference", "state", "reason", "item"], rows, empty="No case came of it.")
    counted = Counter(item["state"] for item in items)
    say(", ".join(f"{number} {state}" for state, number in sorted(counted.items())) + ".")
    if counted["waiting_for_person"]:
        say("`samdrift inbox list` shows what people are asked.")
