"""References to stored objects in what comes in for a case."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

PATTERN = "^sha256:[0-9a-f]{64}$"

#: A stored object: personal data lie there, and a case names it.
ObjectReference = Annotated[str, StringConstraints(pattern=PATTERN)]


def document_field(given: type[BaseModel]) -> str | None:
    """The field for the document of a case whose input is one document; None where the input is something else."""
    schema: dict[str, Any] = given.model_json_schema()
    required = schema.get("required", [])
    if len(required) != 1:
        return None
    (name,) = required
    return str(name) if schema["properties"][name].get("pattern") == PATTERN else None
