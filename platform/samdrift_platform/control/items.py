"""Work items: what became of each piece of work, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.audit import AuditRecord
from samdrift_platform.control.dependencies import Limit, Offset, TheLedger
from samdrift_platform.ledger import audit, effects, endings, items
from samdrift_platform.ledger.items import ItemState, WorkItem

router = APIRouter(tags=["items"])

ITEM: dict[str, Any] = {
    "id": "0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10",
    "submission_id": "6f1c2d30-5b7e-4d62-9a59-0c3a7f0e1b42",
    "workload": "heating",
    "reference": "school/2026-11-24",
    "state": "done",
    "priority": "operational",
    "deadline": "2026-11-24T18:00:00Z",
    "attempt": 1,
    "payload": {"building": "school"},
    "result": {"kwh": 412.5},
    "reason": None,
    "models": {"heat-forecast": "3@sha256:" + "0" * 64},
    "queued_at": "2026-11-24T06:00:00Z",
    "started_at": "2026-11-24T06:00:01Z",
    "finished_at": "2026-11-24T06:00:03Z",
    "erased_at": None,
}


class ItemAnswer(Answer):
    """A work item."""

    model_config = example(**ITEM)

    id: UUID
    #: The first submission that named it.
    submission_id: UUID
    workload: str
    reference: str
    state: ItemState
    #: Admission class.
    priority: str
    deadline: datetime | None = None
    #: Claims so far.
    attempt: int
    payload: dict[str, Any]
    result: dict[str, Any]
    #: For a person.
    reason: str | None = None
    #: Registered name -> "version@sha256:…" of the models that decided.
    models: dict[str, str]
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    #: When retention took payload, result and requests away.
    erased_at: datetime | None = None

    @classmethod
    def of(cls, item: WorkItem) -> ItemAnswer:
        """From the ledger's value."""
        return cls(**_values(item))


class ItemList(Answer):
    """Items, oldest first."""

    items: list[ItemAnswer]

    @classmethod
    def of(cls, found: Sequence[WorkItem]) -> ItemList:
        """From the ledger's values."""
        return cls(items=[ItemAnswer.of(item) for item in found])


class EffectAnswer(Answer):
    """Something that is, or will be, seen outside."""

    model_config = example(
        key="f0b3c7e0-58f1-5a39-93a9-0a6a3f6a8f5e",
        step="store-plan",
        receiver="building-management",
        state="delivered",
        attempt=1,
        answer={"id": "plan-17"},
        error=None,
        planned_at="2026-11-24T06:00:03Z",
        finished_at="2026-11-24T06:00:04Z",
    )

    #: Handed to the receiver; the same on every attempt.
    key: UUID
    step: str
    receiver: str
    state: effects.EffectState
    #: Calls so far.
    attempt: int
    answer: dict[str, Any] | None = None
    error: str | None = None
    planned_at: datetime
    finished_at: datetime | None = None


class ItemDetail(ItemAnswer):
    """A work item with its effects, in order, and what the audit chain holds about it."""

    model_config = example(**ITEM, effects=[], audit=[])

    effects: list[EffectAnswer]
    audit: list[AuditRecord]


@router.get("/items")
def list_items(
    ledger: TheLedger,
    workload: str | None = None,
    state: Annotated[list[ItemState] | None, Query()] = None,
    limit: Limit = 200,
    offset: Offset = 0,
) -> ItemList:
    """Items of all submissions, oldest first."""
    with ledger.read() as connection:
        found = items.find(connection, workload=workload, states=state or (), limit=limit, offset=offset)
    return ItemList.of(found)


@router.get("/items/{item_id}")
def get_item(item_id: UUID, ledger: TheLedger) -> ItemDetail:
    """One item, with its effects and audit events."""
    with ledger.read() as connection:
        item = items.get(connection, item_id)
        found = effects.of_item(connection, item_id)
        records = audit.events_of(connection, f"item:{item_id}")
    return ItemDetail(
        **_values(item),
        effects=[EffectAnswer.model_validate(effect) for effect in found],
        audit=[AuditRecord.model_validate(record) for record in records],
    )


@router.post("/items/{item_id}/cancel")
def cancel_item(item_id: UUID, user: SignedIn, ledger: TheLedger) -> ItemAnswer:
    """Withdraw an item of which nothing was seen outside yet."""
    with ledger.write() as connection:
        endings.cancel(connection, item_id, actor=user.subject, now=datetime.now(UTC))
        return ItemAnswer.of(items.get(connection, item_id))


@router.post("/items/{item_id}/retry")
def retry_item(item_id: UUID, user: SignedIn, ledger: TheLedger) -> ItemAnswer:
    """Queue a failed item again, with fresh attempts."""
    with ledger.write() as connection:
        endings.retry(connection, item_id, actor=user.subject, now=datetime.now(UTC))
        return ItemAnswer.of(items.get(connection, item_id))


def _values(item: WorkItem) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in ItemAnswer.model_fields}
    return values | {"priority": item.priority.name.lower()}
