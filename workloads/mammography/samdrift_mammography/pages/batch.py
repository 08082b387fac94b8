"""What became of one submission, as a file: every exam in whatever stage, and every refused file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from fastapi.responses import StreamingResponse

from samdrift_mammography.export import COLUMNS, csv_line, exam_line, open_line, refused_line
from samdrift_mammography.pages.asking import Now, SignedIn, reader_of, worklist_of
from samdrift_mammography.pages.row import Row, rows
from samdrift_mammography.worklist import listing
from samdrift_platform.ledger import submissions
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.portal.shell import Shell

#: Lines that are made at once.
_CHUNK = 500


def batch_csv(shell: SignedIn, at: Now, submission_id: UUID) -> StreamingResponse:
    """The submission's exams in reading order and its files, as CSV (RFC 4180) in English with times in UTC.

    Raises:
        NotFoundError: there is no such submission.
    """
    with worklist_of(shell) as connection:
        submissions.get(connection, submission_id)
    headers = {"Content-Disposition": f'attachment; filename="mammography-{submission_id}.csv"'}
    lines = _lines(shell, at, submission_id)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _lines(shell: Shell, at: datetime, submission_id: UUID) -> Iterator[str]:
    yield csv_line(COLUMNS)
    order, after = 0, ""
    while True:
        with worklist_of(shell) as connection:
            listed = listing.of_submission(connection, submission_id, reader_of(shell), limit=_CHUNK, after=after)
            shown = rows(connection, listed, at)
        for order, row in enumerate(shown, start=order + 1):  # noqa: B020 - it goes on where the last page ended
            yield _line(order, row)
        if len(listed) < _CHUNK:
            return
        after = listed[-1].place


def _line(order: int, row: Row) -> str:
    if "reading" in row.item.result:
        return exam_line(order, row)
    return refused_line(row.item) if row.item.state is ItemState.REJECTED else open_line(row.item)
