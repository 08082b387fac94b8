"""Grants: one-time sign-in links, sessions and tokens. Only a digest is kept; the secret is shown once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from samdrift_platform.errors import SignInError
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.tables import grants


class GrantKind(StrEnum):
    """What a secret is good for."""

    #: Opens one session, once.
    LINK = "link"
    #: A browser's cookie.
    SESSION = "session"
    #: A program's bearer token.
    TOKEN = "token"  # noqa: S105 - the name of a kind, not a secret


LIFETIME = {
    GrantKind.LINK: timedelta(minutes=15),
    GrantKind.SESSION: timedelta(hours=10),
    GrantKind.TOKEN: timedelta(days=30),
}


def issue(
    connection: sa.Connection, kind: GrantKind, subject: str, *, now: datetime, issued_by: str | None = None
) -> str:
    """A new secret for `subject` (32 random bytes, URL-safe).

    `issued_by`: who asked for it, when that is not `subject`. Who can sign others in can act for them, so the audit
    chain says it: of the link or token itself, and of the session that a link opens (which names its link).
    """
    issuer = issued_by or subject
    details = {"issued_by": issuer} if issuer != subject else {}
    return _issue(connection, kind, subject, details, actor=issuer, now=now)


def subject_of(connection: sa.Connection, kind: GrantKind, secret: str, *, now: datetime) -> str:
    """Whose secret this is; SignInError when it is not valid (any more)."""
    row = connection.execute(sa.select(grants.c.subject).where(_valid(kind, secret, now))).first()
    if row is None:
        raise SignInError
    return str(row[0])


def redeem(connection: sa.Connection, secret: str, *, now: datetime) -> str:
    """Turn a sign-in link into a session, once: the session's secret. SignInError the second time."""
    unused = sa.update(grants).where(_valid(GrantKind.LINK, secret, now), grants.c.used_at.is_(None))
    subject = connection.execute(unused.values(used_at=now).returning(grants.c.subject)).scalar()
    if subject is None:
        raise SignInError("This sign-in link was used before or is too old. Make a new one with `samdrift sign-in`.")
    return _issue(connection, GrantKind.SESSION, str(subject), {"link": _name(secret)}, actor=str(subject), now=now)


def revoke(connection: sa.Connection, secret: str) -> None:
    """End a session or a token."""
    connection.execute(sa.delete(grants).where(grants.c.digest == _digest(secret)))


def _issue(
    connection: sa.Connection, kind: GrantKind, subject: str, details: Mapping[str, str], *, actor: str, now: datetime
) -> str:
    secret = secrets.token_urlsafe(32)
    row = {"digest": _digest(secret), "kind": kind, "subject": subject, "created_at": now}
    connection.execute(sa.insert(grants).values(**row, expires_at=now + LIFETIME[kind]))
    told = {**details, "grant": _name(secret)}
    event = audit.Event(actor=actor, action=f"grant.{kind}", subject=f"subject:{subject}", details=told)
    audit.append(connection, [event], now=now)
    return secret


def _name(secret: str) -> str:
    """What the chain calls a grant: enough of its digest to tell it from others, and useless for guessing."""
    return _digest(secret)[:16]


def _valid(kind: GrantKind, secret: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(grants.c.digest == _digest(secret), grants.c.kind == kind, grants.c.expires_at > now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
