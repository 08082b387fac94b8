"""How long what is kept about an item stays. A workload says so beside its contract; without a word all is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import sqlalchemy as sa


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long what is kept about an item stays, after it has ended. The five knobs; None: for ever."""

    #: Payload, result, requests and answers of items that are done.
    done: timedelta | None = timedelta(days=90)
    #: The same of items that were rejected, failed or cancelled.
    exceptions: timedelta | None = timedelta(days=180)
    #: The stored documents that came in.
    documents: timedelta | None = timedelta(days=90)
    #: Screenshots and traces, encrypted.
    evidence: timedelta | None = timedelta(days=30)
    #: What people wrote beside their decisions.
    comments: timedelta | None = timedelta(days=365)


#: Everything stays.
KEPT = Retention(done=None, exceptions=None, documents=None, evidence=None, comments=None)


@runtime_checkable
class Retains(Protocol):
    """A workload that says how long it keeps what (GDPR art. 5(1)(e), storage limitation)."""

    def retention(self, lane: str) -> Retention:
        """The knobs of a lane (`Item.lane`), also of one that it has no more."""
        ...


@runtime_checkable
class KeepsEvidence(Protocol):
    """A workload that keeps screenshots, traces or the like beside the ledger."""

    def erase_evidence(self, now: datetime, *, dry_run: bool) -> int:
        """Remove what is older than its lane's `evidence`; how many pieces, which with `dry_run` all stay."""
        ...


@runtime_checkable
class KeepsRows(Protocol):
    """A workload that keeps rows of its own about items in the ledger's database."""

    def erase_rows(self, connection: sa.Connection) -> None:
        """Remove those of items that were erased (`work_items.erased_at`), in the caller's transaction."""
        ...


def retention_of(workload: object, lane: str) -> Retention:
    """The knobs of a workload's lane."""
    return workload.retention(lane) if isinstance(workload, Retains) else KEPT
