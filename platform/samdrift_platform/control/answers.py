"""What all answers have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """An answer's body, read from the ledger's value of the same fields."""

    model_config = ConfigDict(from_attributes=True)


def example(**values: Any) -> ConfigDict:
    """The configuration of an answer whose schema shows this example."""
    return ConfigDict(from_attributes=True, json_schema_extra={"examples": [values]})
