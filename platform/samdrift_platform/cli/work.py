"""Commands that bring work and follow it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.documents import with_objects
from samdrift_platform.cli.output import AsJson, say, show_fields, show_json, show_table
from samdrift_platform.cli.progress import bar, wait_for
from samdrift_platform.digest import digest_of
from samdrift_platform.errors import InputError, NotFoundError

app = typer.Typer()

Workload = Annotated[str, typer.Argument(help="Name of a workload; `samdrift workloads` lists them.")]
ItemId = Annotated[str, typer.Argument(help="Identifier of a work item.")]


@app.command()
def workloads(as_json: AsJson = False) -> None:
    """List what can be submitted here."""
    with connect() as client:
        found = client.workloads()
    if as_json:
        show_json(found)
        return
    rows = [
        (one["name"], one["title"].get("en", ""), one["priority"], ", ".join(one["models"]), _stopped(one))
        for one in found
    ]
    show_table(["name", "title", "class", "models", ""], rows, empty="No workload is hosted. Install one with pip.")


@app.command()
def put(files: Annotated[list[Path], typer.Argument(help="Files to store.")], as_json: AsJson = False) -> None:
    """Store files as objects and print their references."""
    with connect() as client, bar() as progress:
        task = progress.add_task("storing", total=len(files))
        stored = {}
        for file in files:
            stored[str(file)] = client.put_object(_read(file))
            progress.advance(task)
    if as_json:
        show_json(stored)
    else:
        show_table(["file", "reference"], stored.items(), empty="Nothing was stored.", whole_digests=True)


@app.command()
def submit(
    workload: Workload,
    file: Annotated[Path, typer.Argument(help="The document, a JSON file.")],
    objects: Annotated[
        list[str] | None,
        typer.Option("--object", metavar="NAME=PATH", help='Store PATH; "object:NAME" in the document refers to it.'),
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Your name for it. Default: the file's name and a digest of its content.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until everything has ended; status 1 if not all is done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Submit a document. Submitting the same again returns the first submission."""
    with connect() as client:
        document = with_objects(_document(file), objects or [], client.put_object)
        submission = client.submit(workload, document, reference=reference or _reference(file, document))
        if wait:
            submission = wait_for(client, submission["id"])
    _show_submission(submission, as_json=as_json)
    if wait and set(submission["items"]) != {"done"}:
        raise typer.Exit(1)


@app.command()
def submissions(
    workload: Annotated[str | None, typer.Option(help="Only this workload's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List submissions, newest first."""
    with connect() as client:
        found = client.submissions(workload=workload, limit=limit)
    if as_json:
        show_json(found)
        return
    rows = [(one["id"], one["workload"], one["reference"], one["submitted_at"], one["items"]) for one in found]
    columns = ["id", "workload", "reference", "submitted", "items"]
    show_table(columns, rows, empty="Nothing was submitted. Try `samdrift submit WORKLOAD FILE.json`.")


@app.command()
def items(
    workload: Annotated[str | None, typer.Option(help="Only this workload's.")] = None,
    submission: Annotated[str | None, typer.Option(help="Only this submission's.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Only in this state; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """List work items, oldest first."""
    with connect() as client:
        found = list(client.items(workload=workload, submission_id=submission, states=state or ()))
    if as_json:
        show_json(found)
        return
    rows = [(one["id"], one["workload"], one["reference"], one["state"], one["reason"]) for one in found]
    show_table(["id", "workload", "reference", "state", "reason"], rows, empty="No item is like that.")


@app.command()
def item(item_id: ItemId, as_json: AsJson = False) -> None:
    """Show one item: its result, what was seen outside, which models decided, what the audit chain holds."""
    with connect() as client:
        found = client.item(item_id)
    if as_json:
        show_json(found)
        return
    show_fields({name: value for name, value in found.items() if name not in ("effects", "audit")})
    say("")
    effects = [(one["step"], one["receiver"], one["state"], one["attempt"], one["error"]) for one in found["effects"]]
    show_table(["effect", "receiver", "state", "calls", "error"], effects, empty="Nothing was to be seen outside.")
    say("")
    events = [(one["seq"], one["at"], one["actor"], one["action"]) for one in found["audit"]]
    show_table(["event", "at", "actor", "action"], events, empty="No event yet.")


@app.command()
def cancel(
    identifier: Annotated[str, typer.Argument(help="Of a submission or an item.")], as_json: AsJson = False
) -> None:
    """Withdraw a submission, or one item, as far as nothing of it was seen outside yet."""
    with connect() as client:
        try:
            found = client.cancel(identifier)
        except NotFoundError:
            found = client.cancel_item(identifier)
    if as_json:
        show_json(found)
    else:
        number = found.get("cancelled", 1)
        say(f"{number} {'item' if number == 1 else 'items'} cancelled.")


@app.command()
def retry(item_id: ItemId, as_json: AsJson = False) -> None:
    """Queue a failed item again, with fresh attempts."""
    with connect() as client:
        found = client.retry_item(item_id)
    if as_json:
        show_json(found)
    else:
        say(f"{found['reference']} is {found['state']}.")


def _stopped(workload: Mapping[str, Any]) -> str:
    stop = workload["stopped"]
    return "" if stop is None else f"STOPPED by {stop['by']}: {stop['reason']}"


def _show_submission(submission: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(submission)
    else:
        show_fields(submission)


def _document(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(_read(file))
    except ValueError as error:
        raise InputError(f"{file} is not JSON: {error}. Correct the file.", field=str(file)) from error
    if not isinstance(found, dict):
        raise InputError(f"{file} holds no JSON object. Put the document's fields between braces.", field=str(file))
    return found


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}. Check the path.", field=str(file)) from error


def _reference(file: Path, document: Mapping[str, Any]) -> str:
    return f"{file.stem[:150]}-{digest_of(document)[7:19]}"
