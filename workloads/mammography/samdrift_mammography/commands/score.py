"""`samdrift mammography score`: one line for each DICOM file of a folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from samdrift_mammography.commands.crew import Jobs, Model, engine, spread
from samdrift_mammography.reasons import BANNER

SCORED, NOT_SCORED, REFUSED = "scored", "not-scored", "refused"


def score(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, show_default=False)],
    model: Model = None,
    jobs: Jobs = 0,
    json_lines: Annotated[bool, typer.Option("--json-lines", help="A JSON object a line, for programs.")] = False,
) -> None:
    """Score every DICOM file of a folder by itself. Nothing leaves the machine and nothing is decided.

    `score` is the model's raw value: higher is more suspicious. `step` puts it on the scale from 1 to 10. Marks are
    circles, as fractions of the picture's width (x, radius) and height (y).
    """
    from samdrift_mammography.folder_store import files_below

    files = files_below(folder)
    sys.stderr.write(f"{BANNER}\n{len(files)} files\n")
    for path, found in zip(files, spread(score_file, files, model=model, jobs=jobs), strict=True):
        line = {"file": str(path.relative_to(folder)), **found}
        sys.stdout.write((json.dumps(line, ensure_ascii=False) if json_lines else _told(line)) + "\n")
        sys.stdout.flush()


def score_file(path: Path) -> dict[str, Any]:
    """What the model says about one file; a file that cannot be scored is told with its reason."""
    from samdrift_mammography.dicom import read_header
    from samdrift_mammography.errors import ImageError, UnreadableFileError
    from samdrift_mammography.exam import Image

    data = path.read_bytes()
    try:
        header = read_header(data)
    except UnreadableFileError as error:
        return _line("", REFUSED, error.code)
    problems = Image(object="", header=header).problems
    if problems or header.view is None:
        return _line(header.sop_instance_uid, NOT_SCORED, ", ".join(problems))
    try:
        found = engine().score(data, header.view)
    except ImageError as error:
        return _line(header.sop_instance_uid, NOT_SCORED, error.code)
    marks = [asdict(mark) for mark in found.marks]
    known = {"view": str(header.view), "score": round(found.score, 4), "step": engine().step([found.score])}
    return {**_line(header.sop_instance_uid, SCORED, ""), **known, "marks": marks}


def _line(sop_instance_uid: str, status: str, reason: str) -> dict[str, Any]:
    nothing: dict[str, Any] = {"view": None, "score": None, "step": None, "marks": []}
    return {"sop_instance_uid": sop_instance_uid, "status": status, "reason": reason, **nothing}


def _told(line: Mapping[str, Any]) -> str:
    if line["status"] != SCORED:
        return f"{line['file']}: {line['status']} ({line['reason']})"
    return (
        f"{line['file']}: {line['view']}, step {line['step']} of 10, score {line['score']}, {len(line['marks'])} marks"
    )
