"""`samdrift energy savings`: the saving of one building from files alone, as an auditor makes it again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samdrift_platform.cli.output import AsJson, say, show_fields, show_json

File = typer.Option(exists=True, dir_okay=False, show_default=False)


def savings(
    building: Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False, help="Its TOML file.")],
    readings: Annotated[Path, File],
    weather: Annotated[Path, File],
    days: Annotated[Path, File],
    first: Annotated[str, typer.Option(help="First day whose saving is measured, such as 2026-10-05.")],
    last: Annotated[str, typer.Option(help="Last day, taken in.")],
    as_json: AsJson = False,
) -> None:
    """Measure a saving without an installation. Exit status 1 where none can be stated, with the reason.

    The files are those that an account's item names: readings as of a plan, weather with `stamp`, `temperature_c` and
    `global_radiation_w_m2`, and days with `day` and `operation` (setback, plan or other).
    """
    from samdrift_energy_forecast import hours
    from samdrift_energy_forecast.account.degree_days import NORMAL_DEGREE_DAYS
    from samdrift_energy_forecast.account.inputs import end_of_day, read_inputs
    from samdrift_energy_forecast.account.refusal import Refusal
    from samdrift_energy_forecast.account.statement import statement
    from samdrift_energy_forecast.account.table import row
    from samdrift_energy_forecast.building.toml_file import parse
    from samdrift_energy_forecast.commands.account import day_of

    described = parse(building.read_bytes(), building.name)
    begins, ends = day_of(first), day_of(last)
    until = hours.beginning_at(end_of_day(described, ends))
    tables = (readings.read_bytes(), weather.read_bytes(), days.read_bytes())
    inputs = read_inputs(described, *tables, until=until)
    made = statement(
        described, inputs.days, inputs.setback_forecast_kwh, begins, ends, normal_degree_days=NORMAL_DEGREE_DAYS
    )
    if as_json:
        show_json(row(made))
    else:
        show_fields(row(made))
        say("Savings are measured, not planned; interval at 90 %.")
    if isinstance(made.savings, Refusal):
        raise typer.Exit(1)
