"""The worklist in reading order, page by page, and the same list as a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Depends, Query
from fastapi.responses import HTMLResponse, StreamingResponse

from samdrift_mammography.export import COLUMNS, csv_line, exam_line, refused_line
from samdrift_mammography.pages.asking import Now, SignedIn, reader_of, worklist_of
from samdrift_mammography.pages.row import items_of, rows
from samdrift_mammography.reasons import IMAGE_FINDINGS, IMAGE_PROBLEMS, SENTENCES
from samdrift_mammography.tables import quarantine
from samdrift_mammography.triage import Reading
from samdrift_mammography.worklist import listing, waiting
from samdrift_mammography.worklist.entry import UNREAD, Stage
from samdrift_mammography.worklist.filter import Filter, Scored, Show, exam_part
from samdrift_platform.portal.shell import Shell

#: Exams on one page.
PAGE = 50
#: Unfinished exams that the worklist names; there are as many as it says.
SHORT = 20
#: Reasons that say no more than the score does.
_OF_ALL = ("low-score", "score", "high-score")
#: What can be filtered by: why an exam was not scored or is read by two, and remarks about its images.
REMARKS = [code for code in dict.fromkeys([*SENTENCES, *IMAGE_PROBLEMS, *IMAGE_FINDINGS]) if code not in _OF_ALL]
#: Rows of the file that are made at once.
_CHUNK = 500

Key = Annotated[str, Query(pattern=r"^\d{0,28}$")]
Part = Annotated[str, Query(max_length=64)]


def filter_of(
    show: Show = Show.MINE,
    reading: Annotated[str, Query(max_length=20)] = "",
    scored: Annotated[str, Query(max_length=3)] = "",
    code: Annotated[str, Query(max_length=40)] = "",
    unit: Annotated[str, Query(max_length=80)] = "",
    exam: Part = "",
    objected: bool = False,
    undelivered: bool = False,
) -> Filter:
    """What the address asks for; a value that a choice does not have asks for nothing."""
    return Filter(
        show=show,
        reading=Reading(reading) if reading in set(Reading) else None,
        scored=Scored(scored) if scored in set(Scored) else None,
        code=code,
        unit=unit,
        exam=exam_part(exam),
        objected=objected,
        undelivered=undelivered,
    )


Wanted = Annotated[Filter, Depends(filter_of)]


def worklist(
    shell: SignedIn, at: Now, wanted: Wanted, after: Key = "", before: Key = "", exam: Part = ""
) -> HTMLResponse:
    """Exams in reading order as far as one page goes; how many wait for what; what was refused, by code."""
    reader = reader_of(shell)
    with worklist_of(shell) as connection:
        found = listing.page(connection, wanted, reader, limit=PAGE, after=after, before=before)
        open_items = items_of(connection, ids := listing.in_stage(connection, Stage.OPEN, limit=SHORT))
        return shell.page(
            "mammography/worklist.html",
            rows=rows(connection, found.rows, at),
            found=found,
            wanted=wanted,
            not_looked_for=bool(exam.strip()) and not wanted.exam,
            address=_address(wanted),
            remarks=REMARKS,
            counts=_counts(connection, reader),
            unit_choices=[(unit, unit) for unit in listing.units(connection)],
            open=[open_items[each] for each in ids],
            waiting=waiting.exams(connection, limit=SHORT),
            refusals=listing.refusals(connection),
            quarantined=waiting.quarantined(connection),
        )


def worklist_csv(shell: SignedIn, at: Now, wanted: Wanted) -> StreamingResponse:
    """The exams that the filter leaves, and the refused files, as CSV (RFC 4180) in English with times in UTC."""
    headers = {"Content-Disposition": 'attachment; filename="mammography-worklist.csv"'}
    return StreamingResponse(_lines(shell, at, wanted), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(shell: Shell, at: datetime, wanted: Filter) -> Iterator[str]:
    yield csv_line(COLUMNS)
    order, after = 0, ""
    while True:
        with worklist_of(shell) as connection:
            found = listing.page(connection, wanted, reader_of(shell), limit=_CHUNK, after=after)
            shown = rows(connection, found.rows, at)
        for order, row in enumerate(shown, start=order + 1):  # noqa: B020 - it goes on where the last page ended
            yield exam_line(order, row)
        if found.after is None:
            break
        after = found.after
    yield from _refused_lines(shell)


def _refused_lines(shell: Shell) -> Iterator[str]:
    after = ""
    while True:
        with worklist_of(shell) as connection:
            places = listing.places(connection, Stage.REFUSED, limit=_CHUNK, after=after)
            found = items_of(connection, [item_id for item_id, _ in places])
        yield from (refused_line(found[item_id]) for item_id, _ in places)
        if len(places) < _CHUNK:
            return
        after = places[-1][1]


def _counts(connection: sa.Connection, reader: str) -> dict[str, int]:
    """How many exams and files are in each stage, wait for views, or lie in quarantine."""
    stages = listing.counts(connection)
    in_quarantine = connection.execute(sa.select(sa.func.count()).select_from(quarantine)).scalar_one()
    return {
        **{stage: stages.get(stage, 0) for stage in Stage},
        "unread": sum(stages.get(stage, 0) for stage in UNREAD),
        "mine_read": listing.read_by(connection, reader),
        "waiting": waiting.number(connection),
        "quarantined": in_quarantine,
    }


def _address(wanted: Filter) -> str:
    """The query of this list without its page: what links to other pages of it, and to its file, begin with."""
    asked = {name: str(value) for name, value in asdict(wanted).items() if value}
    return urlencode(asked)
