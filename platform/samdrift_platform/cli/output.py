"""How commands print: a table for people, the API's own JSON with `--json`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from samdrift_platform.errors import SamdriftError

#: The option that every command has.
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def show_json(value: Any) -> None:
    """Print `value` for a program."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print rows for a person, or `empty`, which says what to do next."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        say(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in cells:
        table.add_row(*row)
    Console(highlight=False).print(table)


def show_fields(values: Mapping[str, object]) -> None:
    """Print one thing, a field a line."""
    show_table(["field", "value"], values.items(), empty="Nothing is known of it.")


def say(sentence: str) -> None:
    """Print a sentence as it is, never broken: it may hold an address to copy."""
    sys.stdout.write(sentence + "\n")


def fail(error: SamdriftError, *, as_json: bool) -> None:
    """Print what went wrong, to standard error."""
    told = json.dumps({"error": error.message, "field": error.field}, ensure_ascii=False) if as_json else error.message
    sys.stderr.write(told + "\n")


def _cell(value: object) -> Text:
    if value is None:
        return Text("")
    if isinstance(value, Mapping):
        return Text(", ".join(f"{name}: {part}" for name, part in value.items()))
    return Text(str(value))
