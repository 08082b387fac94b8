"""`samdrift rpa kle ...`: install OS2KLE's subject list, see how well it tags, and try it on a text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from samdrift_rpa.digital_post.kle import KleSubject

app = typer.Typer(
    help="KLE subjects with keywords (OS2KLE), which tag letters whose sender gave no subject.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("install")
def install(
    file: Annotated[Path, typer.Argument(help="OS2KLE.txt of github.com/os2kle/os2kle.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Install the list into the home; a newer one replaces it. Replicas read it when they start."""
    from samdrift_platform.settings import load
    from samdrift_rpa.digital_post.kle import INSTALLED, install_kle

    home = load().home
    try:
        subjects = install_kle(file, home)
    except OSError as error:
        raise InputError(f"{file} cannot be installed: {error.strerror}. Check the path.", field=str(file)) from error
    keywords = sum(len(subject.keywords) for subject in subjects)
    if as_json:
        show_json({"file": str(home / INSTALLED), "subjects": len(subjects), "keywords": keywords})
        return
    say(f"{len(subjects)} subjects with {keywords} keywords are installed in {home / INSTALLED}.")


@app.command("evaluate")
def evaluate(as_json: AsJson = False) -> None:
    """How often a subject is found by its own title, its equal keyword left out. That says little about letters."""
    from dataclasses import asdict

    from samdrift_rpa.digital_post.tagger import Tagger
    from samdrift_rpa.digital_post.tagger_quality import leave_one_out

    figures = leave_one_out(Tagger(_subjects()))
    if as_json:
        show_json({name: asdict(figure) for name, figure in figures.items()})
        return
    show_table(["figure", "share"], [[name, str(figure)] for name, figure in figures.items()], empty="")


@app.command("tag")
def tag(
    file: Annotated[Path, typer.Argument(help="A text in UTF-8; - reads standard input.", show_default=False)],
    most: Annotated[int, typer.Option(help="How many subjects are shown.")] = 5,
    as_json: AsJson = False,
) -> None:
    """The subjects that a text may be about."""
    from samdrift_rpa.digital_post.tagger import Tagger

    tagger = Tagger(_subjects())
    tags = tagger.tags(_text(file), most)
    rows = [{"subject": each.number, "title": tagger.titles[each.number], "score": each.score} for each in tags]
    if as_json:
        show_json(rows)
        return
    columns = ["subject", "title", "score"]
    cells = [[row["subject"], row["title"], f"{row['score']:.1f}"] for row in rows]
    show_table(columns, cells, empty="No keyword was found.")


def _subjects() -> tuple[KleSubject, ...]:
    from samdrift_rpa.digital_post.kle import installed_kle, read_kle

    path = installed_kle()
    if path is None:
        raise NotFoundError("OS2KLE is not installed. Fetch OS2KLE.txt and run `samdrift rpa kle install FILE`.")
    return read_kle(path.read_bytes())


def _text(file: Path) -> str:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read as UTF-8 text. Check the path.", field=str(file)) from error
