"""`samdrift energy ...`: the workload's own commands, one a module. Importing this is light."""

from __future__ import annotations

import typer

from samdrift_energy_forecast.commands import (
    account,
    backtest,
    building,
    fetch,
    holidays,
    override,
    plan,
    quality,
    savings,
)

app = typer.Typer(
    help="Heating plans: buildings, meters, weather, prices, forecasts and accounts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("fetch")(fetch.fetch)
app.command("account")(account.account)
app.command("savings")(savings.savings)
app.command("import-series")(fetch.import_series)
app.command("plan")(plan.plan)
app.command("override")(override.override)
app.command("backtest")(backtest.backtest)
app.command("quality")(quality.quality)
app.add_typer(building.app, name="building")
app.add_typer(holidays.app, name="holidays")
