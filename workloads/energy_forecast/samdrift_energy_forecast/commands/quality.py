"""`samdrift energy quality`: what is wrong with meter readings, hour by hour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samdrift_energy_forecast.building.description import (
    BuildingDescription,
    Meter,
    MeterUnit,
    Quantity,
    StampConvention,
)
from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from samdrift_energy_forecast.quality.examination import Examination, Surroundings
    from samdrift_energy_forecast.quality.sentences import Language

#: Exit status where hours had to be left out.
FOUND = 1


def quality(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, show_default=False, help="CSV or Parquet: stamps, and meters."),
    ],
    building: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The building's TOML file: meter, clock, fixed plan."),
    ] = None,
    quantity: Annotated[Quantity | None, typer.Option(help="What the numbers are.")] = None,
    unit: Annotated[MeterUnit | None, typer.Option(help="Their unit.")] = None,
    kwh_per_m3: Annotated[float | None, typer.Option(help="Upper calorific value, for m3 of gas.")] = None,
    rolls_over_at: Annotated[float | None, typer.Option(help="Where a counter begins again at 0.")] = None,
    stamp: Annotated[StampConvention | None, typer.Option(help="Which edge of its interval a stamp is.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of stamps without an offset, such as Europe/Copenhagen.")
    ] = None,
    clock: Annotated[
        str | None, typer.Option(help="Time zone of the building, whose people and heating follow it.")
    ] = None,
    stamp_column: Annotated[
        str | None, typer.Option(help="Where it is not `stamp` or the only column of times.")
    ] = None,
    stamp_format: Annotated[
        str | None, typer.Option(help="Of stamps that are no ISO 8601, such as '%d-%m-%Y %H:%M'.")
    ] = None,
    weather: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Outdoor temperature, to judge what fits a forecast."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report page here.")] = None,
    language: Annotated[
        str | None,
        typer.Option(help="Of the report page and the table, da or en: else the building's, or English."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Examine meter readings. Nothing is repaired. Exit status 1 when hours had to be left out.

    One column a meter, one row a stamp. Without options: kWh of the interval that ends with the stamp, in UTC.
    """
    described = None if building is None else _described(building)
    chosen = _language(language or (None if described is None else described.language))
    meter = _meter(described, quantity, unit, kwh_per_m3, rolls_over_at, stamp, time_zone)
    naive_zone = _zone(time_zone) if time_zone else (None if described is None else _zone(described.meter.time_zone))
    surroundings = _surroundings(described, clock or time_zone, weather)
    examination = _examined(file, meter, surroundings, naive_zone, (stamp_column, stamp_format))
    if html is not None:
        _write_page(html, examination, file.stem if described is None else described.name, chosen)
    if as_json:
        show_json(_document(examination))
    else:
        _show(examination, chosen)
    if any(not verdict.code.is_notice for verdict in examination.verdicts):
        raise typer.Exit(FOUND)


def _language(asked: str | None) -> Language:
    if asked not in ("da", "en", None):
        raise InputError(f"There is no {asked!r} here; --language takes da or en.", field="language")
    return "da" if asked == "da" else "en"


def _described(path: Path) -> BuildingDescription:
    from samdrift_energy_forecast.building.toml_file import read_building_file

    return read_building_file(path)


def _meter(
    described: BuildingDescription | None,
    quantity: Quantity | None,
    unit: MeterUnit | None,
    kwh_per_m3: float | None,
    rolls_over_at: float | None,
    stamp: StampConvention | None,
    time_zone: str | None,
) -> Meter:
    """The building's meter, with what the options say otherwise; W and kW alone mean power."""
    from pydantic import ValidationError

    if unit in (MeterUnit.W, MeterUnit.KW) and quantity is None:
        quantity = Quantity.POWER
    said = {
        "quantity": quantity,
        "unit": unit,
        "kwh_per_m3": kwh_per_m3,
        "rolls_over_at": rolls_over_at,
        "stamp": stamp,
        "time_zone": time_zone,
    }
    known: dict[str, Any] = {} if described is None else described.meter.model_dump()
    try:
        return Meter.model_validate(known | {name: value for name, value in said.items() if value is not None})
    except ValidationError as error:
        told = [str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors()]
        raise InputError("; ".join(told)) from error


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(f"{name!r} is not an IANA time zone; use for example Europe/Copenhagen.") from error


def _surroundings(described: BuildingDescription | None, clock: str | None, weather: Path | None) -> Surroundings:
    from samdrift_energy_forecast.quality.examination import Surroundings
    from samdrift_energy_forecast.quality.files import outdoor_temperature

    zone = _zone(clock or "Europe/Copenhagen") if described is None else described.zone
    heats_from = None if described is None else described.setback.warm.begins.hour
    first, outdoor_c = (0, None) if weather is None else outdoor_temperature(weather.read_bytes())
    return Surroundings(zone=zone, heats_from=heats_from, outdoor_first=first, outdoor_c=outdoor_c)


def _examined(
    file: Path,
    meter: Meter,
    surroundings: Surroundings,
    naive_zone: ZoneInfo | None,
    stamps: tuple[str | None, str | None],
) -> Examination:
    from samdrift_energy_forecast.quality.examination import examine
    from samdrift_energy_forecast.quality.files import meter_readings

    return examine(meter_readings(file.read_bytes(), *stamps), meter, surroundings, naive_zone=naive_zone)


def _write_page(path: Path, examination: Examination, name: str, language: Language) -> None:
    from samdrift_energy_forecast.quality.report import report

    path.write_text(report(examination, name=name, language=language), encoding="utf-8")


def _document(examination: Examination) -> dict[str, Any]:
    import numpy as np

    from samdrift_energy_forecast import hours

    return {
        "meters": [
            {
                "meter": meter.name,
                "begins": hours.start_of(meter.first).isoformat() if len(meter.heat_kwh) else None,
                "ends": hours.start_of(meter.end).isoformat() if len(meter.heat_kwh) else None,
                "hours": len(meter.heat_kwh),
                "usable_hours": int(np.isfinite(meter.heat_kwh).sum()),
                "step_s": meter.step_s,
                "clock": str(meter.clock),
                "stamp_edge": str(meter.edge.evidence),
                "unsuitable": [str(reason) for reason in meter.unsuitable],
                "counts": {str(code): count for code, count in meter.counts.items()},
                "verdicts": [verdict.to_json() for verdict in meter.verdicts],
            }
            for meter in examination.meters.values()
        ]
    }


def _show(examination: Examination, language: Language) -> None:
    from samdrift_energy_forecast.quality.summary import by_finding
    from samdrift_energy_forecast.quality.words import UNSUITABLE

    rows = [
        (meter.name, str(row.code), row.count, row.verdicts, row.example.begins or "", row.example.says(language))
        for meter in examination.meters.values()
        for row in by_finding(meter)
    ]
    columns = ["meter", "finding", "hours", "places", "longest", "says"]
    show_table(columns, rows, empty="Nothing was found that needs a look.")
    for meter in examination.meters.values():
        if meter.unsuitable:
            against = ", ".join(UNSUITABLE[reason][language] for reason in meter.unsuitable)
            say(f"{meter.name} is not fit for a forecast: {against}.")
