"""Invalid input: which fields are wrong, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError

from samdrift_platform.errors import InputError


class FieldError(BaseModel):
    """One thing that is wrong with the input."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"field": "/document/year", "message": "Field required", "remedy": "Add this field."}]
        }
    )

    #: JSON pointer (RFC 6901) into the body, or the name of a parameter.
    field: str
    message: str
    remedy: str


class InvalidInputError(InputError):
    """The input does not have the form that is asked for. Correct the named fields and send it again."""

    errors: Sequence[FieldError] = ()

    @classmethod
    def about(cls, errors: Sequence[FieldError]) -> InvalidInputError:
        """Names the first error in the message, and keeps all."""
        first = errors[0]
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        error = cls(f"{first.field or 'The body'}: {first.message}. {first.remedy}{more}", field=first.field)
        error.errors = errors
        return error

    @classmethod
    def of_body(cls, error: ValidationError, *, below: str = "") -> InvalidInputError:
        """From pydantic's findings about a body, or about the part of it `below` a JSON pointer."""
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return cls.about([_field_error(one, pointer(below, one["loc"])) for one in found])

    @classmethod
    def of_request(cls, error: RequestValidationError) -> InvalidInputError:
        """From FastAPI's findings, whose locations begin with where they are: query, path, header, body."""
        found = error.errors()
        return cls.about([_field_error(one, _part_of_request(*one["loc"])) for one in found])


def pointer(below: str, location: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of what lies at `location` below another pointer; "" is the whole body."""
    return below + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


#: Start of pydantic's error type -> remedy. The first that fits.
_REMEDIES = (
    ("missing", "Add this field."),
    ("extra_forbidden", "Remove this field; the schema does not know it."),
    ("json_invalid", "Send JSON in UTF-8; the message says where it ends to be JSON."),
    ("uuid", "Send an identifier as it was answered, such as 6f1c…-….."),
    ("enum", "Send one of the values that the message lists."),
    ("literal", "Send one of the values that the message lists."),
    ("timezone", "End the time with Z for UTC, or with its offset, such as +01:00."),
    ("value_error", "Correct the value."),
    ("", "Send a value as the schema in /openapi.json and at GET /v1/workloads asks for."),
)


def _field_error(found: Mapping[str, Any], field: str) -> FieldError:
    remedy = next(remedy for start, remedy in _REMEDIES if str(found["type"]).startswith(start))
    return FieldError(field=field, message=str(found["msg"]).removeprefix("Value error, ").rstrip("."), remedy=remedy)


def _part_of_request(where: str, *location: str | int) -> str:
    return pointer("", location) if where == "body" else str(location[0])
