"""When an exam is handed on: at once with its four standard views, and otherwise when no image came for a while.

Both are one time, `due_at`, which is set while an image is received. So whoever hands exams on asks one index for the
times that have passed, however many exams wait and however many were handed on before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from samdrift_mammography.exam import Image
from samdrift_mammography.tables import exams, images
from samdrift_mammography.views import View
from samdrift_platform.ledger.database import insert_new


@dataclass(frozen=True, kw_only=True)
class Before:
    """What an exam was before the image that has just come."""

    #: The standard views of which it had an image that can be scored.
    views: Collection[View] = ()
    #: When it is to be handed on; None: it was handed on.
    due_at: datetime | None = None


def due_at(before: Before, image: Image, *, quiet: timedelta, now: datetime) -> datetime:
    """When an exam that was as `before` is handed on, now that `image` has come at `now`.

    The image that completes it makes it due at once. What comes to a complete exam that still waits delays nothing;
    what comes after it was handed on opens it again, and more may follow: then it is quiet that counts.
    """
    was_complete = len(set(before.views)) == len(View)
    if was_complete:
        return before.due_at or now + quiet
    is_complete = len({*before.views, usable_view(image)} - {None}) == len(View)
    return now if is_complete else now + quiet


def is_raw_twin(before: Before, image: Image) -> bool:
    """Whether `image` is the raw data (FOR PROCESSING) of a view that is here for presentation: nothing to be read.

    Many modalities send both of each view. If such a twin opened an exam again, most exams would be handed on, and
    read, twice.
    """
    return "for-processing" in image.header.problems and image.header.view in before.views


def open_exam(connection: sa.Connection, image: Image, *, quiet: timedelta, now: datetime) -> None:
    """Let the exam of `image`, whose row was written just before, wait (again), and say until when.

    A raw twin opens no exam that was handed on: it is kept with it, and submitted with whatever else comes.

    The exam's row is there and locked before its other images are looked at: of several images that come at the same
    moment over several associations, the last one to look sees all of them.
    """
    exam = image.header.exam
    insert_new(
        connection,
        exams,
        [{"exam": exam, "first_received_at": now, "last_received_at": now, "due_at": now + quiet}],
    )
    before = _before(connection, image)
    changed: dict[str, Any] = {"last_received_at": now}
    if before.due_at is not None or not is_raw_twin(before, image):
        due = due_at(before, image, quiet=quiet, now=now)
        changed |= {"due_at": due, "submitted_at": None, "trouble": None}
    connection.execute(sa.update(exams).where(exams.c.exam == exam).values(**changed))


def usable_view(image: Image) -> View | None:
    """The standard view that `image` can be scored as, if it can."""
    return None if image.problems else image.header.view


def _before(connection: sa.Connection, image: Image) -> Before:
    """What the exam of `image` was without it; its row is locked."""
    row = sa.select(exams.c.due_at, exams.c.submitted_at).where(exams.c.exam == image.header.exam).with_for_update()
    due, submitted = connection.execute(row).one()
    others = sa.select(images.c.view, images.c.problems).where(
        images.c.exam == image.header.exam,
        images.c.view.is_not(None),
        images.c.sop_instance_uid != image.header.sop_instance_uid,
    )
    views = {View(view) for view, problems in connection.execute(others) if not problems}
    return Before(views=views, due_at=None if submitted else due)
