"""The portal's own pages: what was submitted, how far it is, and what it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from samdrift_platform.portal.paging import PAGE, Offset, around
from samdrift_platform.portal.shell import Shell, current_shell, visitor_shell

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

SignedIn = Annotated[Shell, Depends(current_shell)]
Anyone = Annotated[Shell, Depends(visitor_shell)]


@router.get("/")
def home(shell: SignedIn, offset: Offset = 0) -> HTMLResponse:
    """Everything that was submitted and how far it is."""
    return shell.page("home.html", **_work(shell, offset))


@router.get("/fragments/work")
def work(shell: SignedIn, offset: Offset = 0) -> HTMLResponse:
    """The part of the home page that follows the work."""
    return shell.page("fragments/work.html", **_work(shell, offset))


@router.get("/submissions/{submission_id}")
def submission(shell: SignedIn, submission_id: UUID, offset: Offset = 0) -> HTMLResponse:
    """One submission with its items."""
    return shell.page("submission.html", **_submission(shell, submission_id, offset))


@router.get("/fragments/submissions/{submission_id}")
def submission_work(shell: SignedIn, submission_id: UUID, offset: Offset = 0) -> HTMLResponse:
    """The part of a submission's page that follows the work."""
    return shell.page("fragments/submission.html", **_submission(shell, submission_id, offset))


@router.get("/items/{item_id}")
def item(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """One work item: what came in and out, which models decided, what the world saw, what the audit chain holds."""
    found = shell.reading.item(item_id)
    return shell.page(
        "item.html", item=found, effects=shell.reading.effects(item_id), events=shell.reading.events(item_id)
    )


@router.get("/benefits")
def benefits(shell: SignedIn) -> HTMLResponse:
    """What was saved, set against what computing it cost."""
    totals = shell.reading.benefits()
    saved = [total for total in totals if total.kind == "saved"]
    spent = [total for total in totals if total.kind == "spent"]
    return shell.page("benefits.html", saved=saved, spent=spent)


@router.get("/was")
def accessibility_statement(shell: Anyone) -> HTMLResponse:
    """The statement that lov om tilgængelighed, section 4, asks for, at the short address that authorities use."""
    return shell.page("was.html")


@router.get("/not-this")
def limits(shell: Anyone) -> HTMLResponse:
    """What Samdrift is not."""
    return shell.page("limits.html")


def _work(shell: Shell, offset: int) -> dict[str, Any]:
    found = shell.reading.submissions(limit=PAGE + 1, offset=offset)
    counts = shell.reading.counts()
    return {
        "submissions": found[:PAGE],
        "counts": counts,
        "total": _sum(counts.values()),
        "offset": offset,
        **around(offset, more=len(found) > PAGE),
    }


def _submission(shell: Shell, submission_id: UUID, offset: int) -> dict[str, Any]:
    found = shell.reading.items(submission_id=submission_id, limit=PAGE + 1, offset=offset)
    return {
        "submission": shell.reading.submission(submission_id),
        "items": found[:PAGE],
        "offset": offset,
        **around(offset, more=len(found) > PAGE),
    }


def _sum(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for states in counts:
        total.update(states)
    return total
