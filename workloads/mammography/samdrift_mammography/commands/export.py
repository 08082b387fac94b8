"""`samdrift mammography export`: a folder of images without the women, for data scientists."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from samdrift_mammography.reasons import BANNER


def export(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, show_default=False)],
    into: Annotated[Path, typer.Option(file_okay=False, help="An empty folder for the images that leave.")],
    key: Annotated[Path, typer.Option(dir_okay=False, help="File with 64 random hex digits, for you alone.")],
    dates: Annotated[
        str, typer.Option(help="remove: no date leaves; shift: each woman's are moved back by days of her own.")
    ] = "remove",
    reviewed: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="SHA-256 of files whose images a person has looked at, a line."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Export images de-identified by DICOM's basic profile, or say for each why it does not leave.

    Names of files may name a woman, so files are told by their SHA-256. Exit status 1 when any was refused.
    """
    from samdrift_mammography.deidentified.folder import export as exported
    from samdrift_mammography.deidentified.header import Dates, Maker
    from samdrift_mammography.deidentified.keep_list import shipped_keep_list
    from samdrift_mammography.deidentified.key import read_key
    from samdrift_mammography.folder_store import files_below

    if dates not in set(Dates):
        raise typer.BadParameter(f"{dates!r} is neither remove nor shift.", param_hint="--dates")
    maker = Maker(keep=shipped_keep_list(), key=read_key(key), dates=Dates(dates))
    known = frozenset(reviewed.read_text(encoding="ascii").split()) if reviewed else frozenset()
    lines = list(exported(files_below(folder), into, maker, reviewed=known))
    if as_json:
        told = {"notice": BANNER, "keep_list": str(maker.keep), "files": [asdict(line) for line in lines]}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        _say([line.code for line in lines])
        sys.stdout.writelines(f"{line.sha256}  {line.code} {line.field}".rstrip() + "\n" for line in lines if line.code)
    if any(line.code for line in lines):
        raise typer.Exit(1)


def _say(codes: list[str]) -> None:
    from samdrift_mammography.deidentified.refusal import SENTENCES
    from samdrift_mammography.reasons import REJECTIONS

    sys.stdout.write(f"{BANNER}\n{sum(not code for code in codes)} of {len(codes)} files were exported.\n")
    sentences = {**REJECTIONS, **SENTENCES}
    for code, number in sorted(Counter(filter(None, codes)).items()):
        sys.stdout.write(f"{number} refused ({code}): {sentences.get(code, 'The file cannot be read.')}\n")
