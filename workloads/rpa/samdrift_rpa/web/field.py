"""What a form's controls are called, and what goes into them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Field:
    """One control of a form."""

    #: As the page shows it.
    label: str
    #: As the form sends it: label and name must lead to the same control.
    name: str
    #: What is typed into it is about a person, or secret: it is masked in all evidence.
    is_personal: bool = False


@dataclass(frozen=True, kw_only=True)
class File:
    """What is chosen in a file field."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Option:
    """One of the options of a list, by the words that it shows."""

    label: str


#: A text, a file, an option of a list, or whether a box or button is ticked.
Value = str | File | Option | bool


def shown(value: Value) -> str:
    """As a page shows it: a text as it is, a file by its name, an option by its words."""
    if isinstance(value, File):
        return value.name
    if isinstance(value, bool):
        return str(value).lower()
    return value.label if isinstance(value, Option) else value
