"""The worklist as CSV (RFC 4180): one line an exam or refused file, with the notice on every line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING

from samdrift_mammography.reasons import BANNER
from samdrift_mammography.workload import MODEL
from samdrift_platform.ledger.items import WorkItem

if TYPE_CHECKING:
    from samdrift_mammography.pages.row import Row

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
    "delivery",
    "reference",
    "notice",
)


def csv_line(values: Sequence[object]) -> str:
    """One line with its end (RFC 4180)."""
    file = StringIO()
    csv.writer(file).writerow([_harmless(value) for value in values])
    return file.getvalue()


def exam_line(order: int, row: Row) -> str:
    """An exam; of one whose score is hidden from the reader neither score, reading nor reason."""
    item, result, hidden = row.item, row.item.result, row.listed.hidden
    decision = ("hidden", "hidden", "hidden") if hidden else (result["score"], result["reading"], item.reason)
    evidence = (item.models.get(MODEL), result["policy"], row.listed.delivery, item.reference, BANNER)
    return csv_line((order, result["exam"], result["screening_unit"], *decision, row.views, *_times(item), *evidence))


def open_line(item: WorkItem) -> str:
    """An exam without a result: where it is stands where the reading would."""
    known = (item.payload.get("exam"), item.payload.get("screening_unit"), None, item.state, item.reason, None)
    return csv_line((None, *known, *_times(item), None, None, None, item.reference, BANNER))


def refused_line(item: WorkItem) -> str:
    """What no exam could be made of: it has no order, score or reading, but its reason."""
    decision = (item.payload.get("screening_unit"), None, "refused", item.reason)
    return csv_line((None, None, *decision, None, *_times(item), None, None, None, item.reference, BANNER))


def _times(item: WorkItem) -> tuple[str, str]:
    return _utc(item.deadline), _utc(item.queued_at)


def _utc(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _harmless(value: object) -> str:
    """Text that a spreadsheet will not take for a formula."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
