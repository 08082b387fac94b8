"""`samdrift energy holidays ...`: the school holidays of municipalities, which buildings may follow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError

ADDRESS = "/energy_forecast/api/school_holidays"

app = typer.Typer(
    help="School holidays by municipality: import a file, list what is known.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Code = Annotated[str, typer.Option(help="A municipality's four-digit code, such as 0101.")]


@app.command("import")
def import_holidays(
    file: Annotated[Path, typer.Argument(help="CSV, or iCalendar (.ics).", show_default=False)],
    municipality: Code = "",
    source: Annotated[str, typer.Option(help="Of an iCalendar file: where it came from.")] = "",
    as_json: AsJson = False,
) -> None:
    """Import a file of school holidays; importing a corrected one again replaces them."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}. Check the path.", field=str(file)) from error
    is_calendar = file.suffix.lower() == ".ics"
    if is_calendar and not (municipality and source):
        raise InputError("An iCalendar file needs --municipality and --source.", field="municipality")
    params = {"municipality": municipality, "source": source} if is_calendar else {}
    media_type = "text/calendar" if is_calendar else "text/csv"
    with connect() as client:
        found = client.call("POST", ADDRESS, params=params, content=content, media_type=media_type)
    if as_json:
        show_json(found)
        return
    say(f"{found['imported']} periods imported.")
    for name in found["left_out"]:
        say(f"Left out, because it closes no school: {name}")


@app.command("list")
def listed(municipality: Code = "", as_json: AsJson = False) -> None:
    """List the school holidays that are known."""
    with connect() as client:
        found = client.call("GET", ADDRESS, params={"municipality": municipality})["school_holidays"]
    if as_json:
        show_json(found)
        return
    columns = ["municipality", "name", "first", "last", "source"]
    rows = [[one[name] for name in columns] for one in found]
    show_table(columns, rows, empty="None is imported. Try `samdrift energy holidays import FILE`.")
