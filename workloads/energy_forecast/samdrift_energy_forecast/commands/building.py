"""`samdrift energy building ...`: describe a building, see what it lacks, and register it with a running platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_fields, show_json, show_table, write
from samdrift_platform.errors import ConflictError, InputError

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.building.school_holidays import SchoolHoliday
    from samdrift_energy_forecast.metering.meter_file import MeterFile
    from samdrift_platform.client import Client

T = TypeVar("T")

API = "/energy_forecast/api"
#: Readings and buildings of one request.
READINGS_AT_ONCE, BUILDINGS_AT_ONCE = 20_000, 500
#: Faults of a fleet file that are printed.
MOST_FAULTS = 50

app = typer.Typer(
    help="Buildings: check a description, register it, send readings, import a fleet.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Identifier = Annotated[str, typer.Argument(help="The building's id.", show_default=False)]
ReadingsFile = Annotated[Path | None, typer.Option("--readings", help="Its meter file, CSV or Parquet.")]


@app.command()
def example() -> None:
    """Print a building's file with a comment for every key."""
    from samdrift_energy_forecast.building import toml_file

    say(toml_file.example().rstrip("\n"))


@app.command()
def schema() -> None:
    """Print the JSON schema of a building's file."""
    from samdrift_energy_forecast.building import toml_file

    show_json(toml_file.schema())


@app.command()
def keys() -> None:
    """Print all keys of a building's file as a Markdown table."""
    from samdrift_energy_forecast.building import toml_file

    say(toml_file.key_table().rstrip("\n"))


