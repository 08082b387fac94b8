"""Signed checkpoints: the audit chain's head as a statement, so that not even the database's owner can write it anew.

A checkpoint counts most where it is kept elsewhere too: `verification.verify` takes those that an auditor took away.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samdrift_platform.ledger import statements
from samdrift_platform.ledger.database import take_turns
from samdrift_platform.ledger.tables import audit_events, audit_head

if TYPE_CHECKING:
    from samdrift_registry.keys import SigningKey
    from samdrift_registry.statements import SignedStatement

#: What a checkpoint is about.
SUBJECT = "audit:chain"
#: Who makes it.
MAKER = "registrar"


def checkpoint(connection: sa.Connection, key: SigningKey, *, now: datetime) -> SignedStatement | None:
    """Sign the chain's head and keep that as a statement; None: nothing has happened since the last one.

    Call it in a `Ledger.write()`; the registrar does so every hour.
    """
    from samdrift_registry.statements import Kind, Statement, sign_statement

    take_turns(connection, statements.TURN)  # before the head's lock: everybody takes them in this order
    head = connection.execute(sa.select(audit_head.c.seq, audit_head.c.hash).with_for_update()).one()
    if head.seq == 0 or _is_checkpoint(connection, head.seq):
        return None
    facts = {"seq": head.seq, "hash": head.hash}
    statement = Statement(kind=Kind.CHECKPOINT, subject=SUBJECT, facts=facts, made_at=now, made_by=MAKER)
    signed = sign_statement(statement, key)
    statements.add(connection, signed, now=now)
    return signed


def kept(connection: sa.Connection) -> list[SignedStatement]:
    """All checkpoints, oldest first: what an auditor takes away. Raises StatementUnreadableError as `about` does."""
    return statements.about(connection, SUBJECT)


def _is_checkpoint(connection: sa.Connection, seq: int) -> bool:
    subject = connection.execute(
        sa.select(audit_events.c.subject).where(audit_events.c.seq == seq)
    ).scalar_one_or_none()
    return subject == SUBJECT
