"""Who did what with a model, and what was serving between which instants: a fold over its statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from samdrift_registry.deployments import Slot
from samdrift_registry.statements import Kind


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One act."""

    at: datetime
    #: Sign-in subject, or "registry", "evaluator", "watch".
    who: str
    what: Kind
    #: "model:mammography-triage/3", "workload:mammography"
    subject: str
    #: None: it was about a workload.
    version: int | None
    #: What was said in addition, one line for a person: the slot, the reason, what the gate found.
    told: str
    #: Id of the statement.
    statement: str


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A version in a slot from one instant to another."""

    slot: Slot
    version: int
    digest: str
    #: Share of the items that it answered for, 0 to 1.
    share: float
    since: datetime
    #: None: it serves there now.
    until: datetime | None
    #: Who deployed it and why, and the statement that says so.
    by: str
    reason: str
    statement: str


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A workload in its safe state: whatever was deployed decided nothing meanwhile."""

    workload: str
    since: datetime
    until: datetime | None
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class History:
    """All of a registered model."""

    model: str
    #: Oldest first.
    entries: tuple[Entry, ...]
    #: By beginning.
    serving: tuple[Interval, ...]
    #: Of the workloads that were asked about.
    pauses: tuple[Pause, ...]


def history(connection: sa.Connection, home: Path, name: str, *, workloads: Sequence[str] = ()) -> History:
    """The history of the registered model `name`, every signature checked.

    Args:
        connection: one consistent view (`Ledger.read`).
        home: with the trusted keys.
        name: registered name.
        workloads: those that use the model; their stops belong to its history.

    Raises:
        VersionUnknownError: nothing was ever stated about it (404).
        VerificationError: the journal was tampered with.
    """
    raise NotImplementedError
