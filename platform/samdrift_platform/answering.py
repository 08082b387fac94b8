"""Holds what a person writes beside a choice to the fields of the question, and reads it from text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import JsonValue

from samdrift_platform.errors import InputError
from samdrift_platform.ledger.plain import NotPlainError, plain_json
from samdrift_platform.question import Choice, DecisionField, FieldKind, Question

#: Characters of a TEXT.
LONGEST_TEXT = 2_000
#: What a form or a command line says for a YES_NO.
_YES, _NO = frozenset({"yes", "ja", "true", "1"}), frozenset({"no", "nej", "false", "0"})
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
#: Day, month and year, as Danes and the British write them.
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", re.ASCII)
#: One separator and three digits: 1.250 is 1250 to one reader and 1.25 to another.
_AMBIGUOUS = re.compile(r"[+-]?\d{1,3}[.,]\d{3}", re.ASCII)
#: Decimal sign -> a number in which thousands are set apart by the other sign.
_GROUPED = {
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?", re.ASCII),
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why what was written does not fit a field."""

    #: Name of the field; `choice` for the choice itself.
    field: str
    #: A sentence in English that says what to write.
    sentence: str
    #: Nothing was written.
    missing: bool = False


def choice_of(question: Question, code: str) -> Choice:
    """The choice with this code.

    Raises:
        InputError: the question has none.
    """
    found = next((each for each in question.choices if each.code == code), None)
    if found is None:
        codes = ", ".join(each.code for each in question.choices)
        raise InputError(f"{code!r} is none of the choices: {codes}.", field="choice")
    return found


def checked(choice: Choice, fields: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The fields as they are kept: those that hold something.

    Raises:
        InputError: a field is missing, not asked for, or of another kind. It names the first that is at fault.
    """
    if found := faults(choice, fields):
        raise InputError(found[0].sentence, field=found[0].field)
    return {name: value for name, value in fields.items() if not _is_empty(value)}


def faults(choice: Choice, fields: Mapping[str, JsonValue]) -> list[Fault]:
    """Everything that does not fit, in the order of the fields."""
    known = {each.name for each in choice.fields}
    unknown = [
        Fault(field=name, sentence=f"{choice.code} has no field {name!r}.") for name in fields if name not in known
    ]
    told = [fault for each in choice.fields if (fault := _fault(each, fields.get(each.name)))]
    return told + unknown


def from_text(choice: Choice, texts: Mapping[str, str], *, decimal: str = ".") -> dict[str, JsonValue]:
    """Values of the fields as somebody typed them. What cannot be read as its kind stays text, and is a fault.

    Args:
        choice: whose fields they are.
        texts: by name of the field.
        decimal: the sign before decimals where the person reads, "." or ","; the other one sets thousands apart.
    """
    kinds = {each.name: each.kind for each in choice.fields}
    return {name: _read(kinds.get(name, FieldKind.TEXT), text.strip(), decimal) for name, text in texts.items()}


def _read(kind: FieldKind, text: str, decimal: str) -> JsonValue:
    if not text:
        return None
    if kind is FieldKind.NUMBER:
        return _number(text, decimal)
    if kind is FieldKind.DATE and (written := _DAY_FIRST.fullmatch(text)):
        day, month, year = written.groups()
        return f"{year}-{month:>02}-{day:>02}"
    if kind is FieldKind.YES_NO:
        return True if text.casefold() in _YES else False if text.casefold() in _NO else text
    return text


def _number(text: str, decimal: str) -> JsonValue:
    """The number; the text as it is where it is none, or might be two: nobody shall pay a thousand times too much."""
    text = text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    other = "," if decimal == "." else "."
    if _AMBIGUOUS.fullmatch(text) and (other in text or decimal == ","):
        return text
    plain = text.replace(other, "") if _GROUPED[decimal].fullmatch(text) else text
    plain = plain.replace(",", ".")
    if not _DECIMAL.fullmatch(plain):
        return text
    value = float(plain)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _fault(field: DecisionField, value: JsonValue) -> Fault | None:
    """What is wrong; None: it fits."""
    label = field.label["en"]
    if _is_empty(value):
        why = f"{label}: this must be filled in."
        return Fault(field=field.name, sentence=why, missing=True) if field.required else None
    wanted = {
        FieldKind.TEXT: f"write at most {LONGEST_TEXT} characters",
        FieldKind.NUMBER: "write a number, such as 1250.50",
        FieldKind.DATE: "write a date as year-month-day, such as 2026-11-30",
        FieldKind.YES_NO: "answer yes or no",
        FieldKind.ONE_OF: f"choose one of {', '.join(field.options)}",
    }[field.kind]
    return None if _fits(field, value) else Fault(field=field.name, sentence=f"{label}: {wanted}.")


def _is_empty(value: JsonValue) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _fits(field: DecisionField, value: JsonValue) -> bool:
    match field.kind:
        case FieldKind.TEXT:
            return isinstance(value, str) and len(value) <= LONGEST_TEXT and _is_plain(value)
        case FieldKind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case FieldKind.DATE:
            return isinstance(value, str) and _is_date(value)
        case FieldKind.YES_NO:
            return isinstance(value, bool)
        case FieldKind.ONE_OF:
            return isinstance(value, str) and value in field.options


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_plain(value: str) -> bool:
    """Whether the ledger can hold it."""
    try:
        plain_json(value)
    except NotPlainError:
        return False
    return True
