"""Items and effects of a workload as its pages read them, made up without a ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from samdrift_platform.contract import Priority
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.items import ItemState, WorkItem

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def given_item(
    lane: str, number: int, state: ItemState, result: Mapping[str, Any] | None = None, reason: str | None = None
) -> WorkItem:
    """The item `number` of the process that is `lane`."""
    return WorkItem(
        id=UUID(int=number),
        submission_id=UUID(int=0),
        workload="rpa",
        tenant="t",
        reference=f"{lane}/{number}",
        state=state,
        priority=Priority.ADMINISTRATIVE,
        deadline=None,
        attempt=1,
        payload={},
        result=result or {},
        reason=reason,
        models={},
        queued_at=NOW,
        started_at=NOW,
        finished_at=NOW,
        lane=lane,
    )


def given_effect(item_number: int, step: str, answer: Mapping[str, Any]) -> EffectRow:
    """What a party has answered about `step` of an item."""
    return EffectRow(
        key=UUID(int=100 + item_number),
        item_id=UUID(int=item_number),
        ordinal=0,
        workload="rpa",
        step=step,
        receiver="party",
        request={},
        state=EffectState.DELIVERED,
        attempt=1,
        fence=1,
        answer=answer,
        error=None,
        planned_at=NOW,
        finished_at=NOW,
    )
