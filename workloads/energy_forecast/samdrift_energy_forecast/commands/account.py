"""`samdrift energy account`: the energy and CO2 account of a year. Runs where the home folder is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_platform.cli.output import AsJson, say, show_json, show_table, write
from samdrift_platform.errors import InputError

if TYPE_CHECKING:
    from samdrift_energy_forecast.account.gathering import Gathered, Gathering
    from samdrift_energy_forecast.account.statement import Statement
    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_platform.contract import Store
    from samdrift_platform.ledger.database import Ledger

#: Columns of the table for people; all of them stand in the CSV file.
SHOWN = ("building", "heat_kwh", "coverage", "corrected_kwh", "kg_co2", "saved_kwh", "interval", "plan_days", "")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the command works with."""

    ledger: Ledger
    store: Store
    gathering: Gathering


def account(
    year: Annotated[int, typer.Option(min=2000, max=2100, help="Calendar year, up to yesterday.")],
    first: Annotated[str, typer.Option(help="First day of a part of the year, such as 2026-01-01.")] = "",
    last: Annotated[str, typer.Option(help="Last day of it, taken in.")] = "",
    building: Annotated[list[str] | None, typer.Option(help="Id; again for more. All buildings when left out.")] = None,
    csv: Annotated[Path | None, typer.Option(dir_okay=False, help="Write all columns to this file.")] = None,
    normal_degree_days: Annotated[
        float, typer.Option(min=1, help="Degree days (base 17 C) of the normal year that is corrected to.")
    ] = 3112.0,
    record: Annotated[
        bool, typer.Option("--record", help="Also bring the measured savings to the benefit ledger.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The energy and CO2 account of a year: heat, degree days, cost, CO2 and measured savings, a row a building."""
    from samdrift_energy_forecast.account.table import row, to_csv

    begins, ends = _period(year, first, last)
    if record and (begins, ends) != (day_of(first or f"{year}-01-01"), day_of(last or f"{year}-12-31")):
        raise InputError(
            "The period is not over. Record it when it is, or name its --first and --last.", field="--record"
        )
    with _desk() as desk:
        made, without = [], []
        for one in _buildings(desk.ledger, building or []):
            found = _made(desk, one, begins, ends, normal_degree_days, record=record)
            without += [one.id] if found is None else []
            made += [] if found is None else [found]
    if csv is not None:
        write(to_csv(made), csv)
    if as_json:
        show_json({"accounts": [row(one) for one in made], "without_data": without})
    elif csv is None:
        _show(made)
    if record and not as_json:
        say("Recorded; /energy_forecast/account lists the savings. What has none is rejected there, with the reason.")
    if without and not as_json:
        say(f"No readings or no observed weather: {', '.join(without)}. `samdrift energy fetch` brings weather.")


def _period(year: int, first: str, last: str) -> tuple[date, date]:
    """First and last day that are accounted for."""
    begins = day_of(first or f"{year}-01-01")
    ends = min(day_of(last or f"{year}-12-31"), datetime.now(UTC).date() - timedelta(days=1))
    if ends < begins or begins.year != year:
        raise InputError(f"There is nothing to account for from {begins} to {ends} in {year}.", field="--year")
    return begins, ends


def day_of(text: str) -> date:
    """A day as an option gives it. Raises InputError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a day such as 2026-01-31.", field="--first, --last") from error


def _made(
    desk: Desk, building: BuildingDescription, first: date, last: date, normal_degree_days: float, *, record: bool
) -> Statement | None:
    """One building's account; None without data. With `record` it is submitted too."""
    from samdrift_energy_forecast import hours
    from samdrift_energy_forecast.account.inputs import read_inputs
    from samdrift_energy_forecast.account.statement import statement

    now = datetime.now(UTC)
    until = hours.start_of(int(now.timestamp()) // hours.SECONDS)
    found = desk.gathering.gather(building, first, last, now)  # what came within this hour counts
    if found is None:
        return None
    tables = (found.readings, found.weather_observed, found.heated_days)
    inputs = read_inputs(building, *tables, until=hours.beginning_at(until))
    if record:
        _record(desk, building, first, last, until, found)
    return statement(
        building, inputs.days, inputs.setback_forecast_kwh, first, last, normal_degree_days=normal_degree_days
    )


def _record(
    desk: Desk, building: BuildingDescription, first: date, last: date, until: datetime, found: Gathered
) -> None:
    """Submit the account; the ledger counts each building and period once."""
    from samdrift_energy_forecast.account.order import AccountedBuilding
    from samdrift_energy_forecast.account.recorded import refuse_overlap
    from samdrift_platform.cli.connection import connect

    with connect() as client:
        tables = {
            "readings": client.put_object(found.readings),
            "weather_observed": client.put_object(found.weather_observed),
            "heated_days": client.put_object(found.heated_days),
        }
        asked = building.model_dump(mode="json") | {"first": str(first), "last": str(last)} | tables
        ordered = AccountedBuilding.model_validate(asked)
        with desk.ledger.read() as connection:
            refuse_overlap(connection, ordered)
        document = {"issue_time": until.isoformat(), "accounts": [ordered.model_dump(mode="json")]}
        client.submit("energy_forecast", document, reference=ordered.reference)


def _show(made: list[Statement]) -> None:
    from samdrift_energy_forecast.account.refusal import Refusal
    from samdrift_energy_forecast.account.table import row

    rows = []
    for one in made:
        cells = row(one)
        interval = "" if isinstance(one.savings, Refusal) else f"{cells['saved_kwh_low']} to {cells['saved_kwh_high']}"
        shown = {**cells, "interval": interval, "": cells.get("not_stated_because", "")}
        rows.append([shown.get(name) for name in SHOWN])
    show_table(SHOWN, rows, empty="No building has readings and observed weather of that year.")
    if made:
        say("Savings are measured, not planned; interval at 90 %. All columns with methods: --csv FILE or --json.")


def _buildings(ledger: Ledger, ids: list[str]) -> list[BuildingDescription]:
    from samdrift_energy_forecast.building import register

    with ledger.read() as connection:
        if ids:
            return [register.find(connection, one).description for one in ids]
        return [one.description for one in register.each(connection, active_only=False)]


@contextmanager
def _desk() -> Iterator[Desk]:
    from samdrift_energy_forecast.account.gathering import Gathering
    from samdrift_energy_forecast.sources.known import KnownSeries
    from samdrift_platform.ledger import migrations
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.objects import ObjectStore
    from samdrift_platform.settings import load

    chosen = load()
    migrations.upgrade(chosen.ledger_url)
    store = ObjectStore(chosen.objects_url)
    with closing(Ledger(chosen.ledger_url)) as ledger:
        yield Desk(ledger=ledger, store=store, gathering=Gathering(ledger, store, KnownSeries(ledger, store)))
