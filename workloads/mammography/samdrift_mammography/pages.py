"""The worklist in reading order, an exam with its four views, and the same list as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from samdrift_mammography.export import csv_of
from samdrift_mammography.hanging import hung
from samdrift_mammography.triage import reading_order
from samdrift_mammography.workload import MODEL
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.shell import Shell, current_shell

#: More than this is not shown on one page; the newest are.
MOST = 2_000
#: Hex digits of a model's digest that the list shows; the item's page has them all.
DIGEST_SHOWN = 12


def now() -> datetime:
    """The time the page is made."""
    return datetime.now(UTC)


SignedIn = Annotated[Shell, Depends(current_shell)]
Now = Annotated[datetime, Depends(now)]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One exam of the worklist."""

    item: WorkItem
    #: Views that were scored or could be, "RCC, LCC".
    views: str
    #: "3@0a1b2c3d4e5f"
    model: str
    #: Since its arrival.
    age: timedelta


def router() -> APIRouter:
    """The pages below `/mammography`."""
    pages = APIRouter(include_in_schema=False)
    pages.add_api_route("/", worklist, response_class=HTMLResponse)
    pages.add_api_route("/worklist.csv", worklist_csv)
    pages.add_api_route("/exams/{item_id}", exam, response_class=HTMLResponse)
    pages.add_api_route("/exams/{item_id}/views/{number}.png", picture)
    return pages


def worklist(shell: SignedIn, at: Now) -> HTMLResponse:
    """Exams in reading order; those still without a result; files that were refused."""
    items = shell.items(limit=MOST)
    return shell.page(
        "mammography/worklist.html",
        rows=rows(items, at),
        refused=[item for item in items if item.state is ItemState.REJECTED],
        open=[item for item in items if item.state not in {ItemState.REJECTED, ItemState.DONE}],
        most=MOST if len(items) == MOST else None,
    )


def worklist_csv(shell: SignedIn, at: Now) -> Response:
    """The worklist and the refused files as CSV (RFC 4180), in English, with times in UTC."""
    items = shell.items(limit=MOST)
    refused = [item for item in items if item.state is ItemState.REJECTED]
    headers = {"Content-Disposition": 'attachment; filename="mammography-worklist.csv"'}
    return Response(csv_of(rows(items, at), refused), media_type="text/csv; charset=utf-8", headers=headers)


def exam(shell: SignedIn, at: Now, item_id: UUID) -> HTMLResponse:
    """One exam: the decision, the four views with their marks, and the marks as a table."""
    item = shell.item(item_id)
    if item.state is not ItemState.DONE:
        raise NotFoundError(f"Exam {item.reference} has no result yet, or was refused. See the worklist.")
    views = item.result["views"]
    return shell.page("mammography/exam.html", row=_row(item, at), views=views, hung=hung(views))


def picture(shell: SignedIn, item_id: UUID, number: int) -> Response:
    """The small picture of an exam's view `number`, counted from 0."""
    views: Sequence[dict[str, Any]] = shell.item(item_id).result.get("views", ())
    if not 0 <= number < len(views) or views[number]["picture"] is None:
        raise NotFoundError(f"There is no picture of view {number} of this exam.")
    return Response(shell.object(views[number]["picture"]["object"]), media_type="image/png")


def rows(items: Sequence[WorkItem], at: datetime) -> list[Row]:
    """The exams with a result, in the order in which they are to be read."""
    done = [item for item in items if item.state is ItemState.DONE]
    return [_row(item, at) for item in sorted(done, key=lambda item: reading_order(item.result, item.deadline))]


def _row(item: WorkItem, at: datetime) -> Row:
    present = dict.fromkeys(view["view"] for view in item.result["views"] if view["view"])
    version, _, digest = item.models.get(MODEL, "").partition("@sha256:")
    return Row(
        item=item,
        views=", ".join(present),
        model=f"{version}@{digest[:DIGEST_SHOWN]}" if digest else version,
        age=at - item.queued_at,
    )
