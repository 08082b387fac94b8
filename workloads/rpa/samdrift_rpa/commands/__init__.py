"""`samdrift rpa ...`: the commands of the automation workload, one module a command."""

from __future__ import annotations

import typer

app = typer.Typer(help="Automated administrative work.", no_args_is_help=True)


@app.callback()
def rpa() -> None:
    """Processes, their cases and their inbox."""
