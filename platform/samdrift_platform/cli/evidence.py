"""Commands that show the evidence: the audit chain, one decision, records of use, benefits, the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_fields, show_json, show_table, write

app = typer.Typer()
audit = typer.Typer(help="The audit chain, and what an auditor asks.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Recompute the whole chain; exit status 1 if an event was changed, removed or inserted."""
    with connect() as client:
        found = client.verify_audit()
    if as_json:
        show_json(found)
    elif found["intact"]:
        say(
            f"Intact: {found['rows']} events, {found['statements']} signed statements, "
            f"{found['checkpoints']} signed checkpoints."
        )
    else:
        say(f"Not intact from event {found['first_bad_seq']} on: {found['why']}. Restore the ledger from a backup.")
    raise typer.Exit(0 if found["intact"] else 1)


@audit.command("log")
def log(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest events."""
    with connect() as client:
        found = client.audit_log(limit=limit)
    if as_json:
        show_json(found)
        return
    rows = [
        (one["seq"], one["at"][:19], one["actor"], one["action"], one["subject"], _in_words(one["details"]))
        for one in found
    ]
    show_table(["event", "at (UTC)", "actor", "action", "subject", "details"], rows, empty="Nothing has happened yet.")


@audit.command("replay")
def replay(item_id: Annotated[str, typer.Argument(help="Identifier of a work item.")], as_json: AsJson = False) -> None:
    """Show one decision end to end; exit status 1 if something that is kept is not as it was recorded."""
    with connect() as client:
        found = client.replay(item_id)
    if as_json:
        show_json(found)
    else:
        _show_replay(found)
    raise typer.Exit(1 if found["mismatches"] else 0)


@audit.command("records")
def records(
    workload: Annotated[str | None, typer.Option(help="Only this workload's.")] = None,
    since: Annotated[str | None, typer.Option(help="From this moment on, such as 2026-11-24T00:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this moment.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of CSV.")] = False,
) -> None:
    """Print every decision, for the log that Article 12 of the AI Act asks for."""
    form = "jsonl" if as_json else "csv"
    with connect() as client:
        for piece in client.records_of_use(workload=workload, since=since, until=until, form=form):
            sys.stdout.buffer.write(piece)
    sys.stdout.flush()


@app.command()
def catalogue(
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it into this file.")] = None,
) -> None:
    """Print models, data sets and services as DCAT-AP-DK (Turtle), for a data catalogue."""
    with connect() as client:
        write(client.catalogue(), out)


def _show_replay(found: Mapping[str, Any]) -> None:
    item, submission = found["item"], found["submission"]
    show_fields(
        {
            "item": item["id"],
            "reference": item["reference"],
            "workload": item["workload"],
            "submitted": f"{submission['submitted_at']} by {submission['submitted_by']}",
            "state": item["state"],
            "decided": found["decided_at"],
            "decided by": _decided_by(found),
            "input as recorded": _holds(found["input"]),
            "result as recorded": _holds(found["result"]),
            "truth": found["truths"],
        }
    )
    for version in found["models"]:
        approved = ", ".join(f"{one['person']} ({one['role']})" for one in version["approvals"])
        say(
            f"\n{version['model']} version {version['version']} decided as {version['slot']}, deployed by "
            f"{version['deployed_by']}, approved by {approved or 'nobody'}.\n  policy {version['policy']}, "
            f"report {version['report']}\n  files {version['digest']}"
        )
    say("")
    scores = [(one["model"], one["version"], one["slot"], one["name"], one["value"]) for one in found["scores"]]
    show_table(["model", "version", "slot", "score", "value"], scores, empty="No score was recorded.")
    say("")
    rulings = [_ruled(asked, given) for asked in found["questions"] for given in asked["given"]]
    show_table(["person", "at", "question", "decision", "holds"], rulings, empty="No person has decided anything.")
    say("")
    effects = [
        (one["step"], one["receiver"], one["state"], one["finished_at"], one["error"] or _in_words(one["answer"] or {}))
        for one in found["effects"]
    ]
    columns = ["effect", "receiver", "state", "finished", "answer"]
    show_table(columns, effects, empty="Nothing was to be seen outside.")
    say("")
    saved = [
        (one["kind"], one["measure"], f"{one['quantity']:.4g} {one['unit']}", one["method"])
        for one in found["benefits"]
    ]
    show_table(["", "measure", "quantity", "method"], saved, empty="Nothing was saved or spent.")
    say("")
    events = [(one["seq"], one["at"][:19], one["actor"], one["action"]) for one in found["events"]]
    show_table(["event", "at (UTC)", "actor", "action"], events, empty="No event yet.")
    for mismatch in found["mismatches"]:
        say(f"NOT AS RECORDED: {mismatch}")


def _ruled(asked: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[object, ...]:
    """Who said what about which question, and whether that is what holds."""
    said = _in_words({"choice": given["choice"], **given["fields"]})
    held = asked["decision"]
    holds = held is not None and given["decided_by"] in held["people"] and given["choice"] == held["choice"]
    return (given["decided_by"], given["decided_at"][:19], asked["question"]["code"], said, "yes" if holds else "no")


def _decided_by(found: Mapping[str, Any]) -> str:
    if found["objected"]:
        return "no model: the person has objected to automated processing"
    if found["safe"]:
        return "the safe state: no model"
    models = [f"{one['model']} version {one['version']} ({one['slot']})" for one in found["models"]]
    return ", ".join(models) or ("no model" if found["decided_at"] else "nobody yet")


def _holds(compared: Mapping[str, Any]) -> str:
    return {True: "yes", False: "NO", None: "nobody can tell"}[compared["matches"]]


def _in_words(details: Mapping[str, object]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in details.items())


@app.command()
def benefits(as_json: AsJson = False) -> None:
    """List what was saved, and what computing it cost."""
    with connect() as client:
        found = client.benefits()
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["workload"],
            one["kind"],
            one["measure"],
            f"{one['quantity']:.4g} {one['unit']}",
            one["items"],
            one["method"],
        )
        for one in found
    ]
    columns = ["workload", "", "measure", "quantity", "items", "method"]
    show_table(columns, rows, empty="Nothing was saved or spent yet: no item has ended.")
