"""When the legacy application misbehaves: with every n-th application that is begun, so that a run can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from samdrift_rpa.loopback.faults import every_nth


class Fault(StrEnum):
    """One way of failing."""

    #: 500 instead of saving.
    ERROR_BEFORE = "error-before-saving"
    #: Saved, and then 500.
    ERROR_AFTER = "error-after-saving"
    #: Saved, and the receipt comes too late.
    SLOW_AFTER = "slow-after-saving"
    #: The answer to saving comes too late, and only then it is saved.
    SLOW_BEFORE = "slow-before-saving"
    #: The session ends while the second page is filled in.
    SESSION_LOST = "session-lost"
    #: The session has ended when the button that saves is pressed: nothing is saved.
    SESSION_LOST_AT_SAVING = "session-lost-at-saving"
    #: A script of the page sends the form twice at one click, and both requests would be saved.
    DOUBLE_SUBMIT = "double-submit"
    #: A label of the second page reads otherwise.
    CHANGED_LABEL = "changed-label"
    #: Two labels of the second page have changed places.
    SWAPPED_LABELS = "swapped-labels"


@dataclass(frozen=True)
class Faults:
    """Fault -> n: it happens with every n-th application."""

    every: Mapping[Fault, int]

    @classmethod
    def parse(cls, text: str) -> Faults:
        """Read `error-after-saving:3,session-lost:4`; an empty text means none. SettingError for anything else."""
        return cls(every_nth(text, Fault))

    def of(self, number: int) -> Fault | None:
        """What goes wrong with the `number`-th application, from 1; the first that is due."""
        return next((fault for fault, n in self.every.items() if number % n == 0), None)
