"""A portal without ledger and sign-in, for the tests of pages: what it shows is given as values.

app = portal_of(workload, items=[…], objects={"sha256:…": b"…"})
async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal") as browser:
    answer = await browser.get("/mammography/", headers={"Accept-Language": "da"})
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from fastapi import FastAPI, Request

from samdrift_platform.contract import Workload
from samdrift_platform.control.permissions import may_change
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.asked import Asked
from samdrift_platform.ledger.audit import Record
from samdrift_platform.ledger.benefits import Total
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.inbox import Filter, Group
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.ledger.submissions import Submission
from samdrift_platform.portal.mount import mount
from samdrift_platform.portal.reading import Reading
from samdrift_platform.portal.shell import Shell, current_shell, shell_for, visitor_shell
from samdrift_registry.lifecycle import Stop

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class GivenReading:
    """Reads from values instead of a ledger."""

    given: Sequence[WorkItem] = ()
    given_submissions: Sequence[Submission] = ()
    given_effects: Sequence[EffectRow] = ()
    given_events: Sequence[Record] = ()
    given_benefits: Sequence[Total] = ()
    given_questions: Sequence[Asked] = ()
    given_stops: Mapping[str, Stop] = field(default_factory=dict)

    def submissions(self, *, limit: int, offset: int) -> list[Submission]:
        """The given submissions, in the given order."""
        return list(self.given_submissions[offset : offset + limit])

    def submission(self, submission_id: UUID) -> Submission:
        """The given submission of that id."""
        return _one([found for found in self.given_submissions if found.id == submission_id], submission_id)

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
        """The given items that match, in the given order."""
        found = [
            item
            for item in self.given
            if workload in (None, item.workload)
            and lane in (None, item.lane)
            and submission_id in (None, item.submission_id)
            and (not states or item.state in states)
        ]
        return found[offset : offset + limit]

    def item(self, item_id: UUID) -> WorkItem:
        """The given item of that id."""
        return _one([found for found in self.given if found.id == item_id], item_id)

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Workload -> state -> number of given items."""
        workloads = {item.workload for item in self.given}
        return {name: Counter(item.state.value for item in self.given if item.workload == name) for name in workloads}

    def effects(self, item_id: UUID) -> list[EffectRow]:
        """The given effects of that item."""
        return [effect for effect in self.given_effects if effect.item_id == item_id]

    def events(self, item_id: UUID) -> list[Record]:
        """The given audit events about that item."""
        return [event for event in self.given_events if event.subject == f"item:{item_id}"]

    def waiting(self, wanted: Filter, *, limit: int, offset: int) -> list[Asked]:
        """The given questions that are open, whatever is wanted."""
        return [asked for asked in self.given_questions if asked.closed_at is None][offset : offset + limit]

    def audiences(self, wanted: Filter) -> Mapping[str, int]:
        """Of the given questions that are open."""
        found = self.waiting(wanted, limit=len(self.given_questions), offset=0)
        return Counter(asked.question.deciders.audience for asked in found)

    def waiting_groups(self) -> list[Group]:
        """One group for each question that is open."""
        found = self.waiting(Filter(), limit=len(self.given_questions), offset=0)
        return [Group(workload=a.workload, lane=a.lane, code=a.question.code, number=1) for a in found]

    def questions(self, item_id: UUID) -> list[Asked]:
        """The given questions about that item."""
        return [asked for asked in self.given_questions if asked.item_id == item_id]

    def now_asked(self, item_id: UUID) -> Asked | None:
        """The first of them that is open."""
        return next((asked for asked in self.questions(item_id) if asked.closed_at is None), None)

    def benefits(self) -> list[Total]:
        """The given sums."""
        return list(self.given_benefits)

    def stops(self) -> Mapping[str, Stop]:
        """The given stops."""
        return self.given_stops


@dataclass(frozen=True)
class GivenStore:
    """Objects that are given; `put` is not for pages."""

    objects: Mapping[str, bytes] = field(default_factory=dict)

    def put(self, data: bytes) -> str:
        """Pages read; they store nothing."""
        raise NotImplementedError

    def get(self, reference: str) -> bytes:
        """The given bytes."""
        if reference not in self.objects:
            raise NotFoundError(f"There is no object {reference}.")
        return self.objects[reference]


def portal_of(
    *workloads: Workload,
    items: Sequence[WorkItem] = (),
    objects: Mapping[str, bytes] | None = None,
    reading: Reading | None = None,
    user: str | None = "tester",
) -> FastAPI:
    """An application with the portal and the pages of `workloads`, opened by `user`."""
    app = FastAPI()
    app.state.workloads = {workload.name: workload for workload in workloads}
    app.state.store = GivenStore(objects or {})
    mount(app, reading=reading or GivenReading(given=items))

    def shell(request: Request) -> Shell:
        return shell_for(request, user=user)

    app.dependency_overrides |= {current_shell: shell, visitor_shell: shell, may_change: lambda: None}
    return app


def _one(found: Sequence[Found], wanted: UUID) -> Found:
    if not found:
        raise NotFoundError(f"There is nothing with the identifier {wanted}.")
    return found[0]
