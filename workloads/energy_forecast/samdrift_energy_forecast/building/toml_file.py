"""A building's TOML file (TOML 1.0) as a description, with errors that name the line, the key and what is expected."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_platform.errors import InputError

#: A building's description is a page long; this is no place for a meter's readings.
LARGEST_FILE_BYTES = 256 * 1024
#: Faults that one message tells; the rest is counted.
MOST_FAULTS = 20
#: What stands in the file may be an address of a person, so it is not repeated in a message.
PERSONAL = frozenset({"delivery"})

Location: TypeAlias = tuple[str | int, ...]


class BuildingFileError(InputError):
    """This is no description of a building. Correct the named lines; docs/reference/building-file.md has all keys."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong in a building's file."""

    #: Counted from 1; None: the key is not in the file.
    line: int | None
    #: Such as `calendar.opening.monday`.
    key: str
    #: What is wrong and what is expected.
    said: str

    def __str__(self) -> str:
        """As one line for a person."""
        where = "" if self.line is None else f"line {self.line}: "
        return f"{where}{self.key}: {self.said}" if self.key else f"{where}{self.said}"


def read_building_file(path: Path) -> BuildingDescription:
    """The building that the TOML file at `path` describes.

    Raises:
        BuildingFileError: it cannot be read, is not TOML, or describes no building.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BuildingFileError(f"{path} cannot be read: {error.strerror}. Check the path.", field=str(path)) from error
    return parse(data, str(path))


def parse(data: bytes, where: str) -> BuildingDescription:
    """The building that TOML in UTF-8 describes; `where` names it in errors.

    Raises:
        BuildingFileError: with every fault, its line and what is expected.
    """
    document, text = parse_document(data, where)
    try:
        return BuildingDescription.model_validate(document)
    except ValidationError as error:
        raise _told(where, faults_of(error, text)) from error


def parse_document(data: bytes, where: str) -> tuple[dict[str, Any], str]:
    """TOML in UTF-8 as tables, not yet checked, and its text.

    Raises:
        BuildingFileError: it is too large, or no TOML.
    """
    if len(data) > LARGEST_FILE_BYTES:
        raise BuildingFileError(
            f"{where} has {len(data)} bytes; a building's description has at most {LARGEST_FILE_BYTES}. "
            "Readings go into a meter file."
        )
    try:
        text = data.decode("utf-8-sig")
        return tomllib.loads(text), text
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _told(where, [Fault(line=line, key="", said="not UTF-8. Save the file as UTF-8")]) from error
    except tomllib.TOMLDecodeError as error:
        at = _line_said(str(error))
        raise _told(where, [Fault(line=at, key="", said=_not_toml(str(error), text, at))]) from error


def example() -> str:
    """The shipped example file, with a comment for every key."""
    return (files("samdrift_energy_forecast") / "examples" / "school.toml").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of a building's description."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:samdrift:schema:energy-building",
        **BuildingDescription.model_json_schema(),
    }


def faults_of(error: ValidationError, text: str = "") -> list[Fault]:
    """What pydantic found, in the words of the file; lines where its `text` is given."""
    lines = _lines(text)
    found = error.errors(include_url=False, include_context=False)
    deeper = [one["loc"] for one in found if one["type"] != "too_short"]
    # A list whose only entry is wrong is no shorter for it: pydantic says both.
    found = [
        one for one in found if one["type"] != "too_short" or not any(_within(place, one["loc"]) for place in deeper)
    ]
    return [_fault(one["loc"], str(one["type"]), str(one["msg"]), one.get("input"), lines) for one in found]


def _within(place: Location, table: Location) -> bool:
    return place[: len(table)] == table


def told(where: str, faults: Sequence[Fault]) -> str:
    """All faults as one message, a line each."""
    shown = [_sentence(f"{where}, {fault}") for fault in faults[:MOST_FAULTS]]
    more = len(faults) - len(shown)
    return "\n".join([*shown, *([f"{where}: {more} more."] if more else [])])


def _told(where: str, faults: Sequence[Fault]) -> BuildingFileError:
    return BuildingFileError(told(where, faults), field=faults[0].key or None)


def _sentence(text: str) -> str:
    return text if text.endswith(("?", ".")) else f"{text}."


def _fault(location: Location, kind: str, message: str, given: object, lines: Mapping[str, int]) -> Fault:
    path = [str(part) for part in location if part != "[key]"]
    names = [part for part in path if not part.isdecimal()]
    said = _said(names, kind, message, given)
    return Fault(line=_line_of(path, lines), key=".".join(names), said=said)


def _line_of(path: Sequence[str], lines: Mapping[str, int]) -> int | None:
    """Where the key stands, or the innermost table around it that has a line of its own."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(".".join(path[:length]))) is not None:
            return line
    return None


