"""How `process` ended for one item."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a workload may say of an item. Our own failures are exceptions, not verdicts."""

    #: It is done, once its effects are delivered.
    DONE = "done"
    #: The input is at fault; the reason says how.
    REJECTED = "rejected"
    #: A judgement is needed that the platform must not make.
    WAITING_FOR_PERSON = "waiting_for_person"
