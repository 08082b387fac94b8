"""`samdrift rpa pause` and `resume`: whether anything of a process is begun."""

from __future__ import annotations

from typing import Annotated

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json
from samdrift_rpa.commands.asking import ProcessName
from samdrift_rpa.statistics import WORKLOAD

Reason = Annotated[str, typer.Option(help="Why; it stands in the audit chain for good.")]


def pause(process: ProcessName, reason: Reason, as_json: AsJson = False) -> None:
    """Begin nothing more of a process until it is resumed; what was begun is finished."""
    with connect() as client:
        found = client.pause_lane(WORKLOAD, process, reason)
    if as_json:
        show_json(found)
    else:
        say(f"{process} is paused. {found['waiting']} cases wait; {found['in_work']} in work will be finished.")


def resume(process: ProcessName, reason: Reason, as_json: AsJson = False) -> None:
    """Let a paused process go on."""
    with connect() as client:
        found = client.resume_lane(WORKLOAD, process, reason)
    if as_json:
        show_json(found)
    else:
        say(f"{process} goes on. {found['waiting']} cases wait.")
