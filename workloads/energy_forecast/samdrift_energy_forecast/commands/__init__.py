"""`samdrift energy ...`: the workload's own commands, one a module. Importing this is light."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Heating plans: buildings, meters, weather, prices, forecasts and accounts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
