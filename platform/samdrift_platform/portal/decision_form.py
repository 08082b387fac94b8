"""What the fields of a decision hold when a form is first shown."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import JsonValue

from samdrift_platform.question import Choice, FieldKind

#: What the names of the fields begin with in a form, so that none is taken for one of the form's own.
FIELD = "field-"


def texts_of(choice: Choice, given: Mapping[str, JsonValue] | None, *, decimal: str) -> dict[str, str]:
    """Name -> text: what was given before, else what is proposed.

    Args:
        choice: whose fields they are.
        given: by name, as somebody decided; None: nobody has.
        decimal: the sign before decimals where the person reads, "." or ",".
    """
    values = {each.name: each.proposed if given is None else given.get(each.name) for each in choice.fields}
    kinds = {each.name: each.kind for each in choice.fields}
    return {name: _text(kinds[name], value, decimal) for name, value in values.items()}


def _text(kind: FieldKind, value: JsonValue, decimal: str) -> str:
    if value is None:
        return ""
    if kind is FieldKind.YES_NO:
        return "yes" if value else "no"
    if kind is FieldKind.DATE and isinstance(value, str):
        return ".".join(reversed(value.split("-")))
    if kind is FieldKind.NUMBER and isinstance(value, int | float):
        return _number(value, decimal)
    return str(value)


def _number(value: float, decimal: str) -> str:
    """Without groups, and never with exactly three decimals: those might be taken for thousands."""
    text = format(Decimal(repr(value)), "f").removesuffix(".0")
    whole, _, decimals = text.partition(".")
    decimals += "0" if len(decimals) == 3 else ""
    return f"{whole}{decimal}{decimals}" if decimals else whole
