"""Lanes: parts of a workload's queue with hours and limits of their own. A workload may bring them beside its contract.

A lane has a name (`Item.lane`). Whether it is declared here or not, people can pause it; then nothing of it is claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from samdrift_platform.contract import Workload


def _always(at: datetime) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Lane:
    """How one lane is worked off. It acts at the claim: what was claimed before is finished."""

    #: Whether anything may be claimed at a time (aware).
    is_open: Callable[[datetime], bool] = _always
    #: Items in work at the same time, from their claim until they end or wait for a person; 0: as many as fit.
    most_at_once: int = 0


@runtime_checkable
class HasLanes(Protocol):
    """A workload whose queue has lanes."""

    def lanes(self) -> Mapping[str, Lane]:
        """Name -> lane. Asked at every claim, so it must be quick."""
        ...


def lanes_of(workload: Workload) -> Mapping[str, Lane]:
    """Those that the workload declares; often none."""
    return workload.lanes() if isinstance(workload, HasLanes) else {}
