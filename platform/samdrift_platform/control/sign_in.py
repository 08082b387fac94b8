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
from samdrift_platform.control.dependencies import Body, TheGovernance, TheLedger
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.control.people import Name
from samdrift_platform.control.permissions import Appointments, Right
from samdrift_platform.errors import NotFoundError, SignInError
from samdrift_platform.governance import Governance
from samdrift_platform.governance.permissions import check_person
from samdrift_platform.ledger import grants
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import GrantKind

links = APIRouter(tags=["sign-in"])
sessions = APIRouter(tags=["sign-in"], include_in_schema=False)


class SignInLink(Answer):
    """A link that signs one browser in, once."""

    model_config = example(url="http://127.0.0.1:8700/sign-in?link=…", subject="operator", valid_s=900)

    url: str
    #: Who is signed in by it.
    subject: str
    #: How long it can be used, seconds.
    valid_s: int


class Token(Answer):
    """A bearer token; it is shown once."""

    model_config = example(token="…", subject="karen", valid_s=2592000)  # noqa: S106 - an example without a secret

    token: str
    #: Who acts with it.
    subject: str
    valid_s: int


class SubjectBody(JsonBody):
    """Whom to sign in. They were appointed before; what they do stands under their name, the link under the asker's."""

    subject: Name


@links.post("/links", status_code=201, openapi_extra=SubjectBody.described({"subject": "karen"}, required=False))
def make_link(request: Request, body: Body, user: SignedIn, ledger: TheLedger, governance: TheGovernance) -> SignInLink:
    """Make a sign-in link for the bearer of a token, or (an operator's right) for somebody who was appointed.

    A browser's session cannot make another one.
    """
    if user.how is not Way.TOKEN:
        raise SignInError("Only a bearer token makes sign-in links. Run `samdrift sign-in` on the installation.")
    subject = SubjectBody.read(body).subject if body else user.subject
    secret = _issue(request, ledger, governance, GrantKind.LINK, subject, by=user.subject)
    address = f"{request.base_url}sign-in?{urlencode({'link': secret})}"
    return SignInLink(url=address, subject=subject, valid_s=_valid_s(GrantKind.LINK))


@links.post("/tokens", status_code=201, openapi_extra=SubjectBody.described({"subject": "karen"}))
def make_token(request: Request, body: Body, user: SignedIn, ledger: TheLedger, governance: TheGovernance) -> Token:
    """Make a token for a program or a command line that acts for somebody who was appointed: an operator's right."""
    if user.how is not Way.TOKEN:
        raise SignInError("Only a bearer token makes tokens. Run `samdrift sign-in --write-token` on the installation.")
    subject = SubjectBody.read(body).subject
    secret = _issue(request, ledger, governance, GrantKind.TOKEN, subject, by=user.subject)
    return Token(token=secret, subject=subject, valid_s=_valid_s(GrantKind.TOKEN))


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


def _issue(request: Request, ledger: Ledger, governance: Governance, kind: GrantKind, subject: str, *, by: str) -> str:
    """A secret for `subject`; for somebody else only by who may, and only for somebody whom we know."""
    if subject != by:
        appointments: Appointments = request.app.state.appointments
        appointments.check(by, Right.SIGN_OTHERS_IN)
        check_person(subject)
        if subject not in governance.people():
            raise NotFoundError(f"Nobody called {subject!r} was appointed. `samdrift people appoint {subject}` first.")
    with ledger.write() as connection:
        return grants.issue(connection, kind, subject, now=datetime.now(UTC), issued_by=by)


def _valid_s(kind: GrantKind) -> int:
    return int(grants.LIFETIME[kind].total_seconds())
