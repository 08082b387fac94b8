"""The events in which decisions stand, and who is a process and who a person."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from samdrift_platform.ledger.audit import Record

#: Events in which the dispatcher recorded what came of an item.
DECISIONS = ("item.processed", "item.done", "item.waiting_for_person", "item.rejected")
DISPATCHER = "dispatcher"
#: Actors that are the platform itself; every other is a person (or a person's program).
PROCESSES = frozenset({DISPATCHER, "delivery", "ledger", "registry", "registrar", "evaluator", "watch"})


def decision(events: Iterable[Record]) -> Record | None:
    """The newest decision among an item's events."""
    found = decisions(events)
    return found[-1] if found else None


def decisions(events: Iterable[Record]) -> list[Record]:
    """What came of an item, once for each round, oldest first."""
    return [event for event in events if event.action in DECISIONS and event.actor == DISPATCHER]


def item_of(subject: str) -> UUID:
    """The item of an event's subject."""
    return UUID(subject.removeprefix("item:"))
