"""The published JSON schemas of what this package writes, and what in a document breaks one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def schema(name: str) -> dict[str, Any]:
    """The published schema `name` ("report", "comparison"), JSON Schema 2020-12."""
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return document


def first_fault(name: str, document: Any) -> str | None:
    """Where and how `document` breaks the schema `name`, in one sentence; None: it keeps it."""
    from jsonschema.exceptions import best_match

    fault = best_match(_validator(name).iter_errors(document))
    if fault is None:
        return None
    place = "/".join(str(part) for part in fault.absolute_path) or "the document"
    return f"{place}: {_shortened(fault.message)}"


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(name))


def _shortened(message: str, most: int = 300) -> str:
    return message if len(message) <= most else f"{message[:most]}…"