def _said(names: Sequence[str], kind: str, message: str, given: object) -> str:
    if kind == "extra_forbidden":
        return _unknown_key(names)
    field = _field_at(names)
    expected = "" if field is None or not field.description else f". Meaning: {_as_one_line(field.description)}"
    if kind == "missing":
        return f"missing{expected}"
    near = (
        get_close_matches(str(given), re.findall(r"'([^']*)'", message), n=1)
        if kind in ("enum", "literal_error")
        else []
    )
    if near:
        return f"{given!r} is not known here. Did you mean {near[0]}?"
    if kind == "string_pattern_mismatch":
        message = "not in the form that is asked for"
    shown = "" if PERSONAL & set(names) or not isinstance(given, str | int | float) else f" (it is {given!r})"
    return f"{message.removeprefix('Value error, ').rstrip('.')}{shown}{expected}"


def _unknown_key(names: Sequence[str]) -> str:
    known = list(_keys_at(names[:-1]))
    near = get_close_matches(names[-1], known, n=1, cutoff=0.5)
    elsewhere = [path for path, _ in _all_fields() if path.rpartition(".")[2] == names[-1]]
    if elsewhere:
        return f"not a key here. It belongs at {' or '.join(elsewhere)}"
    if near:
        return f"not a key here. Did you mean {near[0]}?"
    return f"not a key here. Known: {', '.join(known)}"


def _field_at(names: Sequence[str]) -> FieldInfo | None:
    """The field that a key path leads to; None for a key of a table with free names, such as a weekday."""
    model: type[BaseModel] | None = BuildingDescription
    field: FieldInfo | None = None
    for name in names:
        if model is not None and name in model.model_fields:
            field = model.model_fields[name]
            model = _model_in(field.annotation)
    return field


def _keys_at(names: Sequence[str]) -> Mapping[str, FieldInfo]:
    field = _field_at(names)
    model = BuildingDescription if field is None else _model_in(field.annotation)
    return {} if model is None else model.model_fields


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation such as `tuple[Model, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)


_DECIMAL_COMMA = re.compile(r"=\s*([-+]?\d+),(\d+)\s*(?:#.*)?$")
_HEADER = re.compile(r"^\s*\[(?P<several>\[?)\s*(?P<path>[^\[\]]+?)\s*\]{1,2}\s*(#.*)?$")
_ASSIGNMENT = re.compile(r"^\s*(?P<path>[A-Za-z0-9_\-\"'. ]+?)\s*=")


def _lines(text: str) -> Mapping[str, int]:
    """Key path -> its line, of tables and keys; tables in lists are numbered: `calendar.closures.1.last`."""
    table, lines = "", dict[str, int]()
    tables_of = Counter[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _path(header["path"])
            if header["several"]:
                tables_of[table] += 1
                table = f"{table}.{tables_of[table] - 1}"
            lines.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            key = _path(assignment["path"])
            lines.setdefault(f"{table}.{key}" if table else key, number)
    return lines


def _path(written: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in written.split("."))


def _line_said(message: str) -> int | None:
    """The line in tomllib's "(at line 3, column 5)"."""
    said = re.search(r"at line (\d+)", message)
    return None if said is None else int(said[1])


def _not_toml(message: str, text: str, line: int | None) -> str:
    lines = text.splitlines()
    written = lines[line - 1] if line is not None and line <= len(lines) else ""
    if comma := _DECIMAL_COMMA.search(written):
        return f"numbers have a decimal point in TOML: {comma[1]}.{comma[2]}, not {comma[1]},{comma[2]}"
    return f"not TOML: {re.sub(r' [(]at .*[)]$', '', message)}"


def _as_one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def is_key(path: str) -> bool:
    """Whether a building's file has a value, not a table, at this path outside of lists: `location.latitude`."""
    names = path.split(".")
    around = [_field_at(names[:n]) for n in range(1, len(names))]
    field = _field_at(names) if path in {known for known, _ in _all_fields()} else None
    inside_list = any(one is not None and _is_list(one) for one in around)
    return field is not None and not inside_list and _model_in(field.annotation) is None


def holds_several(path: str) -> bool:
    """Whether the value at this path is a list."""
    field = _field_at(path.split("."))
    return field is not None and _is_list(field)


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def key_table() -> str:
    """All keys as a Markdown table: key, whether it is required or its default, what it means."""
    rows = [f"| `{path}` | {_default_of(field)} | {_meaning_of(field)} |" for path, field in _all_fields()]
    return "\n".join(["| key | required, or default | |", "|---|---|---|", *rows, ""])


def _all_fields(model: type[BaseModel] = BuildingDescription, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        path = f"{prefix}{name}" + (".<weekday>" if name == "opening" else "")
        yield path, field
        if inner is not None:
            yield from _all_fields(inner, f"{path}.")


def _default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None or field.default == () or isinstance(field.default, BaseModel):
        return ""
    return f"`{field.default}`"


def _meaning_of(field: FieldInfo) -> str:
    return _as_one_line(field.description or "") + "."