@app.command()
def check(
    building: Annotated[
        str, typer.Argument(metavar="FILE", help="Its TOML file; its id with --registered.", show_default=False)
    ],
    readings: ReadingsFile = None,
    school_holidays: Annotated[
        Path | None, typer.Option("--school-holidays", help="CSV of school holidays, as it will be imported.")
    ] = None,
    registered: Annotated[
        bool, typer.Option("--registered", help="Ask the platform, which has its readings and the school holidays.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a building has, what is missing and what is odd.

    Exit status: 0 nothing is missing (something may be odd), 1 something is missing or a file cannot be used.
    """
    if registered and (readings or school_holidays):
        raise InputError("With --registered the platform's own readings and holidays are looked at.", field="readings")
    items = _registered(building) if registered else _described(Path(building), readings, school_holidays)
    if as_json:
        show_json({"building": building, "items": items})
    else:
        rows = [[item[name] for name in ("standing", "what", "found", "todo")] for item in items]
        show_table(["", "what", "found", "to do"], rows, empty="")
    if any(item["standing"] == "missing" for item in items):
        raise typer.Exit(1)


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="TOML files, one a building.", show_default=False)],
    readings: ReadingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Register buildings, or replace their descriptions: all of them, or none when a file is wrong."""
    from samdrift_energy_forecast.building.toml_file import read_building_file

    descriptions = [read_building_file(file) for file in files]
    if readings is not None and len(files) > 1:
        raise InputError("--readings belongs to one building. Give one file.", field="readings")
    meter_file = None if readings is None else _meter_file(readings, descriptions[0])
    with connect() as client:
        changes = _put(client, [one.model_dump_json(exclude_unset=True) for one in descriptions])
        sent = None if meter_file is None else _send(client, descriptions[0].id, meter_file)
    if as_json:
        show_json({"changes": changes} if sent is None else {"changes": changes, "readings": sent})
    else:
        show_table(["building", "change"], list(changes.items()), empty="Nothing was changed.")
        if sent is not None:
            _show_sent(sent)
    if sent is not None and _refused(sent):
        raise typer.Exit(1)


@app.command("list")
def listed(
    removed: Annotated[bool, typer.Option("--removed", help="Also those that were removed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the buildings that are planned for."""
    with connect() as client:
        found = list(_all(client, removed=removed))
    if as_json:
        show_json(found)
        return
    columns = ["id", "name", "type", "planned for", "changed", "by"]
    show_table(columns, [_line(one) for one in found], empty="None yet. Try `samdrift energy building add FILE`.")


@app.command()
def show(building: Identifier, as_json: AsJson = False) -> None:
    """Show one building: its description, the newest readings, who changed it when."""
    with connect() as client:
        found = client.call("GET", f"{API}/buildings/{building}")
    if as_json:
        show_json(found)
        return
    show_fields(dict(_flat(found["description"])))
    say("")
    show_table(["series", "newest reading"], list(found["latest_readings"].items()), empty="It has no readings yet.")
    say("")
    rows = [(one["at"], one["by"], one["change"]) for one in found["history"]]
    show_table(["at", "by", "change"], rows, empty="Nobody changed it.")


@app.command()
def remove(
    buildings: Annotated[list[str], typer.Argument(help="Ids.", show_default=False)], as_json: AsJson = False
) -> None:
    """Plan for buildings no more. Descriptions and readings stay; `add` brings them back."""
    with connect() as client:
        changes = {one: client.call("DELETE", f"{API}/buildings/{one}")["change"] for one in buildings}
    if as_json:
        show_json({"changes": changes})
    else:
        show_table(["building", "change"], list(changes.items()), empty="")


@app.command()
def readings(
    building: Identifier,
    file: Annotated[Path, typer.Argument(help="CSV or Parquet: stamp, heat and others.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Send a meter file's readings. Sending it again stores nothing twice; status 1 when a row is refused."""
    from samdrift_energy_forecast.building.description import BuildingDescription

    with connect() as client:
        found = client.call("GET", f"{API}/buildings/{building}")
        description = BuildingDescription.model_validate(found["description"])
        sent = _send(client, building, _meter_file(file, description))
    if as_json:
        show_json(sent)
    else:
        _show_sent(sent)
    if _refused(sent):
        raise typer.Exit(1)


@app.command()
def export(
    buildings: Annotated[
        list[str] | None, typer.Argument(help="Ids; all that are planned for without any.", show_default=False)
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write into this file.")] = None,
) -> None:
    """Print buildings in the words of Brick (brickschema.org), as Turtle: meters, sensors, set-points."""
    from samdrift_energy_forecast.building.brick import to_turtle
    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.metering.series import named

    with connect() as client:
        ids = buildings or [found["id"] for found in _all(client, removed=False)]
        shown = [client.call("GET", f"{API}/buildings/{one}") for one in ids]
    described = {
        one["id"]: (
            BuildingDescription.model_validate(one["description"]),
            [named(name) for name in one["latest_readings"]],
        )
        for one in shown
    }
    write(to_turtle(described).encode(), output)


@app.command()
def archive(
    older_than: Annotated[int, typer.Option(help="Days; at least 90.", min=90)] = 120,
    as_json: AsJson = False,
) -> None:
    """Move old readings out of the database into the object store. Runs where the home folder is.

    Orders, accounts and checks read both. Exit status 1 when a building's readings changed meanwhile: run it again.
    """
    from samdrift_energy_forecast.building import register
    from samdrift_energy_forecast.metering import reading_archive
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.objects import ObjectStore
    from samdrift_platform.settings import load

    chosen, now = load(), datetime.now(UTC)
    store, changed = ObjectStore(chosen.objects_url), list[str]()
    moved: dict[str, int] = {}
    with closing(Ledger(chosen.ledger_url)) as ledger:
        with ledger.read() as connection:
            ids = [one.building for one in register.each(connection, active_only=False)]
        for building in ids:
            try:
                moved[building] = reading_archive.archive(
                    ledger, store, building, before=now - timedelta(days=older_than), now=now
                )
            except ConflictError:
                changed.append(building)
    told = {"buildings": len(ids), "readings": sum(moved.values()), "changed_meanwhile": changed}
    if as_json:
        show_json(told)
    else:
        show_fields(told)
    if changed:
        raise typer.Exit(1)


@app.command("import")
def import_fleet(
    file: Annotated[Path, typer.Argument(help="CSV, one row a building; its header names keys.", show_default=False)],
    template: Annotated[Path, typer.Option(help="TOML file with what the buildings have in common.")],
    only_check: Annotated[bool, typer.Option("--check", help="Only look for faults; ask no platform.")] = False,
    skip_wrong: Annotated[bool, typer.Option("--skip-wrong", help="Import the rows without faults.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register a fleet: all rows, or none when one is wrong; status 1 when one is."""
    from samdrift_energy_forecast.building.fleet_file import read_fleet
    from samdrift_energy_forecast.building.toml_file import parse_document

    common, _ = parse_document(_read(template), str(template))
    fleet = read_fleet(_read(file), str(file), common)
    changes: dict[str, str] = {}
    if not only_check and (skip_wrong or not fleet.faults):
        with connect() as client:
            changes = _put(client, fleet.documents.values())
    counts = {change: list(changes.values()).count(change) for change in sorted(set(changes.values()))}
    told = {"buildings": len(fleet.documents), "wrong_rows": fleet.wrong_rows, "changes": counts}
    if as_json:
        show_json({**told, "faults": fleet.faults})
    else:
        for fault in fleet.faults[:MOST_FAULTS]:
            say(fault)
        show_fields(told)
    if fleet.faults:
        raise typer.Exit(1)


def _registered(building: str) -> list[dict[str, str]]:
    with connect() as client:
        found: list[dict[str, str]] = client.call("GET", f"{API}/buildings/{building}/readiness")["items"]
    return found


def _described(path: Path, readings: Path | None, school_holidays: Path | None) -> list[dict[str, str]]:
    from samdrift_energy_forecast.building.toml_file import read_building_file
    from samdrift_energy_forecast.readiness.check import check as check_building

    building = read_building_file(path)
    file = None if readings is None else _meter_file(readings, building)
    items = check_building(building, file=file, holidays=_holidays(school_holidays, building), now=datetime.now(UTC))
    return [item.to_json() for item in items]


def _holidays(file: Path | None, building: BuildingDescription) -> Sequence[SchoolHoliday] | None:
    if file is None:
        return None
    from samdrift_energy_forecast.building.school_holidays import by_municipality, read_csv

    return by_municipality(read_csv(_read(file))).get(building.calendar.school_holidays_of or "", [])


def _meter_file(path: Path, building: BuildingDescription) -> MeterFile:
    from samdrift_energy_forecast.metering.meter_file import read_meter_file

    return read_meter_file(path, building)


def _put(client: Client, documents: Iterable[str]) -> dict[str, str]:
    """Write descriptions, each as JSON; what came of each by its id."""
    changes: dict[str, str] = {}
    for some in _parts(documents, BUILDINGS_AT_ONCE):
        body = f'{{"buildings": [{",".join(some)}]}}'.encode()
        changes |= client.call("POST", f"{API}/buildings", content=body, media_type="application/json")["changes"]
    return changes


def _send(client: Client, building: str, file: MeterFile) -> dict[str, Any]:
    """Counts by verdict, rows whose stamp cannot be read, and the first reasons of refusals."""
    counts: dict[str, int] = {}
    reasons: list[str] = []
    for some in _parts(file.rows(), READINGS_AT_ONCE):
        answer = client.call(
            "POST", f"{API}/readings", json={"readings": [{"building": building, **row} for row in some]}
        )
        for verdict, count in answer["counts"].items():
            counts[verdict] = counts.get(verdict, 0) + count
        reasons += [f"{some[one['row'] - 1]['stamp']}: {one['reason']}" for one in answer["refused"]]
    unreadable = {row + 1: str(finding) for row, finding in file.stamps.faults.items()}
    return {
        "counts": counts,
        "unreadable_stamps": len(unreadable),
        "reasons": [*reasons, *_told(unreadable)][:MOST_FAULTS],
    }


def _parts(whole: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(whole)
    while part := list(islice(rest, size)):
        yield part


def _told(unreadable: Mapping[int, str]) -> Iterator[str]:
    for row, finding in unreadable.items():
        yield f"row {row}: {finding}"


def _refused(sent: Mapping[str, Any]) -> bool:
    return bool(sent["counts"].get("refused") or sent["unreadable_stamps"])


def _show_sent(sent: Mapping[str, Any]) -> None:
    show_fields({**sent["counts"], "unreadable stamps": sent["unreadable_stamps"]})
    for reason in sent["reasons"]:
        say(reason)


def _all(client: Client, *, removed: bool) -> Iterator[dict[str, Any]]:
    after: str | None = ""
    while after is not None:
        page = client.call("GET", f"{API}/buildings", params={"after": after, "removed": removed, "brief": True})
        yield from page["buildings"]
        after = page["next"]


def _line(found: Mapping[str, Any]) -> tuple[object, ...]:
    planned = "yes" if found["is_active"] else "removed"
    return (found["id"], found["name"], found["type"], planned, found["changed_at"], found["changed_by"])


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Key paths and values; what was left out is not told."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif value not in (None, [], ""):
            yield f"{prefix}{name}", value


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Check the path.", field=str(path)) from error
