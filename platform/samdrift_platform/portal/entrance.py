"""The pages that people see who are not signed in (yet, or any more), and those about errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import HTMLResponse

from samdrift_platform.portal.shell import shell_for, visitor_shell

if TYPE_CHECKING:
    from samdrift_platform.control.problems import Problem


def sign_in_page(request: Request, *, link: str | None = None) -> HTMLResponse:
    """Uses the secret `link` of a one-time link by a button, so that a mail program's preview does not use it up.

    Without a link it says how to get one. The button posts `link` to `/sign-in`.
    """
    return shell_for(request, user=None).page("sign_in.html", link=link, trouble=None)


def signed_out_page(request: Request) -> HTMLResponse:
    """What a person sees after signing out."""
    return shell_for(request, user=None).page("signed_out.html")


def problem_page(request: Request, problem: Problem) -> HTMLResponse:
    """A problem as a page in the reader's language; who is not signed in is told how to sign in."""
    if problem.status == HTTPStatus.UNAUTHORIZED:
        shell = shell_for(request, user=None)
        trouble = problem.detail if request.url.path == "/sign-in" else None
        return shell.page("sign_in.html", status=problem.status, link=None, trouble=trouble)
    return visitor_shell(request).page("error.html", status=problem.status, problem=problem)
