"""Work in every state, as values."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5

from samdrift_platform.contract import Priority
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.ledger.submissions import Submission

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = UUID("7a1f7b0a-8f0e-5f4e-9d53-3f5a54b1c001")
SUBMISSION = Submission(
    id=uuid5(NAMES, "submission"),
    workload="water",
    tenant="demo",
    reference="street/7",
    submitted_by="plumber",
    submitted_at=NOW,
    counts={state.value: 1 for state in ItemState},
)


def work_item(state: ItemState, *, workload: str = "water", reason: str | None = None) -> WorkItem:
    return WorkItem(
        id=uuid5(NAMES, workload + state),
        submission_id=SUBMISSION.id,
        workload=workload,
        tenant="demo",
        reference=f"meter:{state}",
        state=state,
        priority=Priority.OPERATIONAL,
        deadline=NOW,
        attempt=1,
        payload={"meter": "<script>alert(1)</script>"},
        result={},
        reason=reason,
        models={"leak-detector": "3@sha256:" + "ab" * 32},
        queued_at=NOW,
        started_at=None,
        finished_at=None,
    )


ITEMS = [work_item(state) for state in ItemState]
