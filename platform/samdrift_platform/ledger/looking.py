"""Who looked at which stored document: an event of the audit chain for each look (GDPR articles 5(2) and 32)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger import audit
from samdrift_platform.ledger.tables import audit_events

SEEN = "document.seen"
READ = "object.read"
#: A page and the picture or file in it are one look.
ONE_LOOK = timedelta(minutes=1)


def seen(connection: sa.Connection, item_id: UUID, reference: str, *, actor: str, now: datetime) -> bool:
    """Record that `actor` looks at a document of an item, unless this is a look that is recorded; whether it was not.

    Args:
        connection: a transaction; what is looked at is shown once it is committed.
        item_id: of the item whose question names the document.
        reference: of the stored object.
        actor: who looks.
        now: when.
    """
    newest = sa.select(audit_events.c.at).where(
        audit_events.c.subject == f"item:{item_id}",
        audit_events.c.action == SEEN,
        audit_events.c.actor == actor,
        audit_events.c.details.contains(reference, autoescape=True),
    )
    at = connection.execute(newest.order_by(audit_events.c.seq.desc()).limit(1)).scalar()
    if at is not None and timedelta() <= now - datetime.fromisoformat(at) < ONE_LOOK:
        return False
    event = audit.Event(actor=actor, action=SEEN, subject=f"item:{item_id}", details={"object": reference})
    audit.append(connection, [event], now=now)
    return True


def read(connection: sa.Connection, reference: str, *, actor: str, now: datetime) -> None:
    """Record that `actor` reads a stored object over the API, where nothing says which item it belongs to."""
    event = audit.Event(actor=actor, action=READ, subject=f"object:{reference}")
    audit.append(connection, [event], now=now)
