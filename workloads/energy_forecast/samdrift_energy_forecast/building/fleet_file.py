"""A fleet as a CSV table, one row a building, over a template: for thousands of buildings that have much in common."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from samdrift_energy_forecast.building.description import BuildingDescription, Weekday
from samdrift_energy_forecast.building.toml_file import Fault, faults_of, holds_several, is_key, told
from samdrift_platform.errors import InputError

#: Denmark's municipalities have about 23,000 buildings.
MOST_ROWS = 100_000
LARGEST_FILE_BYTES = 64 * 1024 * 1024
OPENING = "calendar.opening."
CLOSED = "closed"
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")
_HOURS = re.compile(r"(\d{1,2})(?::00)?-(\d{1,2})(?::00)?")


class FleetFileError(InputError):
    """This is no table of buildings. The header names keys of a building's file, such as id, location.latitude."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """What became of each row."""

    #: Id -> description as JSON. Text, because thousands of objects cost more to keep than to read again.
    documents: Mapping[str, str]
    #: One line a fault, each with its row and key.
    faults: tuple[str, ...]
    #: Rows with a fault.
    wrong_rows: int

    @property
    def buildings(self) -> Iterator[BuildingDescription]:
        """Those without a fault, in the order of their rows."""
        return (BuildingDescription.model_validate_json(document) for document in self.documents.values())


def read_fleet(data: bytes, where: str, template: Mapping[str, Any]) -> Fleet:
    """Buildings of a CSV table, comma or semicolon (then with decimal comma); empty cells leave the template's value.

    Args:
        data: UTF-8 with a header row of key paths (`building-file.md`), among them `id` and `name`.
            `calendar.opening.monday` takes `08-16`, or several such, or `closed`; several values are separated by
            spaces.
        where: names the file in faults.
        template: a building's file as tables; may lack what the rows bring.

    Raises:
        FleetFileError: the table as a whole cannot be read.
    """
    header, lines, decimal_comma = _table(data, where)
    documents: dict[str, str] = {}
    faults: list[str] = []
    rows_of: dict[str, int] = {}
    wrong = 0
    for number, line in enumerate(lines, start=1):
        result = _of_row(header, line, template, decimal_comma=decimal_comma)
        if isinstance(result, BuildingDescription) and result.id in rows_of:
            result = [Fault(line=None, key="id", said=f"{result.id!r} is also that of row {rows_of[result.id]}")]
        if isinstance(result, BuildingDescription):
            rows_of[result.id] = number
            documents[result.id] = result.model_dump_json(exclude_unset=True)
        else:
            wrong += 1
            faults.append(told(f"{where}, row {number}", result))
    return Fleet(documents=documents, faults=tuple(faults), wrong_rows=wrong)


def _table(data: bytes, where: str) -> tuple[list[str], list[list[str]], bool]:
    if len(data) > LARGEST_FILE_BYTES:
        raise FleetFileError(f"{where} has {len(data)} bytes; at most {LARGEST_FILE_BYTES} are read. Split it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FleetFileError(f"{where}, line {line}: not UTF-8. Save the file as UTF-8.") from error
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True) if any(line)]
    except csv.Error as error:
        raise FleetFileError(f"{where} is not CSV ({error}).") from error
    if len(lines) < 2:
        raise FleetFileError(f"{where} needs a header row and a row a building.")
    if len(lines) > MOST_ROWS + 1:
        raise FleetFileError(f"{where} has {len(lines) - 1} rows; at most {MOST_ROWS} are read. Split it.")
    header = [name.strip() for name in lines[0]]
    _check_header(header, where)
    return header, lines[1:], delimiter == ";"


def _check_header(header: Sequence[str], where: str) -> None:
    weekdays = {f"{OPENING}{day}" for day in Weekday}
    unknown = [name for name in header if name not in weekdays and not is_key(name)]
    if unknown or len(set(header)) < len(header) or "id" not in header:
        wrong = f"unknown keys {', '.join(unknown)[:200]}" if unknown else "no column id, or a column twice"
        raise FleetFileError(f"{where} has {wrong}. {FleetFileError.__doc__}", field=unknown[0] if unknown else "id")


def _of_row(
    header: Sequence[str], line: Sequence[str], template: Mapping[str, Any], *, decimal_comma: bool
) -> BuildingDescription | list[Fault]:
    if len(line) != len(header):
        said = f"{len(line)} cells; the header has {len(header)}"
        return [Fault(line=None, key="", said=said)]
    document = dict(template)
    try:
        for key, cell in zip(header, line, strict=True):
            if text := cell.strip():
                _put(
                    document, key, text.replace(",", ".") if decimal_comma and _DECIMAL_COMMA.fullmatch(text) else text
                )
        return BuildingDescription.model_validate(document)
    except _CellError as error:
        return [error.fault]
    except ValidationError as error:
        return faults_of(error)


class _CellError(FleetFileError):
    """This cell cannot be read. Write opening hours as 08-16."""

    def __init__(self, fault: Fault) -> None:
        """The fault, for the report of the row."""
        super().__init__(str(fault))
        self.fault = fault


def _put(document: dict[str, Any], key: str, text: str) -> None:
    """Set a key; tables on the way are copied, because rows share the template's."""
    *tables, name = key.split(".")
    place = document
    for table in tables:
        place[table] = dict(place.get(table, {}))
        place = place[table]
    if key.startswith(OPENING) and text == CLOSED:
        place.pop(name, None)
    elif key.startswith(OPENING):
        place[name] = list(_hours(key, text))
    else:
        place[name] = text.split() if holds_several(key) else text


def _hours(key: str, text: str) -> Iterator[dict[str, str]]:
    for part in text.split():
        if (found := _HOURS.fullmatch(part)) is None:
            raise _CellError(Fault(line=None, key=key, said=f"{part!r} is no pair of whole hours such as 08-16"))
        yield {"begins": f"{int(found[1]):02d}:00", "ends": f"{int(found[2]):02d}:00"}
