"""How readers, scores and each other agree: a page, and the readings as a file for the evaluation report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, fields

from fastapi.responses import HTMLResponse, StreamingResponse

from samdrift_mammography.export import csv_line
from samdrift_mammography.pages.asking import SignedIn, worklist_of
from samdrift_mammography.reasons import BANNER
from samdrift_mammography.worklist.agreement import ReadingLine, lines
from samdrift_mammography.worklist.agreement import agreement as agreed
from samdrift_platform.portal.shell import Shell


def agreement(shell: SignedIn) -> HTMLResponse:
    """Shares with intervals, of exams that were read to their end."""
    with worklist_of(shell) as connection:
        return shell.page("mammography/agreement.html", found=agreed(connection))


def agreement_csv(shell: SignedIn) -> StreamingResponse:
    """Every reading of exams that were read to their end; readers are numbered, not named."""
    headers = {"Content-Disposition": 'attachment; filename="mammography-readings.csv"'}
    return StreamingResponse(_lines(shell), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(shell: Shell) -> Iterator[str]:
    yield csv_line([field.name for field in fields(ReadingLine)] + ["notice"])
    with worklist_of(shell) as connection:
        for line in lines(connection):
            yield csv_line([*astuple(line)[:-1], line.read_at.isoformat(timespec="seconds"), BANNER])
