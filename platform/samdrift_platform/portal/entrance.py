"""The pages for people who are not signed in (yet, or any more), and those about problems."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from samdrift_platform.portal.shell import shell_for, visitor_shell

if TYPE_CHECKING:
    from samdrift_platform.control.problems import Problem

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)


@router.get("/sign-in")
def sign_in(request: Request, link: str | None = None) -> HTMLResponse:
    """Offer a button that uses the one-time link, so that a mail program's preview does not use it up.

    The button posts `link` to the control plane's `/sign-in`. Without a link the page says how to get one.
    """
    return shell_for(request, user=None).page("sign_in.html", link=link, trouble=None)


@router.get("/signed-out")
def signed_out(request: Request) -> HTMLResponse:
    """What a person sees after signing out."""
    return shell_for(request, user=None).page("signed_out.html")


def problem_page(request: Request, problem: Problem) -> HTMLResponse:
    """A problem as a page in the reader's language; who is not signed in is told how to sign in."""
    if problem.status == HTTPStatus.UNAUTHORIZED:
        trouble = problem.detail if request.url.path == "/sign-in" else None
        return shell_for(request, user=None).page("sign_in.html", status=problem.status, link=None, trouble=trouble)
    return visitor_shell(request).page("error.html", status=problem.status, problem=problem)
