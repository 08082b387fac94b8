"""What a workload calls the parts of its work, for people: its lanes and what it does outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from samdrift_platform.contract import Workload


@runtime_checkable
class NamesParts(Protocol):
    """A workload that has words for them, by language, "da" and "en"; empty where it has none."""

    def lane_title(self, lane: str) -> Mapping[str, str]:
        """What the items of this lane are."""
        ...

    def effect_title(self, lane: str, step: str) -> Mapping[str, str]:
        """What this effect does outside."""
        ...


def lane_title(workload: Workload | None, lane: str, language: str) -> str:
    """In words, else by its technical name."""
    told = workload.lane_title(lane) if isinstance(workload, NamesParts) else {}
    return told.get(language, lane)


def effect_title(workload: Workload | None, lane: str, step: str, language: str) -> str:
    """In words, else by its technical name."""
    told = workload.effect_title(lane, step) if isinstance(workload, NamesParts) else {}
    return told.get(language, step)
