"""Putting exams together: which ones are ready, and handing each on as a submission, once.

An exam is ready when its time has come (`completeness`). Its images become one submission, by the code that answers
the API, in the transaction that notes in the exam's row that it was handed on. Killed at any moment, the next assembler
finds the exam either waiting or handed on, and nothing in between.

An image that comes later opens the exam again. Then it is submitted with all its images, and what is still open of the
submission before is withdrawn, unless something of it was seen outside: that stays, superseded by the newer one.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from samdrift_mammography import settings
from samdrift_mammography.submission import may_name_a_person
from samdrift_mammography.tables import exams, images
from samdrift_platform import plugins
from samdrift_platform.contract import Workload
from samdrift_platform.control.intake import Sender, SubmissionBody, prepare
from samdrift_platform.digest import digest_of
from samdrift_platform.errors import NotFoundError, SamdriftError, UnavailableError
from samdrift_platform.ledger import audit, endings, items, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.submissions import Request
from samdrift_platform.ledger.tables import submissions as submission_rows
from samdrift_platform.objects import Store

log = structlog.get_logger(__name__)

#: Who submits, as it stands in the ledger and in the audit chain.
ACTOR = "mammography-intake"
WORKLOAD = "mammography"
#: Exams that one step hands on at most, so that whoever calls it is back soon.
MOST_IN_A_STEP = 20
#: An exam that cannot be handed on, such as one whose image is gone from the store, is tried again after this.
TRY_AGAIN = timedelta(minutes=1)
#: How often exams whose time has come are looked for, in seconds.
POLL_S = 0.2
#: Wait before a ledger or a store that does not answer is asked again, in seconds.
PATIENCE_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The images of an exam as they are handed on."""

    exam: str
    #: References of their bytes, in the order in which they came.
    objects: tuple[str, ...]
    #: When the first of them came, and where from.
    received_at: datetime
    source: str
    #: When the last of them came.
    last_received_at: datetime

    @property
    def reference(self) -> str:
        """The submission's: the same for the same exam with the same images, in whatever order they came."""
        return f"received/{self.exam}/{digest_of({'objects': sorted(self.objects)}).removeprefix('sha256:')[:12]}"

    def document(self, *, return_results: bool) -> dict[str, Any]:
        """What the API would be sent (`MammographySubmission`)."""
        return {
            "screening_unit": _unit(self.source),
            "received_at": self.received_at.isoformat(),
            "last_received_at": self.last_received_at.isoformat(),
            "objects": list(self.objects),
            "return_results": return_results,
            "urgent": self.source in {f"dimse:{title}" for title in settings.urgent_ae_titles()},
        }


@dataclass(frozen=True, kw_only=True)
class Assembler:
    """Hands exams on. There may be several at once: of two, the slower one finds the exam handed on."""

    ledger: Ledger
    store: Store
    tenant: str
    #: Whether results go to a PACS.
    return_results: bool = field(default_factory=lambda: bool(settings.PACS.value()))
    workload: Workload = field(default_factory=lambda: plugins.workload(WORKLOAD))

    def run(self, stopping: threading.Event) -> None:
        """Hand exams on until `stopping` is set."""
        while not stopping.is_set():
            try:
                handed_on = self.step(datetime.now(UTC))
            except UnavailableError as error:
                log.warning("exams wait: a part does not answer", why=error.message)
                stopping.wait(PATIENCE_S)
            else:
                stopping.wait(0.0 if handed_on else POLL_S)

    def step(self, now: datetime) -> int:
        """Hand on exams whose time has come at `now`, the longest due first and not too many; how many there were.

        Raises:
            UnavailableError: the ledger or the store does not answer. What was not handed on waits as before.
        """
        with self.ledger.read() as connection:
            due = _due(connection, now)
        return sum(self._hand_on(exam, now) for exam in due)

    def _hand_on(self, exam: str, now: datetime) -> bool:
        """Submit the exam as it is; False when it could not be, or had changed until then: a later step looks again."""
        try:
            with self.ledger.read() as connection:
                gathered = _gather(connection, exam)
            request = self._request(gathered)
            with self.ledger.write() as connection:
                return _submit(connection, gathered, request, now)
        except UnavailableError:
            raise
        except SamdriftError as error:
            self._postpone(exam, error, now)
            return False

    def _request(self, gathered: Gathered) -> Request:
        """As the API makes one of a body: validated and split. It reads the images, so no transaction waits for it."""
        document = gathered.document(return_results=self.return_results)
        body = SubmissionBody(reference=gathered.reference, document=document)
        return prepare(self.workload, body, Sender(subject=ACTOR, tenant=self.tenant), self.store)

    def _postpone(self, exam: str, error: SamdriftError, now: datetime) -> None:
        """One exam's trouble is its own: it is shown where exams wait, and the others go on."""
        cause = type(error.__cause__).__name__ if error.__cause__ else ""  # its text may quote personal data
        log.warning("an exam cannot be handed on", kind=type(error).__name__, cause=cause)
        waits = sa.and_(exams.c.exam == exam, exams.c.submitted_at.is_(None))
        with self.ledger.write() as connection:
            trouble = {"trouble": error.message, "due_at": now + TRY_AGAIN}
            connection.execute(sa.update(exams).where(waits).values(**trouble))


