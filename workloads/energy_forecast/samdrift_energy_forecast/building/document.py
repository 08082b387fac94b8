"""What all documents that people write have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Celsius = Annotated[float, Field(ge=0, le=35)]


class Document(BaseModel):
    """Refuses fields it does not know, so that a misspelt limit is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
