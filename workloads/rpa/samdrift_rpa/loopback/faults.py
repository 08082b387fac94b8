"""When the loopback misbehaves: every n-th request of a kind, so that a run can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from samdrift_platform.errors import SettingError

F = TypeVar("F", bound=StrEnum)


class Fault(StrEnum):
    """One way of failing."""

    #: 500, and nothing was done.
    ERROR_BEFORE = "error-before"
    #: 500, but the work was done.
    ERROR_AFTER = "error-after"
    #: The work was done, and the connection ends in the middle of the answer.
    DROP_AFTER = "drop-after"
    #: The work was done, and the answer comes too late.
    SLOW_AFTER = "slow-after"
    #: The question whether it happened is answered with 500.
    ERROR_ON_FIND = "error-on-find"


#: The order in which faults are considered when several fall on one request.
_ON_CREATE = (Fault.ERROR_BEFORE, Fault.ERROR_AFTER, Fault.DROP_AFTER, Fault.SLOW_AFTER)


@dataclass(frozen=True)
class Faults:
    """Fault -> n: it happens at every n-th request."""

    every: Mapping[Fault, int]

    @classmethod
    def parse(cls, text: str) -> Faults:
        """Read `error-after:3,drop-after:4`; an empty text means none. SettingError for anything else."""
        return cls(every_nth(text, Fault))

    def on_create(self, number: int) -> Fault | None:
        """What goes wrong with the `number`-th request to create something, from 1."""
        return next((fault for fault in _ON_CREATE if self._due(fault, number)), None)

    def on_find(self, number: int) -> Fault | None:
        """What goes wrong with the `number`-th question, from 1."""
        return Fault.ERROR_ON_FIND if self._due(Fault.ERROR_ON_FIND, number) else None

    def _due(self, fault: Fault, number: int) -> bool:
        return fault in self.every and number % self.every[fault] == 0


def every_nth(text: str, kinds: type[F]) -> dict[F, int]:
    """Fault -> n of `error-after:3,drop-after:4`, for the faults of any party; SettingError for anything else."""
    every = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.partition(":")
        if name not in tuple(kinds) or not number.isdecimal() or int(number) < 1:
            raise SettingError(
                f"{part!r} is not a fault. Write {', '.join(kinds)}, each followed by a colon and a number."
            )
        every[kinds(name)] = int(number)
    return every
