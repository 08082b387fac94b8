"""What a workload calls the parts of its work, for people: its lanes, its items and what it does outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable
from uuid import UUID


@runtime_checkable
class NamesParts(Protocol):
    """A workload that has words for them, by language, "da" and "en"; empty where it has none."""

    def lane_title(self, lane: str) -> Mapping[str, str]:
        """What the items of this lane are."""
        ...

    def effect_title(self, lane: str, step: str) -> Mapping[str, str]:
        """What this effect does outside."""
        ...


@dataclass(frozen=True, kw_only=True)
class Particulars:
    """What the ledger holds of an item: of one that was erased nothing but its deadline."""

    payload: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    deadline: datetime | None = None


@runtime_checkable
class DesignatesItems(Protocol):
    """A workload that has words by which people tell its items apart, where a reference tells them nothing.

    They are made of what the ledger holds, so no personal data are in them: not who wrote, but what it is and when it
    came.
    """

    def item_title(self, lane: str, item: Particulars) -> Mapping[str, str]:
        """By language, "da" and "en"; empty where it has no words for this one."""
        ...


@runtime_checkable
class HasItemPages(Protocol):
    """A workload with a page of its own about each item."""

    def item_address(self, item_id: UUID) -> str:
        """Where it is, such as `/rpa/cases/…`."""
        ...


def item_address(workload: object, item_id: UUID) -> str:
    """The workload's own page about an item; empty where it has none."""
    return workload.item_address(item_id) if isinstance(workload, HasItemPages) else ""


def item_title(workload: object, lane: str, item: Particulars) -> Mapping[str, str]:
    """What people call an item, by language; empty where its workload has no words for it."""
    return workload.item_title(lane, item) if isinstance(workload, DesignatesItems) else {}


def lane_title(workload: object, lane: str, language: str) -> str:
    """In words, else by its technical name; None is a workload that is not installed any more."""
    told = workload.lane_title(lane) if isinstance(workload, NamesParts) else {}
    return told.get(language, lane)


def effect_title(workload: object, lane: str, step: str, language: str) -> str:
    """In words, else by its technical name."""
    told = workload.effect_title(lane, step) if isinstance(workload, NamesParts) else {}
    return told.get(language, step)
