"""Lines: where a crew's work waits, and where what came of it is written. The dispatcher treats all of them alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa

from samdrift_platform.contract import Workload
from samdrift_platform.lanes import lanes_of
from samdrift_platform.ledger import endings, queue, shadow_runs
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.lanes import ALL_OPEN, Openings
from samdrift_platform.ledger.queue import Claim, Head
from samdrift_platform.ledger.shadow_runs import Answer
from samdrift_platform.priority import Priority

if TYPE_CHECKING:
    from samdrift_registry.deployments import Deployment

#: Claims with what came of them.
Finished = Sequence[tuple[Claim, Completion]]


class Line(Protocol):
    """A queue with leases."""

    @property
    def name(self) -> str:
        """Unique among the lines of a dispatcher."""
        ...

    @property
    def priority(self) -> Priority:
        """The class in which its batches run."""
        ...

    def head(self, connection: sa.Connection, *, now: datetime) -> Head | None:
        """What waits first."""
        ...

    def claim(
        self, connection: sa.Connection, *, worker: str, limit: int, lease: timedelta, now: datetime
    ) -> list[Claim]:
        """Take what waits first."""
        ...

    def extend(self, connection: sa.Connection, claims: Sequence[Claim], *, lease: timedelta, now: datetime) -> None:
        """Keep the leases."""
        ...

    def complete(self, connection: sa.Connection, finished: Finished, *, now: datetime) -> list[Claim]:
        """Record what came of it; the claims that were no longer ours."""
        ...

    def fail(self, connection: sa.Connection, claims: Sequence[Claim], error: str, *, now: datetime) -> None:
        """Give claims back after an error of ours."""
        ...


@dataclass(eq=False)
class ItemLine:
    """A workload's items: what users wait for."""

    workload: Workload
    #: Versions that score what champions answer; they change while the line is used.
    shadows: Sequence[Deployment] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        """The workload's."""
        return self.workload.name

    @property
    def priority(self) -> Priority:
        """The workload's."""
        return self.workload.priority

    def head(self, connection: sa.Connection, *, now: datetime) -> Head | None:
        """The most urgent item of an open lane."""
        return queue.head(connection, self.name, openings=self._openings(now), now=now)

    def claim(
        self, connection: sa.Connection, *, worker: str, limit: int, lease: timedelta, now: datetime
    ) -> list[Claim]:
        """The most urgent items of an open lane."""
        name, openings = self.name, self._openings(now)
        return queue.claim(
            connection, workload=name, worker=worker, limit=limit, lease=lease, openings=openings, now=now
        )

    def extend(self, connection: sa.Connection, claims: Sequence[Claim], *, lease: timedelta, now: datetime) -> None:
        """As the queue does."""
        queue.extend(connection, claims, lease=lease, now=now)

    def complete(self, connection: sa.Connection, finished: Finished, *, now: datetime) -> list[Claim]:
        """Outcomes with all that follows, and a run for each shadow."""
        return endings.complete(connection, self.name, finished, shadows=self.shadows, now=now)

    def fail(self, connection: sa.Connection, claims: Sequence[Claim], error: str, *, now: datetime) -> None:
        """To be tried again, alone."""
        endings.fail(connection, claims, error, now=now)

    def _openings(self, now: datetime) -> Openings:
        lanes = lanes_of(self.workload)
        if not lanes:
            return ALL_OPEN
        closed = [name for name, lane in lanes.items() if not lane.is_open(now)]
        limits = {name: lane.most_at_once for name, lane in lanes.items() if lane.most_at_once}
        return Openings(closed=closed, most_at_once=limits)


@dataclass(eq=False)
class ShadowLine:
    """What one shadow version is to score: after everything else, and seen by nobody but those who compare."""

    workload: Workload
    shadow: Deployment
    priority: Priority = Priority.BACKGROUND

    @property
    def name(self) -> str:
        """`<workload>: shadow <model>/<version>`."""
        return f"{self.workload.name}: shadow {self.shadow.model}/{self.shadow.version}"

    def head(self, connection: sa.Connection, *, now: datetime) -> Head | None:
        """The oldest run."""
        return shadow_runs.head(connection, self.name, self.workload.name, self.shadow, now=now)

    def claim(
        self, connection: sa.Connection, *, worker: str, limit: int, lease: timedelta, now: datetime
    ) -> list[Claim]:
        """The oldest runs."""
        return shadow_runs.claim(connection, self.workload.name, self.shadow, limit=limit, lease=lease, now=now)

    def extend(self, connection: sa.Connection, claims: Sequence[Claim], *, lease: timedelta, now: datetime) -> None:
        """As the queue does."""
        shadow_runs.extend(connection, self.shadow, claims, lease=lease, now=now)

    def complete(self, connection: sa.Connection, finished: Finished, *, now: datetime) -> list[Claim]:
        """Scores and agreement, and what they cost; nothing else of the outcome is kept."""
        answered = [(c, Answer(verdict=made.outcome.verdict, scores=made.scores)) for c, made in finished]
        late = shadow_runs.complete(connection, self.shadow, answered, now=now)
        kept = [(claim, made) for claim, made in finished if claim not in late]
        costs = [(claim, Completion(outcome=made.outcome, spent=made.spent)) for claim, made in kept]
        endings.add_benefits(connection, self.workload.name, costs, now)
        return late

    def fail(self, connection: sa.Connection, claims: Sequence[Claim], error: str, *, now: datetime) -> None:
        """To be tried again, alone; the items are not touched."""
        shadow_runs.fail(connection, self.shadow, claims, error, now=now)