def _due(connection: sa.Connection, now: datetime) -> Sequence[str]:
    query = sa.select(exams.c.exam).where(exams.c.submitted_at.is_(None), exams.c.due_at <= now)
    return connection.execute(query.order_by(exams.c.due_at).limit(MOST_IN_A_STEP)).scalars().all()


def _gather(connection: sa.Connection, exam: str) -> Gathered:
    columns = (images.c.object, images.c.received_at, images.c.source)
    found = connection.execute(sa.select(*columns).where(images.c.exam == exam).order_by(images.c.seq)).all()
    if not found:
        raise NotFoundError(
            f"No image of exam {exam} is recorded any more. Restore the ledger from backup, or send them."
        )
    first = min(found, key=lambda image: image.received_at)
    objects = tuple(image.object for image in found)
    last = max(image.received_at for image in found)
    return Gathered(
        exam=exam, objects=objects, received_at=first.received_at, source=first.source, last_received_at=last
    )


def _unit(source: str) -> str:
    """What stands as screening unit: where the first image came from, unless a folder is named after somebody."""
    return source.partition(":")[0] if may_name_a_person(source) else source


def _submit(connection: sa.Connection, gathered: Gathered, request: Request, now: datetime) -> bool:
    """Submit `request` unless the exam has changed or was handed on, and note it in the exam's row."""
    row = sa.select(exams.c.submission).where(exams.c.exam == gathered.exam, exams.c.submitted_at.is_(None))
    waiting = connection.execute(row.with_for_update()).one_or_none()
    if waiting is None or _gather(connection, gathered.exam) != gathered:
        return False
    # In the order in which the API takes them: the tenant's turn, then items, then the audit chain's head.
    submissions.take_turn(connection, request.tenant)
    earlier = _earlier(connection, request, waiting.submission)
    if earlier is not None:
        endings.cancel_submission(connection, earlier, actor=ACTOR, now=now)
    newer, _ = submissions.submit(connection, request, now=now)
    if earlier is not None:
        _note_superseded(connection, earlier, newer, now)
    handed_on = {"submitted_at": now, "submission": gathered.reference, "trouble": None}
    connection.execute(sa.update(exams).where(exams.c.exam == gathered.exam).values(**handed_on))
    return True


def _earlier(connection: sa.Connection, request: Request, reference: str | None) -> UUID | None:
    """The submission under which the exam was handed on before, with fewer images."""
    row = submission_rows.c
    held = sa.select(row.id).where(
        row.tenant == request.tenant, row.workload == request.workload, row.reference == reference
    )
    return None if reference in {None, request.reference} else connection.execute(held).scalar_one_or_none()


def _note_superseded(connection: sa.Connection, earlier: UUID, newer: UUID, now: datetime) -> None:
    """Say in the audit chain, of what could not be withdrawn any more, that a newer submission stands in its place."""
    details = {"by": f"submission:{newer}"}
    events = [
        audit.Event(actor=ACTOR, action="item.superseded", subject=f"item:{item.id}", details=details)
        for item in items.find(connection, submission_id=earlier)
        if item.state is not ItemState.CANCELLED
    ]
    audit.append(connection, events, now=now)
