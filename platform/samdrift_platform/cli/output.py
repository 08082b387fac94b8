"""How commands print: a table for people, the API's own JSON with `--json`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from samdrift_platform.errors import InputError, SamdriftError
from samdrift_platform.masking import masked

#: The option that every command has.
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

#: Characters that a column of sentences has at least, where its cells are that long.
_SENTENCE = 32
#: Spaces between two columns.
_GAP = 2
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")


def show_json(value: Any) -> None:
    """Print `value` for a program."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, whole_digests: bool = False
) -> None:
    """Print rows for a person, or `empty`, which says what to do next.

    Digests are shortened to 12 hex digits, unless they are what was asked for. No word is ever broken, so that
    identifiers can be copied: where the terminal is too narrow, the lines are longer than it.
    """
    cells = [[_text(value) if whole_digests else _short(_text(value)) for value in row] for row in rows]
    if not cells:
        say(empty)
        return
    _print(columns, cells)


def show_fields(values: Mapping[str, object]) -> None:
    """Print one thing, a field a line, digests whole."""
    cells = [[name, _text(value)] for name, value in values.items()]
    if cells:
        _print(["field", "value"], cells)


def say(sentence: str) -> None:
    """Print a sentence as it is, never broken: it may hold an address to copy."""
    sys.stdout.write(sentence + "\n")


def write(data: bytes, file: Path | None) -> None:
    """Put `data` into `file`, or print it."""
    if file is None:
        sys.stdout.write(data.decode())
        return
    try:
        file.write_bytes(data)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}. Check the path.", field=str(file)) from error


def fail(error: SamdriftError, *, as_json: bool) -> None:
    """Print what went wrong, to standard error."""
    told = json.dumps({"error": error.message, "field": error.field}, ensure_ascii=False) if as_json else error.message
    sys.stderr.write(masked(told) + "\n")


def _print(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    widths = _widths([[column, *(row[index] for row in cells)] for index, column in enumerate(columns)])
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, width=width)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, width=sum(widths) + _GAP * len(widths)).print(table)


def _widths(columns: Sequence[Sequence[str]]) -> list[int]:
    """How wide each column is: no word is broken, and the terminal's room goes to those first that want least more.

    Rich is given fixed widths, because it cuts text off where least widths make a table wider than the terminal.
    """
    least = [_least_width(cells) for cells in columns]
    wanted = [max(cell_len(line) for cell in cells for line in [*cell.splitlines(), ""]) for cells in columns]
    more = [max(want - width, 0) for want, width in zip(wanted, least, strict=True)]
    room = max(Console().width - sum(least) - _GAP * (len(columns) - 1), 0)
    for left, index in zip(range(len(more), 0, -1), sorted(range(len(more)), key=more.__getitem__), strict=True):
        more[index] = min(more[index], room // left)
        room -= more[index]
    return [width + extra for width, extra in zip(least, more, strict=True)]


def _least_width(cells: Sequence[str]) -> int:
    """So wide that no word of the column is broken, and that sentences do not become towers."""
    longest_word = max(cell_len(word) for cell in cells for word in [*cell.split(), ""])
    return max(longest_word, min(_SENTENCE, max(map(cell_len, cells))))


def _short(text: str) -> str:
    return _DIGEST.sub(r"\1", text)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {part}" for name, part in value.items())
    return str(value)
