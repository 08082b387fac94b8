"""What all JSON bodies that are sent to us have in common."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from samdrift_platform.control.invalid_input import InvalidInputError


class JsonBody(BaseModel):
    """A body that knows all its fields. It is read after the sender is known, and never on the event loop."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, body: bytes) -> Self:
        """From JSON; InvalidInputError names every field that is wrong."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise InvalidInputError.of_body(error) from error

    @classmethod
    def described(cls, example: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
        """For a route's `openapi_extra`: this is the body, and it may look like `example`."""
        content = {"application/json": {"schema": cls.model_json_schema(), "example": example}}
        return {"requestBody": {"required": required, "content": content}}
