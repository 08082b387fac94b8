"""Signing in: one-time links become sessions, and sessions end.

The page at GET /sign-in is the portal's: it asks for a click, because programs that look at links in advance must not
use this one up.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from samdrift_platform.control.access import SESSION_COOKIE, SignedIn, Way, check_same_origin
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import TheLedger
from samdrift_platform.errors import SignInError
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.grants import GrantKind

links = APIRouter(tags=["sign-in"])
sessions = APIRouter(tags=["sign-in"], include_in_schema=False)


class SignInLink(Answer):
    """A link that signs one browser in, once."""

    model_config = example(url="http://127.0.0.1:8700/sign-in?link=…", valid_s=900)

    url: str
    #: How long it can be used, seconds.
    valid_s: int


@links.post("/links", status_code=201)
def make_link(request: Request, user: SignedIn, ledger: TheLedger) -> SignInLink:
    """Make a sign-in link for the bearer of a token. A browser's session cannot make another one."""
    if user.how is not Way.TOKEN:
        raise SignInError("Only a bearer token makes sign-in links. Run `samdrift sign-in` on the installation.")
    with ledger.write() as connection:
        secret = grants.issue(connection, GrantKind.LINK, user.subject, now=datetime.now(UTC))
    address = f"{request.base_url}sign-in?{urlencode({'link': secret})}"
    return SignInLink(url=address, valid_s=int(grants.LIFETIME[GrantKind.LINK].total_seconds()))


@sessions.post("/sign-in", dependencies=[Depends(check_same_origin)])
def sign_in(request: Request, ledger: TheLedger, link: Annotated[str, Form()] = "") -> Response:
    """Turn the link into a session and go to the first page."""
    now = datetime.now(UTC)
    with ledger.write() as connection:
        session = grants.redeem(connection, link, now=now)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=int(grants.LIFETIME[GrantKind.SESSION].total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@sessions.post("/sign-out", dependencies=[Depends(check_same_origin)])
def sign_out(request: Request, ledger: TheLedger) -> Response:
    """End the session here and in the browser."""
    if session := request.cookies.get(SESSION_COOKIE):
        with ledger.write() as connection:
            grants.revoke(connection, session)
    response = RedirectResponse("/signed-out", status_code=303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    return response
