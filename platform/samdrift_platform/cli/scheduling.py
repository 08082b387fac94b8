"""Commands about what is done at set times: look at it, or do it now, with or without Prefect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_platform.cli.installation import needs_platform
from samdrift_platform.cli.output import AsJson, say, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer()
schedules = typer.Typer(no_args_is_help=True)
app.add_typer(schedules, name="schedules", help="What is done at set times.")


@schedules.command("list")
def show(as_json: AsJson = False) -> None:
    """List what is done when."""
    needs_platform()
    from samdrift_platform import plugins

    found = plugins.schedules(_names())
    if as_json:
        show_json([{"name": each.name, "cron": each.cron, "time_zone": each.time_zone} for each in found])
        return
    rows = [(each.name, each.cron, each.time_zone) for each in found]
    show_table(["name", "cron", "time zone"], rows, empty="Nothing is done at set times.")


@schedules.command("run")
def run(
    name: Annotated[str, typer.Argument(help="Of a schedule; `samdrift schedules list` shows them.")],
    as_json: AsJson = False,
) -> None:
    """Do now what a schedule does, without Prefect. Runs where the home folder is."""
    needs_platform()
    from samdrift_platform import plugins

    said = plugins.schedule(name, _names()).run()
    if as_json:
        show_json(list(said))
        return
    for sentence in said or [f"{name}: there was nothing to do."]:
        say(sentence)


def _names() -> Sequence[str]:
    from samdrift_platform import plugins
    from samdrift_platform.settings import load

    return plugins.workload_names(load().workloads)
