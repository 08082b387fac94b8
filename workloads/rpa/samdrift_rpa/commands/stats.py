"""`samdrift rpa stats`: what was done, what it took and what it is estimated to have saved."""

from __future__ import annotations

import csv
import sys
from typing import Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table

Process = Annotated[str, typer.Option(help="Only this process.")]
First = Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day of receipt, by Danish clocks.")]
Last = Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day of receipt.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV: a figure a row, each with n and method.")]


def stats(
    process: Process = "", first: First = "", last: Last = "", as_csv: AsCsv = False, as_json: AsJson = False
) -> None:
    """Count cases: done, exceptions by code, waiting for people, handling time; and the time saved, as estimated."""
    asked = {"process": process, "from": first, "to": last}
    with connect() as client:
        found = client.call(
            "GET", "/rpa/statistics.json", params={name: value for name, value in asked.items() if value}
        )
    if as_json:
        show_json(found)
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, found["columns"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(found["rows"])
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    columns = ["process", "received", "done", "rejected", "failed", "wait", "success", "median", "95 % within", "saved"]
    show_table(columns, [_row(each) for each in found["processes"]], empty="No process is installed.")
    codes = [
        (each["process"], code or "-", number)
        for each in found["processes"]
        for code, number in sorted(each["exceptions"].items(), key=lambda pair: -pair[1])
    ]
    if codes:
        say("")
        show_table(["process", "business exception", "cases"], codes, empty="")
    say("")
    say("Cases are counted. Saved: hours as the organisation estimates them (OS2autoproces); not measured.")


def _row(each: dict[str, Any]) -> tuple[object, ...]:
    states, handling = each["states"], each["handling"]
    return (
        each["process"],
        each["received"],
        states.get("done", 0),
        states.get("rejected", 0),
        states.get("failed", 0),
        each["waiting"]["n"],
        "" if each["success"] is None else f"{each['success']:.1%}",
        _span(handling["median_s"]),
        _span(handling["p95_s"]),
        f"{each['saved_min'] / 60:.1f} h",
    )


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
