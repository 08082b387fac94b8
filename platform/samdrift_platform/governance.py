"""Governance: every act on a model version goes through here, is held to the rules, signed and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from samdrift_platform.ledger.database import Ledger

if TYPE_CHECKING:
    from samdrift_evaluation.report import Report
    from samdrift_registry.approvals import Evidence
    from samdrift_registry.deployments import Deployment, Slot
    from samdrift_registry.lifecycle import Standing, Stop
    from samdrift_registry.people import Person, Role
    from samdrift_registry.proof import Proof
    from samdrift_registry.statements import Statement


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something that a person must look at, or has looked at."""

    #: Of the statement `alarm`.
    id: str
    #: "model:mammography-triage/3", "workload:mammography"
    subject: str
    #: "alias moved", "version deleted", "drift"
    code: str
    reason: str
    figures: Mapping[str, Any]
    raised_at: datetime
    raised_by: str
    #: The statement `settled`; None: open.
    settled: Statement | None = None


class Governance:
    """The acts of one installation. Each returns the statement that was kept.

    An act that was done before (the same report evaluated, the same facts declared, the version already serving there)
    returns the earlier statement, so that a step that was killed can be done again.

    All of them raise NotAllowedError (403) when `actor` may not, TransitionError (409) when the version's state does
    not admit it, and VerificationError when the journal was tampered with; nothing is kept then.
    """

    def __init__(self, ledger: Ledger, home: Path) -> None:
        """Act on the journal in `ledger` with the key below `home`."""
        raise NotImplementedError

    # What there is.
    def standing(self, name: str, version: int, *, now: datetime | None = None) -> Standing:
        """Where a version stands (at `now`, or this moment); VersionUnknownError (404)."""
        raise NotImplementedError

    def standings(self, *, now: datetime | None = None) -> tuple[Standing, ...]:
        """All versions, by name and number."""
        raise NotImplementedError

    def deployments(self) -> dict[tuple[str, Slot], Deployment]:
        """(model, slot) -> what serves there."""
        raise NotImplementedError

    def proof(self, deployment: Deployment) -> Proof:
        """What a replica needs to verify `deployment`."""
        raise NotImplementedError

    def people(self) -> Mapping[str, Person]:
        """Sign-in subject -> person."""
        raise NotImplementedError

    def stops(self) -> Mapping[str, Stop]:
        """Workload -> why it is in its safe state, of those that are."""
        raise NotImplementedError

    def alarms(self) -> tuple[Alarm, ...]:
        """All, the newest first."""
        raise NotImplementedError

    def statements(self, name: str, version: int | None = None) -> tuple[Statement, ...]:
        """All that was stated about a model (or one version), checked, oldest first."""
        raise NotImplementedError

    # What the platform's own processes do.
    def register(
        self,
        name: str,
        version: int,
        digest: str,
        *,
        run_id: str | None,
        registered_by: str | None,
        actor: str = "registry",
        now: datetime,
    ) -> Statement:
        """A version has a signed manifest."""
        raise NotImplementedError

    def refuse(self, name: str, version: int, reason: str, *, actor: str = "registry", now: datetime) -> Statement:
        """A version cannot be taken in, or cannot be evaluated."""
        raise NotImplementedError

    def evaluated(
        self,
        name: str,
        version: int,
        report: Report,
        *,
        policy: str,
        evidence: str,
        html: str | None = None,
        actor: str = "evaluator",
        now: datetime,
    ) -> Statement:
        """Judge `report` by the policy of that name in force, keep both, and state what came of it.

        Args:
            name: registered name.
            version: MLflow's version number.
            report: about the content of this version.
            policy: the policy's name, without version.
            evidence: `own` or `supplier`: who made the report.
            html: the report as a page.
            actor: who states it.
            now: aware, UTC.
        """
        raise NotImplementedError

    def alarm(
        self, subject: str, code: str, reason: str, figures: Mapping[str, Any], *, actor: str, now: datetime
    ) -> Statement:
        """Raise an alarm; the same one that is still open is not raised again."""
        raise NotImplementedError

    # What people do.
    def declare(self, name: str, version: int, facts: Mapping[str, str], *, actor: str, now: datetime) -> Statement:
        """State the legal basis and so on; facts that are not named stay as declared before."""
        raise NotImplementedError

    def approve(
        self, name: str, version: int, role: Role, evidence: Evidence, *, actor: str, now: datetime
    ) -> Statement:
        """Approve in `role` what was looked at: `evidence` must be the version's current one."""
        raise NotImplementedError

    def withdraw(self, name: str, version: int, reason: str, *, actor: str, now: datetime) -> Statement:
        """Take back the actor's own approval. What serves goes on serving: clear, roll back or stop it."""
        raise NotImplementedError

    def shadow(self, name: str, version: int, reason: str, *, actor: str, now: datetime) -> Statement:
        """Compare an approved version with the champion on every item."""
        raise NotImplementedError

    def canary(self, name: str, version: int, share: float, reason: str, *, actor: str, now: datetime) -> Statement:
        """Have an approved version answer for a share of the items, 0 < share < 1."""
        raise NotImplementedError

    def promote(self, name: str, version: int, reason: str, *, actor: str, now: datetime) -> Statement:
        """Have an approved version answer for all items. It leaves the shadow and canary slots."""
        raise NotImplementedError

    def rollback(self, name: str, reason: str, *, to: int | None = None, actor: str, now: datetime) -> Statement:
        """Have an earlier champion (the last one before, or version `to`) serve again, on the evidence it had then."""
        raise NotImplementedError

    def clear(self, name: str, slot: Slot, reason: str, *, actor: str, now: datetime) -> Statement:
        """End shadow or canary."""
        raise NotImplementedError

    def retire(self, name: str, version: int, reason: str, *, actor: str, now: datetime) -> Statement:
        """Never serve this version again."""
        raise NotImplementedError

    def stop(self, workload: str, reason: str, *, actor: str, now: datetime) -> Statement:
        """The kill switch: put a workload in its safe state. Anyone who is signed in may."""
        raise NotImplementedError

    def resume(self, workload: str, reason: str, *, actor: str, now: datetime) -> Statement:
        """Let it work with its models again."""
        raise NotImplementedError

    def settle(self, alarm: str, decision: str, reason: str, *, actor: str, now: datetime) -> Statement:
        """Say what was found when looking at an alarm (its statement's id)."""
        raise NotImplementedError

    def appoint(
        self, person: str, roles: Iterable[Role], *, known_as: Iterable[str] = (), actor: str, now: datetime
    ) -> Statement:
        """Give a person exactly these roles."""
        raise NotImplementedError

    def adopt(self, policy: bytes, *, actor: str, now: datetime) -> Statement:
        """Put a gate policy (YAML) in force, in place of earlier versions of that name."""
        raise NotImplementedError


def load_deployments(connection: sa.Connection, home: Path) -> dict[tuple[str, Slot], Deployment]:
    """(model, slot) -> what serves there, all signatures checked.

    Ask `ledger.statements.newest_seq` first: while it stands still, so do the deployments.

    Raises:
        VerificationError: a statement was changed, removed or put in by somebody without the key.
    """
    raise NotImplementedError
