"""Commands about objections to automated processing. Numbers of persons are read, never given as an argument."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError

app = typer.Typer()
objections = typer.Typer(no_args_is_help=True)
app.add_typer(objections, name="objections", help="People whose items no model may see.")

Workload = Annotated[str, typer.Option(help="To which workload; it must process something about persons.")]


@objections.command("add")
def add(workload: Workload, as_json: AsJson = False) -> None:
    """Record the objections of persons whose numbers stand in standard input, one a line.

    Arguments can be seen by everybody on a machine, so a number is none. On a terminal it is asked for, unseen.
    """
    with connect() as client:
        found = [client.add_objection(workload, identifier) for identifier in _identifiers()]
    _show(found, "stands", as_json=as_json)


@objections.command("withdraw")
def withdraw(workload: Workload, as_json: AsJson = False) -> None:
    """End the objections of persons whose numbers stand in standard input, one a line."""
    with connect() as client:
        found = [client.withdraw_objection(workload, identifier) for identifier in _identifiers()]
    _show(found, "is withdrawn", as_json=as_json)


@objections.command("list")
def count(as_json: AsJson = False) -> None:
    """Say how many objections stand, by workload. Nobody is listed."""
    with connect() as client:
        standing = client.objections()
    if as_json:
        show_json(standing)
    else:
        show_table(["workload", "objections"], standing.items(), empty="No objection stands.")


def _identifiers() -> Iterator[str]:
    """Numbers of persons, one a line; asked for without showing it where somebody sits at a terminal."""
    if sys.stdin.isatty():
        yield str(typer.prompt("Number of the person", hide_input=True)).strip()
        return
    lines = [line.strip() for line in sys.stdin]
    if not any(lines):
        raise InputError("Standard input holds no number. Write one a line.", field="standard input")
    yield from filter(None, lines)


def _show(found: list[dict[str, Any]], what: str, *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    for each in found:
        say(f"The objection of {each['subject'][:12]}… to {each['workload']} {what}.")
        _show_items(each)


def _show_items(objection: Mapping[str, Any]) -> None:
    """What an operator should look at: results that stand although the person objects."""
    seen = [item for item in objection["items"] if item["decided_by_model"]]
    if seen and objection["withdrawn_at"] is None:
        say("A model took part in these before; they stay as they are, and a person decides what to do about them:")
        show_table(["id", "reference", "state"], [(i["id"], i["reference"], i["state"]) for i in seen], empty="")
