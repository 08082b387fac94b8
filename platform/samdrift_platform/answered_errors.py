"""Errors as a client meets them: the platform's own classes again, made from the problem that was answered."""

from __future__ import annotations

import httpx

from samdrift_platform import errors
from samdrift_platform.errors import SamdriftError
from samdrift_platform.objects import StoreFullError
from samdrift_registry.errors import NotAllowedError

_BY_STATUS: dict[int, type[SamdriftError]] = {
    401: errors.SignInError,
    403: NotAllowedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.BodyTooLargeError,
    422: errors.InputError,
    503: errors.UnavailableError,
    507: StoreFullError,
}


class AnsweredError(SamdriftError):
    """The control plane answered with an error that this version of the client does not know."""


def error_from(response: httpx.Response) -> SamdriftError:
    """The error that `response` tells of, with its message and field."""
    problem = _problem(response)
    detail = str(problem.get("detail") or f"{response.status_code} {response.reason_phrase}".strip())
    if problem.get("error_id"):
        detail += f" (Error id {problem['error_id']}.)"
    field = problem.get("field")
    kind = _BY_STATUS.get(response.status_code, AnsweredError)
    return kind(detail, field=None if field is None else str(field))


def _problem(response: httpx.Response) -> dict[str, object]:
    try:
        found = response.json()
    except ValueError:
        return {}  # a proxy in between answered in its own words
    return found if isinstance(found, dict) else {}
