"""The worklist as CSV (RFC 4180): one line an exam or refused file, with the notice on every line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING

from samdrift_mammography.reasons import BANNER
from samdrift_mammography.workload import MODEL
from samdrift_platform.ledger.items import WorkItem

if TYPE_CHECKING:
    from samdrift_mammography.pages import Row

COLUMNS = (
    "order",
    "exam",
    "screening_unit",
    "score_1_to_10",
    "reading",
    "reason",
    "views",
    "deadline_utc",
    "received_utc",
    "model",
    "policy",
    "reference",
    "notice",
)


def csv_of(rows: Sequence[Row], refused: Sequence[WorkItem]) -> str:
    """The text of the file. What could not be read has no order, score or reading, but its reason."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(value) for value in line] for line in _lines(rows, refused))
    return file.getvalue()


def _lines(rows: Sequence[Row], refused: Sequence[WorkItem]) -> Iterator[tuple[object, ...]]:
    for order, row in enumerate(rows, start=1):
        item, result = row.item, row.item.result
        decision = (result["exam"], result["screening_unit"], result["score"], result["reading"], item.reason)
        evidence = (item.models.get(MODEL), result["policy"], item.reference, BANNER)
        yield (order, *decision, row.views, *_times(item), *evidence)
    for item in refused:
        decision = (None, item.payload.get("screening_unit"), None, "refused", item.reason)
        yield (None, *decision, None, *_times(item), None, None, item.reference, BANNER)


def _times(item: WorkItem) -> tuple[str, str]:
    return _utc(item.deadline), _utc(item.queued_at)


def _utc(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _harmless(value: object) -> str:
    """Text that a spreadsheet will not take for a formula."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
