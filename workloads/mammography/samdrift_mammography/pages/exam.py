"""An exam: the viewer, what the policy decided, what the readers decided, and the form for one's own decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from fastapi.responses import HTMLResponse

from samdrift_mammography import readings
from samdrift_mammography.hanging import hung
from samdrift_mammography.pages.asking import Now, SignedIn, reader_of, worklist_of
from samdrift_mammography.pages.row import Row, items_of, row
from samdrift_mammography.readings import ReaderReading, ReadingDecision, Standing, standing
from samdrift_mammography.worklist import listing
from samdrift_mammography.worklist.entry import UNREAD, Stage
from samdrift_mammography.worklist.listing import Listed
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.effects import of_item
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.portal.shell import Shell


class Agreement(StrEnum):
    """How a reader's decision and the score stand to each other."""

    #: Recall and a score from which the exam goes first, or no recall and a score that asks for one reader.
    AGREES = "agrees"
    #: The other way round.
    DIFFERS = "differs"
    #: The score lies between the two cuts: it speaks for neither.
    BETWEEN = "between"
    #: There is no score.
    NOT_SCORED = "not scored"


@dataclass(frozen=True, kw_only=True)
class Readers:
    """What this reader may know about the reading of an exam."""

    stands: Standing
    #: The own decision; None: not made.
    own: ReaderReading | None
    #: Whether the decisions of the others are shown: after the own one, to the third reader, and at the end.
    others_shown: bool
    #: Whether the form is shown.
    may_decide: bool
    #: Of the own decision with the score.
    agreement: Agreement | None


def exam(shell: SignedIn, at: Now, item_id: UUID) -> HTMLResponse:
    """One exam as this reader may see it."""
    return exam_page(shell, at, item_id)


def exam_page(shell: Shell, at: datetime, item_id: UUID, *, trouble: str = "", status: int = 200) -> HTMLResponse:
    """The page; `trouble` says why a decision was not recorded.

    Raises:
        NotFoundError: there is no such exam, or it has no result yet.
    """
    item, reader = shell.item(item_id), reader_of(shell)
    with worklist_of(shell) as connection:
        listed = listing.one(connection, item_id, reader)
        if listed is None or "reading" not in item.result:
            raise NotFoundError("This exam has no result yet, or was refused. See the worklist.")
        shown = row(item, listed, at)
        views = shown.item.result["views"]
        return shell.page(
            "mammography/exam.html",
            status=status,
            row=shown,
            views=views,
            hung=hung(views),
            readers=_readers(connection, item, listed, reader, may_work=may_work(shell)),
            following=listing.following(connection, reader, listed.place),
            others=_others(connection, shown, reader, at),
            effects=of_item(connection, item_id),
            trouble=trouble,
        )


def may_work(shell: Shell) -> bool:
    """Whether who is signed in may record anything: everybody but who is an auditor and nothing else."""
    from samdrift_platform.control.permissions import Right  # the control plane imports the portal

    appointments = getattr(shell.request.app.state, "appointments", None)
    return appointments is None or bool(appointments.may(reader_of(shell), Right.WORK))


def _readers(connection: sa.Connection, item: WorkItem, listed: Listed, reader: str, *, may_work: bool) -> Readers:
    stands = standing(item.result["reading"], readings.of_item(connection, item.id))
    own = next((each for each in stands.given if each.reader == reader), None)
    unread = listed.stage in UNREAD
    return Readers(
        stands=stands,
        own=own,
        others_shown=own is not None or not unread or listed.stage is Stage.ARBITRATION,
        may_decide=unread and own is None and may_work,
        agreement=agreement_of(own.decision, item) if own else None,
    )


def agreement_of(decision: ReadingDecision, item: WorkItem) -> Agreement:
    """How a decision stands to the score, by the cuts that decided about this exam."""
    result = item.result
    score = result["score"]
    if score is None:
        return Agreement.NOT_SCORED
    if result["single_reading_up_to"] < score < result["priority_from"]:
        return Agreement.BETWEEN
    high = score >= result["priority_from"]
    return Agreement.AGREES if high == (decision is ReadingDecision.RECALL) else Agreement.DIFFERS


def _others(connection: sa.Connection, shown: Row, reader: str, at: datetime) -> Sequence[Row]:
    """The other entries of the same exam, newest first: earlier ones without the late views, or a newer one."""
    ids = listing.others(connection, shown.item.result["exam"], shown.item.id)
    found = items_of(connection, ids)
    entries = [(found[each], listing.one(connection, each, reader)) for each in ids]
    return [row(item, listed, at) for item, listed in entries if listed is not None]
