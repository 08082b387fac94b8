"""What the ledger tells the technical documentation about a version: how it was used, stopped and watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A workload was in its safe state."""

    workload: str
    since: datetime
    #: None: it still is.
    until: datetime | None
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class InUse:
    """The decisions of one version."""

    decisions: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    #: Outcome -> decisions.
    verdicts: Mapping[str, int] = field(default_factory=dict)
    #: Of the workloads that use the model.
    stops: Sequence[Stop] = ()
    #: Alarms about the version, and those that nobody has looked at yet.
    alarms: int = 0
    open_alarms: int = 0
    #: Decisions whose truth became known.
    truths: int = 0


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A workload in which the model is used, and what one replica of it needs."""

    workload: str
    #: By language, "da" and "en".
    title: Mapping[str, str]
    cpus: float
    gpus: float
    memory_mib: int
