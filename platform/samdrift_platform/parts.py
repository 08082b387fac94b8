"""What a workload calls the parts of its work, for people: its lanes and what it does outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable
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


@runtime_checkable
class HasItemPages(Protocol):
    """A workload with a page of its own about each item."""

    def item_address(self, item_id: UUID) -> str:
        """Where it is, such as `/rpa/cases/…`."""
        ...


def item_address(workload: object, item_id: UUID) -> str:
    """The workload's own page about an item; empty where it has none."""
    return workload.item_address(item_id) if isinstance(workload, HasItemPages) else ""


def lane_title(workload: object, lane: str, language: str) -> str:
    """In words, else by its technical name; None is a workload that is not installed any more."""
    told = workload.lane_title(lane) if isinstance(workload, NamesParts) else {}
    return told.get(language, lane)


def effect_title(workload: object, lane: str, step: str, language: str) -> str:
    """In words, else by its technical name."""
    told = workload.effect_title(lane, step) if isinstance(workload, NamesParts) else {}
    return told.get(language, step)
