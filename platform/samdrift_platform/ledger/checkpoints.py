"""Signed checkpoints: the audit chain's head as a statement, so that not even the database's owner can write it anew.

A checkpoint counts most where it is kept elsewhere too: `verification.verify` takes those that an auditor took away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samdrift_platform.ledger import statements
from samdrift_platform.ledger.database import take_turns
from samdrift_platform.ledger.tables import audit_events, audit_head

if TYPE_CHECKING:
    from samdrift_platform.ledger.database import Ledger
    from samdrift_registry.keys import SigningKey
    from samdrift_registry.statements import SignedStatement

#: What a checkpoint is about.
SUBJECT = "audit:chain"
#: Who makes it.
MAKER = "registrar"
#: How often the registrar makes one.
EVERY = timedelta(hours=1)


def checkpoint(connection: sa.Connection, key: SigningKey, *, now: datetime) -> SignedStatement | None:
    """Sign the chain's head and keep that as a statement; None: nothing has happened since the last one.

    Call it in a `Ledger.write()`.
    """
    from samdrift_registry.statements import Kind, Statement, sign_statement

    take_turns(connection, statements.TURN)  # before the head's lock: everybody takes them in this order
    head = connection.execute(sa.select(audit_head.c.seq, audit_head.c.hash).with_for_update()).one()
    if head.seq in (0, _last(connection)[0]):
        return None
    facts = {"seq": head.seq, "hash": head.hash}
    statement = Statement(kind=Kind.CHECKPOINT, subject=SUBJECT, facts=facts, made_at=now, made_by=MAKER)
    signed = sign_statement(statement, key)
    statements.add(connection, signed, now=now)
    return signed


def keep(ledger: Ledger, keys: Path, *, now: datetime) -> SignedStatement | None:
    """Make a checkpoint with the key in the folder `keys` if one is due: cheap to call often.

    Raises:
        KeyExposedError, KeyUnreadableError, UnknownKeyError: as `signing_key` does.
    """
    from samdrift_registry.keys import signing_key

    with ledger.read() as connection:
        if not is_due(connection, now=now):
            return None
    with ledger.write() as connection:
        take_turns(connection, statements.TURN)  # before the key is read: a rotation ends it after its own last turn
        return checkpoint(connection, signing_key(keys), now=now)


def is_due(connection: sa.Connection, *, now: datetime, every: timedelta = EVERY) -> bool:
    """Whether something has happened since the last checkpoint, and that is as old as `every` or does not exist."""
    seq, at = _last(connection)
    if connection.execute(sa.select(audit_head.c.seq)).scalar_one() == seq:
        return False
    return seq == 0 or datetime.fromisoformat(at) + every <= now


def kept(connection: sa.Connection) -> list[SignedStatement]:
    """All checkpoints, oldest first: what an auditor takes away. Raises StatementUnreadableError as `about` does."""
    return statements.about(connection, SUBJECT)


def to_bytes(taken: Sequence[SignedStatement]) -> bytes:
    """Checkpoints to take away, one a line."""
    return "".join(f"{each.to_text()}\n" for each in taken).encode()


def from_bytes(data: bytes) -> list[SignedStatement]:
    """What `to_bytes` wrote; StatementUnreadableError when a byte of it was changed."""
    from samdrift_registry.errors import StatementUnreadableError
    from samdrift_registry.statements import SignedStatement

    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise StatementUnreadableError from error
    return [SignedStatement.from_text(line) for line in lines]


def _last(connection: sa.Connection) -> tuple[int, str]:
    """Number and time of the event of the last checkpoint; 0: there is none."""
    named = sa.and_(audit_events.c.subject == SUBJECT, audit_events.c.action == f"{statements.STATED}checkpoint")
    query = sa.select(audit_events.c.seq, audit_events.c.at).where(named).order_by(audit_events.c.seq.desc()).limit(1)
    found = connection.execute(query).first()
    return (found.seq, found.at) if found else (0, "")
