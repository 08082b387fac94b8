"""`samdrift rpa ...`: the commands of the automation workload, one module a command. Importing this is light."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Automated administrative work: processes, their cases and what people decide.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def rpa() -> None:
    """Processes, their cases and their inbox."""
