"""Cases that a process fetches by itself, at set times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from samdrift_platform.contract import Store
from samdrift_platform.errors import SamdriftError

_FIELD = r"[0-9A-Za-z*/,#-]+"


class CollectionError(SamdriftError):
    """A collection is declared wrongly. Its times are five fields: minute, hour, day of month, month, day of week."""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """What is fetched when."""

    #: Unique within the process, lower_snake_case.
    name: str
    #: Five fields by Danish clocks: minute, hour, day of month, month, day of week.
    cron: str
    #: Finds cases, stores their documents, and gives them as JSON. It may find what it found before: the same case is
    #: one item. A run that was killed is repeated, so it takes nothing away before it has been submitted.
    collect: Callable[[Store], Iterable[Mapping[str, Any]]]

    def __post_init__(self) -> None:
        """Refuse times that are none."""
        if not re.fullmatch(rf"{_FIELD}( {_FIELD}){{4}}", self.cron):
            raise CollectionError(f"{self.name} has the times {self.cron!r}. {CollectionError.__doc__}")
