"""A command and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Ended:
    status: int
    out: str
    err: str


#: Runs `samdrift` with these arguments.
Samdrift: TypeAlias = Callable[..., Ended]
