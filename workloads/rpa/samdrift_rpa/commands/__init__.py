"""`samdrift rpa ...`: the commands of the automation workload, one module a command. Importing this is light."""

from __future__ import annotations

import typer

from samdrift_rpa.commands import (
    evidence,
    explain,
    inbox,
    kle,
    listing,
    new,
    pause,
    replay,
    rules,
    run,
    stats,
    validate,
)

app = typer.Typer(
    help="Automated administrative work: processes, their cases and what people decide.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def rpa() -> None:
    """Processes, their cases and their inbox."""


app.command("validate")(validate.validate)
app.add_typer(rules.app, name="rules")
app.add_typer(evidence.app, name="evidence")
app.add_typer(kle.app, name="kle")
app.add_typer(inbox.app, name="inbox", help="What waits for a person, and deciding it.")
app.command("new")(new.new)
app.command("list")(listing.list_processes)
app.command("run")(run.run)
app.command("explain")(explain.explain)
app.command("replay")(replay.replay)
app.command("stats")(stats.stats)
app.command("pause")(pause.pause)
app.command("resume")(pause.resume)
