"""`samdrift rpa new`: the beginning of a process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samdrift_platform.cli.output import AsJson, say, show_json

Name = Annotated[str, typer.Argument(help="lower_snake_case: the process's name, and the package's.")]
Folder = Annotated[Path | None, typer.Option(help="Where to write it. Default: a folder of the process's name, here.")]
TitleDa = Annotated[str, typer.Option("--title-da", help="What people call it, in Danish.")]
TitleEn = Annotated[str, typer.Option("--title-en", help="What people call it, in English.")]


def new(
    name: Name, folder: Folder = None, title_da: TitleDa = "", title_en: TitleEn = "", as_json: AsJson = False
) -> None:
    """Write a small package with a process that works at once, and its test."""
    from samdrift_rpa.scaffold.writing import NewProcess, write

    place = folder or Path(name)
    written = write(NewProcess(name=name, title_da=title_da, title_en=title_en), place)
    if as_json:
        show_json({"name": name, "folder": str(place), "files": [str(path) for path in written]})
        return
    for path in written:
        say(str(path))
    say(f"Next: cd {place}; python -m pip install -e .; python -m pytest tests")
