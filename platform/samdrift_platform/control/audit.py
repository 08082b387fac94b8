"""The audit chain: who did what, and whether the record still holds."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Limit, TheLedger, TheSettings
from samdrift_platform.ledger import audit, verification

router = APIRouter(tags=["audit"])


class AuditRecord(Answer):
    """An event as it stands in the chain."""

    model_config = example(
        seq=17,
        at="2026-11-24T06:00:03+00:00",
        actor="dispatcher",
        action="item.done",
        subject="item:0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10",
        details={"attempt": 1},
        hash="0" * 64,
    )

    seq: int
    #: ISO 8601 as it was hashed.
    at: str
    actor: str
    action: str
    subject: str
    details: dict[str, Any]
    #: Over the hash before and this event.
    hash: str


class AuditLog(Answer):
    """Events, newest first."""

    events: list[AuditRecord]


class AuditVerification(Answer):
    """Whether every event matches its hash, every statement its event, and every checkpoint the chain."""

    model_config = example(intact=True, rows=17, statements=9, checkpoints=1, first_bad_seq=None, why="")

    intact: bool
    #: Events that hold, from the first on.
    rows: int
    #: Statements held to their events, and checkpoints held to the chain.
    statements: int = 0
    checkpoints: int = 0
    first_bad_seq: int | None = None
    why: str


@router.get("/audit")
def latest_events(ledger: TheLedger, limit: Limit = 100) -> AuditLog:
    """The newest events first."""
    with ledger.read() as connection:
        return AuditLog(events=[AuditRecord.model_validate(record) for record in audit.latest(connection, limit=limit)])


@router.get("/audit/verification")
def verify(ledger: TheLedger, settings: TheSettings) -> AuditVerification:
    """Recompute the whole chain and check all signatures; names the first thing changed, removed or put in."""
    from samdrift_registry.keys import trusted_keys

    trusted = trusted_keys(settings.home / "keys")
    with ledger.read() as connection:
        return AuditVerification.model_validate(verification.verify(connection, trusted))
