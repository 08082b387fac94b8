"""What pages read: the ledger, one short transaction a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from samdrift_platform.governance import Governance
from samdrift_platform.ledger import audit, benefits, effects, inbox, items, submissions
from samdrift_platform.ledger.asked import Asked
from samdrift_platform.ledger.audit import Record
from samdrift_platform.ledger.benefits import Total
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.inbox import Filter, Group
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.ledger.submissions import Submission
from samdrift_registry.lifecycle import Stop


class Reading(Protocol):
    """The read side of the ledger, as far as pages need it. NotFoundError where an id is unknown."""

    def submissions(self, *, limit: int, offset: int) -> list[Submission]:
        """Submissions, newest first."""

    def submission(self, submission_id: UUID) -> Submission:
        """One submission with its counts."""

    def items(
        self,
        *,
        workload: str | None = None,
        lane: str | None = None,
        submission_id: UUID | None = None,
        states: Sequence[ItemState | str] = (),
        limit: int,
        offset: int,
    ) -> list[WorkItem]:
        """Items that match all that is given: of a submission in the order of their arrival, else newest first."""

    def item(self, item_id: UUID) -> WorkItem:
        """One item."""

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Workload -> state -> number of items."""

    def effects(self, item_id: UUID) -> list[EffectRow]:
        """What an item made the world see, in order."""

    def events(self, item_id: UUID) -> list[Record]:
        """The audit events about an item, in order."""

    def waiting(self, wanted: Filter, *, limit: int, offset: int) -> list[Asked]:
        """Questions that can be decided now: overdue and soonest due first, then the oldest."""

    def audiences(self, wanted: Filter) -> Mapping[str, int]:
        """Audience (`Deciders.audience`) -> how many questions for it can be decided now."""

    def waiting_groups(self) -> list[Group]:
        """Which kinds of questions can be decided now, and how many of each."""

    def questions(self, item_id: UUID) -> list[Asked]:
        """Everything that was asked about an item, oldest first."""

    def now_asked(self, item_id: UUID) -> Asked | None:
        """What can be decided about an item now."""

    def benefits(self) -> list[Total]:
        """Sums of what was saved and spent."""

    def stops(self) -> Mapping[str, Stop]:
        """Workload -> why it is in its safe state; VerificationError when the journal was tampered with."""


@dataclass(frozen=True)
class LedgerReading:
    """Reads from a ledger, and from its journal of statements."""

    ledger: Ledger
    governance: Governance

    def submissions(self, *, limit: int, offset: int) -> list[Submission]:
        """Submissions, newest first."""
        with self.ledger.read() as connection:
            return submissions.find(connection, limit=limit, offset=offset)

    def submission(self, submission_id: UUID) -> Submission:
        """One submission with its counts."""
        with self.ledger.read() as connection:
            return submissions.get(connection, submission_id)

    def items(
        self,
        *,
        workload: str | None = None,
        lane: str | None = None,
        submission_id: UUID | None = None,
        states: Sequence[ItemState | str] = (),
        limit: int,
        offset: int,
    ) -> list[WorkItem]:
        """Items: of a submission in the order of their arrival, else newest first."""
        with self.ledger.read() as connection:
            return items.find(
                connection,
                workload=workload,
                lane=lane,
                submission_id=submission_id,
                states=states,
                limit=limit,
                offset=offset,
                newest_first=submission_id is None,
            )

    def item(self, item_id: UUID) -> WorkItem:
        """One item."""
        with self.ledger.read() as connection:
            return items.get(connection, item_id)

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Workload -> state -> items."""
        with self.ledger.read() as connection:
            return items.counts(connection)

    def effects(self, item_id: UUID) -> list[EffectRow]:
        """What an item made the world see, in order."""
        with self.ledger.read() as connection:
            return effects.of_item(connection, item_id)

    def events(self, item_id: UUID) -> list[Record]:
        """The audit events about an item, in order."""
        with self.ledger.read() as connection:
            return audit.events_of(connection, f"item:{item_id}")

    def waiting(self, wanted: Filter, *, limit: int, offset: int) -> list[Asked]:
        """Questions that can be decided now: overdue and soonest due first, then the oldest."""
        with self.ledger.read() as connection:
            return inbox.waiting(connection, wanted, limit=limit, offset=offset)

    def audiences(self, wanted: Filter) -> Mapping[str, int]:
        """Audience (`Deciders.audience`) -> how many questions for it can be decided now."""
        with self.ledger.read() as connection:
            return inbox.audiences(connection, wanted)

    def waiting_groups(self) -> list[Group]:
        """Which kinds of questions can be decided now, and how many of each."""
        with self.ledger.read() as connection:
            return inbox.groups(connection)

    def questions(self, item_id: UUID) -> list[Asked]:
        """Everything that was asked about an item, oldest first."""
        with self.ledger.read() as connection:
            return inbox.of_item(connection, item_id)

    def now_asked(self, item_id: UUID) -> Asked | None:
        """What can be decided about an item now."""
        with self.ledger.read() as connection:
            return inbox.now_asked(connection, item_id)

    def benefits(self) -> list[Total]:
        """Sums of what was saved and spent."""
        with self.ledger.read() as connection:
            return benefits.totals(connection)

    def stops(self) -> Mapping[str, Stop]:
        """Workload -> why it is in its safe state."""
        return self.governance.stops()
