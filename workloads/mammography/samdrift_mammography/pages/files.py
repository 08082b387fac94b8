"""What is not on the worklist: exams that wait for views, files that were refused, files in quarantine."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import HTMLResponse

from samdrift_mammography.pages.asking import SignedIn, worklist_of
from samdrift_mammography.pages.exam import may_work
from samdrift_mammography.pages.row import items_of
from samdrift_mammography.pages.worklist import PAGE, Key
from samdrift_mammography.worklist import listing
from samdrift_mammography.worklist import waiting as here
from samdrift_mammography.worklist.entry import Stage

#: Exams that wait for views, on one page: those that are handed on next.
MOST_WAITING = 500


def waiting(shell: SignedIn) -> HTMLResponse:
    """Exams that wait for views: what is here, what is missing, and when they are handed on all the same."""
    with worklist_of(shell) as connection:
        found = here.exams(connection, limit=MOST_WAITING)
        number = here.number(connection)
        return shell.page("mammography/waiting.html", waiting=found, number=number, may_work=may_work(shell))


def refused(shell: SignedIn, after: Key = "", below: Annotated[int | None, Query(ge=0)] = None) -> HTMLResponse:
    """Refused files and files in quarantine, newest first, with the number of each code.

    `after` and `below` are the keys that the two lists go on from.
    """
    with worklist_of(shell) as connection:
        places = listing.places(connection, Stage.REFUSED, limit=PAGE + 1, after=after)
        found = items_of(connection, [item_id for item_id, _ in places])
        kept = here.quarantined_files(connection, limit=PAGE + 1, below=below)
        return shell.page(
            "mammography/refused.html",
            refused=[found[item_id] for item_id, _ in places[:PAGE]],
            refused_after=places[PAGE - 1][1] if len(places) > PAGE else None,
            refusals=listing.refusals(connection),
            kept=[file for _, file in kept[:PAGE]],
            kept_below=kept[PAGE - 1][0] if len(kept) > PAGE else None,
            quarantined=here.quarantined(connection),
        )
