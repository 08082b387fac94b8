"""A reader's decision: recorded once, then the page that shows it beside the score."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Form
from fastapi.responses import RedirectResponse, Response

from samdrift_mammography import readings
from samdrift_mammography.pages.asking import Now, SignedIn, ledger_of, reader_of, worklist_of
from samdrift_mammography.pages.exam import exam_page
from samdrift_mammography.readings import ReadingDecision
from samdrift_mammography.worklist import listing
from samdrift_platform.errors import ConflictError
from samdrift_platform.portal.shell import Shell


def decide(shell: SignedIn, at: Now, item_id: UUID, decision: Annotated[ReadingDecision, Form()]) -> Response:
    """Record the decision and go on to the exam's page, so that reloading it records nothing again.

    The portal lets nobody through who may not bring work: an auditor reads everything and changes nothing.
    """
    item = shell.item(item_id)
    seen = _score_seen(shell, item_id) and item.result.get("score") is not None
    try:
        with ledger_of(shell).write() as connection:
            readings.record(connection, item.id, reader=reader_of(shell), decision=decision, score_seen=seen, now=at)
    except ConflictError as error:
        return exam_page(shell, at, item_id, trouble=type(error).__name__, status=error.status)
    return RedirectResponse(f"/mammography/exams/{item_id}#decision", status_code=303)


def _score_seen(shell: Shell, item_id: UUID) -> bool:
    """Whether the exam's page shows this reader the score."""
    with worklist_of(shell) as connection:
        listed = listing.one(connection, item_id, reader_of(shell))
        return listed is not None and not listed.hidden
