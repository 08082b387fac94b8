"""`samdrift energy fetch` and `import-series`: weather, electricity prices and CO2, each with when it was known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError

if TYPE_CHECKING:
    from samdrift_energy_forecast.building.description import Location
    from samdrift_energy_forecast.sources.energi_data_service import PriceArea
    from samdrift_energy_forecast.sources.known import KnownSeries
    from samdrift_platform.ledger.database import Ledger


def fetch(
    place: Annotated[
        list[str] | None, typer.Option(help="Latitude,longitude; again for more. All active buildings' when left out.")
    ] = None,
    area: Annotated[
        list[str] | None, typer.Option(help="DK1 or DK2; again for more. Those of the places when left out.")
    ] = None,
    history_days: Annotated[
        int, typer.Option(min=0, max=1100, help="Observed weather, prices and CO2 so far back.")
    ] = 14,
    as_json: AsJson = False,
) -> None:
    """Fetch weather, electricity prices and CO2 as far as they are not here. Exit status 1 when a source failed.

    What was fetched before stays, and plans go on with it. Asks DMI and Energi Data Service, never more often than they
    allow, all processes of this installation together.
    """
    from samdrift_energy_forecast.sources.attribution import ATTRIBUTIONS
    from samdrift_energy_forecast.sources.fetch_round import fetched, locations_of_buildings
    from samdrift_energy_forecast.sources.fetching import Fetch, Fetching

    areas, places = {_area(text) for text in area or ()}, [_location(text) for text in place or ()]
    with _known() as (ledger, known):
        locations = places or locations_of_buildings(ledger)
        with Fetching(ledger, known) as fetching:
            ended = list(fetched(fetching, locations, areas, history_days))
    if as_json:
        show_json({"attribution": ATTRIBUTIONS, "series": [asdict(one) for one in ended]})
    else:
        rows = [(one.series, one.fetch, one.rows or "", one.reason) for one in ended]
        show_table(["series", "", "hours", ""], rows, empty="No building is planned for. Name a --place or an --area.")
        for line in ATTRIBUTIONS:
            say(line)
    if any(one.fetch is Fetch.FAILED for one in ended):
        raise typer.Exit(1)


def import_series(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, show_default=False)],
    series: Annotated[str, typer.Option(help="Such as dmi:12.55,55.70, dmi-observed:…, dayahead:DK2, co2:DK2.")],
    issued: Annotated[
        datetime | None,
        typer.Option(help="When all of it was known (UTC), for a forecast without the column `issued`."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a series from a CSV or Parquet file: ours, or a download of Energi Data Service."""
    from samdrift_energy_forecast import hours
    from samdrift_energy_forecast.sources.importing import table_of_file

    now = datetime.now(UTC)
    known_at = issued.replace(tzinfo=issued.tzinfo or UTC) if issued else None
    table = table_of_file(file.read_bytes(), series, issued=known_at, fetched=now)
    with _known() as (_, known):
        reference = known.keep(series, table, now)
    first, end = hours.start_of(min(table.hours)), hours.end_of(max(table.hours))
    if as_json:
        told = {"series": series, "object": reference, "hours": len(table), "first": first, "end": end}
        show_json(told)
    else:
        say(f"{series}: {len(table)} hours from {first:%Y-%m-%dT%HZ} to {end:%Y-%m-%dT%HZ} are kept.")


@contextmanager
def _known() -> Iterator[tuple[Ledger, KnownSeries]]:
    """The installation's ledger and the series that it knows."""
    from samdrift_energy_forecast.sources.known import KnownSeries
    from samdrift_platform.ledger import migrations
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.objects import ObjectStore
    from samdrift_platform.settings import load

    settings = load()
    migrations.upgrade(settings.ledger_url)
    with closing(Ledger(settings.ledger_url)) as ledger:
        yield ledger, KnownSeries(ledger, ObjectStore(settings.objects_url))


def _location(text: str) -> Location:
    from pydantic import ValidationError

    from samdrift_energy_forecast.building.description import Location

    latitude, _, longitude = text.partition(",")
    try:
        return Location.model_validate({"latitude": latitude.strip(), "longitude": longitude.strip()})
    except ValidationError as error:
        raise InputError(f"{text!r} is not latitude,longitude such as 55.68,12.57.", field="--place") from error


def _area(text: str) -> PriceArea:
    match text:
        case "DK1" | "DK2":
            return text
        case _:
            raise InputError(f"{text!r} is not a Danish price area: DK1 or DK2.", field="--area")
