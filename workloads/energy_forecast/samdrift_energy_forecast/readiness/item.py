"""One thing that a plan needs, and how it stands with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How it stands with one thing."""

    #: There, and plausible.
    OK = "ok"
    #: There, but a person should look.
    ODD = "odd"
    #: Not there; the item says what that costs.
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing, in plain words."""

    #: Such as `opening hours`.
    what: str
    standing: Standing
    #: What was found, and what it costs.
    found: str
    #: What to do; empty where nothing is.
    todo: str = ""

    def to_json(self) -> dict[str, str]:
        """For programs."""
        return {"what": self.what, "standing": str(self.standing), "found": self.found, "todo": self.todo}


def ok(what: str, found: str) -> Item:
    """It is there and plausible."""
    return Item(what=what, standing=Standing.OK, found=found)


def odd(what: str, found: str, todo: str) -> Item:
    """A person should look."""
    return Item(what=what, standing=Standing.ODD, found=found, todo=todo)


def missing(what: str, found: str, todo: str) -> Item:
    """It is not there."""
    return Item(what=what, standing=Standing.MISSING, found=found, todo=todo)
