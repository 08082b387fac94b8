"""One decision end to end: from the submission to the last answer, each part held against what was recorded of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger.audit import Record
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.submissions import Submission
from samdrift_registry.approvals import Approval


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A digest as it was recorded, and as it is of what is kept now."""

    #: None: no salt, so nothing was recorded (or the item was erased).
    recorded: str | None
    #: None: it cannot be recomputed, because the salt was erased.
    recomputed: str | None

    @property
    def matches(self) -> bool | None:
        """None: nobody can tell."""
        if self.recorded is None or self.recomputed is None:
            return None
        return self.recorded == self.recomputed


@dataclass(frozen=True, kw_only=True)
class Score:
    """A named number of the outcome, and the version that found it."""

    model: str
    version: int
    #: "champion", "canary" or "shadow"
    slot: str
    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A benefit, or what computing it cost."""

    #: "saved" or "spent"
    kind: str
    measure: str
    quantity: float
    unit: str
    method: str


@dataclass(frozen=True, kw_only=True)
class DecidingVersion:
    """A model version that decided, with the evidence on which it served at that moment."""

    model: str
    version: int
    digest: str
    #: None: no deployment of it stood in the journal then (named in `Replay.mismatches`).
    slot: str | None
    deployed_by: str | None
    deployed_at: datetime | None
    #: "mammography-triage/1"
    policy: str | None
    policy_digest: str | None
    #: Digest of the evaluation report.
    report: str | None
    #: Those that counted when it was deployed.
    approvals: tuple[Approval, ...]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """One decision. `mismatches` is empty when everything that is kept agrees with everything that was recorded."""

    item: WorkItem
    submission: Submission
    #: When the decision was recorded; None: there is none (yet).
    decided_at: datetime | None
    #: The workload was in its safe state: no model decided.
    safe: bool
    input: Compared
    result: Compared
    models: tuple[DecidingVersion, ...]
    scores: tuple[Score, ...]
    effects: tuple[EffectRow, ...]
    benefits: tuple[Saved, ...]
    #: Delayed truth: name -> newest value.
    truths: Mapping[str, float]
    #: Events about the item and its submission, in order.
    events: tuple[Record, ...]
    #: What does not agree, sentences for a person.
    mismatches: tuple[str, ...]


def replay(connection: sa.Connection, home: Path, item_id: UUID) -> Replay:
    """Everything about one item, compared.

    Args:
        connection: one consistent view (`Ledger.read`).
        home: with manifests, reports and the trusted keys.
        item_id: of the work item.

    Raises:
        NotFoundError: there is no such item (404).
    """
    raise NotImplementedError
