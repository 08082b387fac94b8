"""Commands about lanes: parts of a workload's queue that can be paused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table

app = typer.Typer()
lanes = typer.Typer(no_args_is_help=True)
app.add_typer(lanes, name="lanes", help="Parts of a workload's queue: what waits in each, pause, resume.")

Workload = Annotated[str, typer.Argument(help="Name of a workload; `samdrift workloads` lists them.")]
Lane = Annotated[str, typer.Argument(help="Name of the lane; an empty one names the items that stand in no lane.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit chain for good.")]


@lanes.command("list")
def list_lanes(workload: Workload, as_json: AsJson = False) -> None:
    """List the lanes of a workload: what waits, what is in work, what is paused or outside its hours."""
    with connect() as client:
        found = client.lanes(workload)
    if as_json:
        show_json(found)
        return
    rows = [
        (each["lane"] or "-", each["waiting"], each["in_work"], each["most_at_once"] or "-", _state(each))
        for each in found
    ]
    columns = ["lane", "waiting", "in work", "at most", "state"]
    show_table(columns, rows, empty=f"{workload} declares no lanes, and nothing waits.")


@lanes.command("pause")
def pause(workload: Workload, lane: Lane, reason: Reason, as_json: AsJson = False) -> None:
    """Take nothing more from a lane until it is resumed. What is in work is finished, effects included."""
    with connect() as client:
        found = client.pause_lane(workload, lane, reason)
    if as_json:
        show_json(found)
    else:
        say(f"{workload} {lane} is paused; {found['waiting']} wait, {found['in_work']} in work will be finished.")
        say(f"`samdrift lanes resume {workload} {lane} --reason …` ends that.")


@lanes.command("resume")
def resume(workload: Workload, lane: Lane, reason: Reason, as_json: AsJson = False) -> None:
    """Let a paused lane be worked off again."""
    with connect() as client:
        found = client.resume_lane(workload, lane, reason)
    if as_json:
        show_json(found)
    else:
        say(f"{workload} {lane} goes on; {found['waiting']} wait.")


def _state(lane: Mapping[str, Any]) -> str:
    if lane["paused"]:
        return f"paused by {lane['paused']['paused_by']}: {lane['paused']['reason']}"
    return "open" if lane["open"] else "outside its hours"
