"""Commands about how long what is kept stays: look at the times, or erase now what is over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_platform.cli.installation import needs_platform
from samdrift_platform.cli.output import AsJson, say, show_json, show_table

if TYPE_CHECKING:
    from datetime import timedelta

app = typer.Typer()
retention = typer.Typer(no_args_is_help=True)
app.add_typer(retention, name="retention", help="How long what is kept about items stays.")


@retention.command("run")
def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would go; nothing is erased.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase now what is over its time, as every night. Runs where the home folder is, with or without the platform."""
    needs_platform()
    from samdrift_platform import retaining

    erased = retaining.run(dry_run=dry_run)
    if as_json:
        show_json({"dry_run": dry_run, **erased.total})
        return
    told = list(erased.sentences())
    for sentence in told:
        say(f"{'Would erase' if dry_run else 'Erased'}: {sentence}.")
    if not told:
        say("Nothing is over its time.")


@retention.command("show")
def show(as_json: AsJson = False) -> None:
    """List how long each lane keeps what, counted from the end of an item."""
    needs_platform()
    from samdrift_platform import plugins, retaining
    from samdrift_platform.settings import load

    names = plugins.workload_names(load().workloads)
    found = retaining.kept(plugins.workloads(names))
    if as_json:
        show_json([{"workload": w, "lane": lane, **{k: _days(v) for k, v in vars(r).items()}} for w, lane, r in found])
        return
    rows = [(w, lane, *(_said(value) for value in vars(r).values())) for w, lane, r in found]
    columns = ["workload", "lane", "done", "exceptions", "documents", "evidence", "comments"]
    show_table(columns, rows, empty="No workload says how long it keeps what; all of it stays.")


def _days(kept: timedelta | None) -> float | None:
    return None if kept is None else kept.total_seconds() / 86_400


def _said(kept: timedelta | None) -> str:
    days = _days(kept)
    return "for ever" if days is None else f"{days:g} days"
