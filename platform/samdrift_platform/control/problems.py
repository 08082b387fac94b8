"""Problems: every error as RFC 9457 `application/problem+json`, saying what happened, to which field, what to do."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import ClassVar, TypeAlias, TypeVar
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from samdrift_platform.control.invalid_input import FieldError, InvalidInputError
from samdrift_platform.errors import SamdriftError
from samdrift_platform.masking import masked_value

MEDIA_TYPE = "application/problem+json"
#: Seconds after which a sender may try again when a part did not answer.
RETRY_AFTER_S = 2
#: Field errors in one answer; the rest is counted.
_MOST_FIELD_ERRORS = 20

log = structlog.get_logger(__name__)

_E = TypeVar("_E", bound=Exception)

#: Makes a page of a problem for a browser; the portal sets `app.state.problem_page`.
ProblemPage: TypeAlias = Callable[[Request, "Problem"], Response]


class Problem(BaseModel):
    """What went wrong (RFC 9457, section 3.1), with our members `field`, `errors` and `error_id`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:samdrift:problem:not-found",
                    "title": "There is no such thing here.",
                    "status": 404,
                    "detail": "There is no workload 'mammografi' here. Hosted: mammography, rpa.",
                    "field": "workload",
                }
            ]
        }
    )

    #: `urn:samdrift:problem:` and the kind of error.
    type: str
    title: str
    status: int
    #: For a person, with the remedy.
    detail: str
    #: The part of the input that is at fault.
    field: str | None = None
    #: All parts that are at fault, when there may be several.
    errors: list[FieldError] | None = None
    #: Finds the error in the control plane's log.
    error_id: str | None = None


class UnexpectedError(SamdriftError):
    """The control plane met an error of its own. Give the error id to the operator, who finds it in the log."""


class CrossSiteError(SamdriftError):
    """Another web site may not do this in your name. Open the page itself and do it there."""

    status: ClassVar[int] = 403


def install(app: FastAPI) -> None:
    """Let `app` answer every error with a problem."""
    app.state.problem_page = None
    app.add_exception_handler(SamdriftError, _samdrift_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)


def problem_of(error: SamdriftError) -> Problem:
    """The problem that `error` is for whoever asked."""
    error_id = _log(error) if error.status == HTTPStatus.INTERNAL_SERVER_ERROR else None
    return Problem(
        type=f"urn:samdrift:problem:{kind_of(type(error))}",
        title=_first_sentence(type(error).__doc__ or error.message),
        status=error.status,
        detail=error.message,
        field=error.field,
        errors=list(error.errors[:_MOST_FIELD_ERRORS]) if isinstance(error, InvalidInputError) else None,
        error_id=error_id,
    )


def kind_of(error: type[SamdriftError]) -> str:
    """`NotFoundError` -> `not-found`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", error.__name__.removesuffix("Error")).lower()


def respond(request: Request, problem: Problem) -> Response:
    """The problem as JSON, or as a page where a browser asked for one and the portal can make it; nobody is quoted."""
    problem = Problem.model_validate(masked_value(problem.model_dump()))
    page: ProblemPage | None = request.app.state.problem_page
    wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
    if page is not None and wants_page:
        response = page(request, problem)
    else:
        response = Response(problem.model_dump_json(exclude_none=True), problem.status, media_type=MEDIA_TYPE)
    response.headers.update(_HEADERS.get(problem.status, {}))
    return response


_HEADERS: Mapping[int, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="samdrift"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": str(RETRY_AFTER_S)},
}


def _samdrift_error(request: Request, error: Exception) -> Response:
    return respond(request, problem_of(_as(SamdriftError, error)))


def _invalid_request(request: Request, error: Exception) -> Response:
    return respond(request, problem_of(InvalidInputError.of_request(_as(RequestValidationError, error))))


def _http_exception(request: Request, error: Exception) -> Response:
    raised = _as(HTTPException, error)
    if isinstance(raised.__cause__, SamdriftError):  # FastAPI wraps what goes wrong while it reads a body
        return respond(request, problem_of(raised.__cause__))
    title, remedy = _HTTP.get(raised.status_code, (f"{HTTPStatus(raised.status_code).phrase}.", "See /openapi.json."))
    problem = Problem(
        type=f"urn:samdrift:problem:http-{raised.status_code}",
        title=title,
        status=raised.status_code,
        detail=f"{request.method} {request.url.path}: {title[0].lower()}{title[1:]} {remedy}",
    )
    response = respond(request, problem)
    response.headers.update(raised.headers or {})
    return response


#: Status -> what it means here, and the remedy.
_HTTP: Mapping[int, tuple[str, str]] = {
    HTTPStatus.BAD_REQUEST: ("The body cannot be read.", "Check its form against /openapi.json."),
    HTTPStatus.NOT_FOUND: ("There is nothing at this address.", "Check it; /openapi.json lists all addresses."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("This address does not take this method.", "See the Allow header."),
}


def _log(error: SamdriftError) -> str:
    """Write type and frames of the first cause; the id by which the entry is found."""
    error_id = uuid4().hex[:12]
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    frames = "".join(traceback.format_tb(cause.__traceback__))
    log.error("unexpected error", error_id=error_id, kind=type(cause).__qualname__, frames=frames)
    return error_id


def _first_sentence(text: str) -> str:
    return text.strip().partition(". ")[0].rstrip(".") + "."


def _as(kind: type[_E], error: Exception) -> _E:
    """Starlette hands every handler an Exception; say which it is."""
    if not isinstance(error, kind):
        raise TypeError(f"{error!r} is not a {kind.__name__}")
    return error
