"""Access: who asks, by bearer token or by session cookie, and that no other web site asks in their name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from samdrift_platform.control.problems import CrossSiteError
from samdrift_platform.errors import SignInError
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.grants import GrantKind

SESSION_COOKIE = "samdrift_session"
#: Methods that change nothing (RFC 9110, section 9.2.1).
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Way(StrEnum):
    """How a user showed who they are."""

    #: A program, with `Authorization: Bearer …`.
    TOKEN = "token"  # noqa: S105 - the name of a way, not a secret
    #: A browser, with a cookie.
    SESSION = "session"


@dataclass(frozen=True, kw_only=True)
class User:
    """Who asks."""

    #: As it stands in the audit chain.
    subject: str
    how: Way


def current_user(request: Request) -> User:
    """Who sent `request`.

    Raises:
        SignInError: nobody that we know.
        CrossSiteError: a browser on another site's page sent it with our cookie.
    """
    if not hasattr(request.state, "user"):
        request.state.user = _identify(request)
    user: User = request.state.user
    return user


#: The dependency of every route for signed-in users.
SignedIn = Annotated[User, Depends(current_user)]


def check_same_origin(request: Request) -> None:
    """Refuse an unsafe request that does not come from a page of ours.

    `Sec-Fetch-Site` (W3C Fetch Metadata) decides where the browser sends it, else `Origin`; neither means no.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise CrossSiteError
    if site is None and urlsplit(request.headers.get("origin", "")).netloc != request.url.netloc:
        raise CrossSiteError


def _identify(request: Request) -> User:
    if (token := _bearer_token(request)) is not None:
        return User(subject=_subject(request, GrantKind.TOKEN, token), how=Way.TOKEN)
    session = request.cookies.get(SESSION_COOKIE)
    if not session:
        raise SignInError
    user = User(subject=_subject(request, GrantKind.SESSION, session), how=Way.SESSION)
    check_same_origin(request)
    return user


def _subject(request: Request, kind: GrantKind, secret: str) -> str:
    with request.app.state.ledger.read() as connection:
        return grants.subject_of(connection, kind, secret, now=datetime.now(UTC))


def _bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
