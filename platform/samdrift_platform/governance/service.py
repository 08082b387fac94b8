"""The acts of governance: each holds to its rules, signs and keeps its statement in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_platform.errors import InputError, NotFoundError
from samdrift_platform.governance import approving, deploying, evaluating, offices
from samdrift_platform.governance.journal import STOPPING, Journal
from samdrift_platform.governance.reading import Readings
from samdrift_platform.ledger.database import Ledger
from samdrift_registry.approvals import Evidence
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import VersionUnknownError
from samdrift_registry.lifecycle import Act
from samdrift_registry.people import Role
from samdrift_registry.statements import Statement
from samdrift_registry.store import ManifestStore

if TYPE_CHECKING:
    from samdrift_evaluation.report import Report


class Governance(Readings):
    """The acts of one installation. Each returns the statement that was kept.

    An act that was done before (the same report evaluated, the same facts declared, the version already serving there)
    returns the earlier statement, so that a step that was killed can be done again.

    All of them raise NotAllowedError (403) when `actor` may not, TransitionError (409) when the version's state does
    not admit it, VersionUnknownError (404), and VerificationError when the journal or the files were tampered with;
    nothing is kept then.
    """

    def __init__(self, ledger: Ledger, home: Path) -> None:
        """Act on the journal in `ledger` with the key below `home`."""
        self._home = home
        self._journal = Journal(ledger, home)
        self._store = ManifestStore(home)

    # What the platform's own processes do.

    def prepare(self, shipped: Iterable[bytes], *, now: datetime) -> None:
        """Adopt shipped policies of names that have none in force, and appoint an operator while there is none."""
        with self._journal.turn(now) as turn:
            offices.appoint_first_operator(turn)
            for text in shipped:
                offices.adopt_shipped(turn, self._home, text)

    def register(
        self,
        name: str,
        version: int,
        digest: str,
        *,
        run_id: str | None,
        registered_by: str | None,
        declared: Mapping[str, str] | None = None,
        actor: str = "registry",
        now: datetime,
    ) -> Statement:
        """A version has a signed manifest. `declared`: facts that its MLflow tags give."""
        with self._journal.turn(now) as turn:
            known = {"run_id": run_id, "registered_by": registered_by}
            registered = evaluating.register(turn, name, version, digest, **known, by=actor)
            evaluating.declare_first(turn, registered, declared or {}, by=actor)
        return registered

    def refuse(
        self,
        name: str,
        version: int,
        reason: str,
        *,
        policy: str | None = None,
        actor: str = "registry",
        now: datetime,
    ) -> Statement:
        """A version cannot be taken in, or not be evaluated by `policy` (with its version)."""
        with self._journal.turn(now) as turn:
            return evaluating.refuse(turn, name, version, reason, policy=policy, by=actor)

    def evaluated(
        self,
        name: str,
        version: int,
        report: Report,
        *,
        policy: str,
        evidence: str,
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
            actor: who states it.
            now: aware, UTC.
        """
        rules = self.policies().get(policy)
        if rules is None:
            raise NotFoundError(f"No policy {policy!r} is in force. Adopt one.")
        judged = evaluating.judged(self._home, name, version, report, rules, evidence)
        evaluating.keep_report(self._home, judged)
        with self._journal.turn(now) as turn:
            return evaluating.evaluated(turn, name, version, judged, by=actor)

    def alarm(
        self, subject: str, code: str, reason: str, figures: Mapping[str, Any], *, actor: str, now: datetime
    ) -> Statement:
        """Raise an alarm about a `model:`, `workload:`, `policy:` or `person:`, unless the same one is open."""
        with self._journal.turn(now) as turn:
            return offices.alarm(turn, subject, code, reason, figures, by=actor)

    # What people do.

    def declare(self, name: str, version: int, facts: Mapping[str, str], *, actor: str, now: datetime) -> Statement:
        """State the legal basis and so on; facts that are not named stay as declared before, empty ones go."""
        with self._journal.turn(now) as turn:
            return approving.declare(turn, name, version, facts, by=actor)

    def approve(
        self, name: str, version: int, role: Role, evidence: Evidence, *, note: str = "", actor: str, now: datetime
    ) -> Statement:
        """Approve in `role` what was looked at: `evidence` must be the version's current one. `note`: for a reader."""
        with self._journal.turn(now) as turn:
            return approving.approve(turn, name, version, role, evidence, note, by=actor)

    def withdraw(self, name: str, version: int, reason: str, *, actor: str, now: datetime) -> Statement:
        """Take back the actor's own approval. What serves goes on serving: clear, roll back or stop it."""
        with self._journal.turn(now) as turn:
            return approving.withdraw(turn, name, version, reason, by=actor)

    def shadow(self, name: str, version: int, reason: str, *, actor: str, now: datetime) -> Statement:
        """Compare an approved version with the champion on every item."""
        return self._deploy(name, version, Act.SHADOW, 1.0, reason, actor=actor, now=now)

    def canary(self, name: str, version: int, share: float, reason: str, *, actor: str, now: datetime) -> Statement:
        """Have an approved version answer for a share of the items, 0 < share < 1."""
        if not 0 < share < 1:
            raise InputError("A canary's share lies between 0 and 1, without either.", field="/share")
        return self._deploy(name, version, Act.CANARY, share, reason, actor=actor, now=now)

    def promote(self, name: str, version: int, reason: str, *, actor: str, now: datetime) -> Statement:
        """Have an approved version answer for all items. It leaves the shadow and canary slots."""
        return self._deploy(name, version, Act.PROMOTE, 1.0, reason, actor=actor, now=now)

    def rollback(self, name: str, reason: str, *, to: int | None = None, actor: str, now: datetime) -> Statement:
        """Have an earlier champion (the last one before, or version `to`) serve again, on the evidence it had then."""
        earlier = deploying.earlier_champion(self._told(), name, to)
        self._store.verified(name, earlier.version, earlier.digest)
        with self._journal.turn(now) as turn:
            return deploying.roll_back(turn, self._home, earlier, reason, by=actor)

    def clear(self, name: str, slot: Slot, reason: str, *, actor: str, now: datetime) -> Statement:
        """End shadow or canary."""
        with self._journal.turn(now) as turn:
            return deploying.end(turn, name, slot, reason, by=actor)

    def retire(self, name: str, version: int, reason: str, *, actor: str, now: datetime) -> Statement:
        """Never let this version serve again. A champion must be replaced first."""
        with self._journal.turn(now) as turn:
            return deploying.retire(turn, name, version, reason, by=actor)

    def stop(self, workload: str, reason: str, *, actor: str, now: datetime) -> Statement:
        """The kill switch: put a workload in its safe state. Anyone who is signed in may, and the watch by policy."""
        with self._journal.turn(now, STOPPING) as turn:
            return offices.stop(turn, workload, reason, by=actor)

    def resume(self, workload: str, reason: str, *, actor: str, now: datetime) -> Statement:
        """Let it work with its models again."""
        with self._journal.turn(now) as turn:
            return offices.resume(turn, workload, reason, by=actor)

    def settle(self, alarm: str, decision: str, reason: str, *, actor: str, now: datetime) -> Statement:
        """Say what was found when looking at an alarm (its statement's id)."""
        with self._journal.turn(now) as turn:
            return offices.settle(turn, alarm, decision, reason, by=actor)

    def appoint(
        self,
        person: str,
        roles: Iterable[Role],
        *,
        known_as: Iterable[str] = (),
        units: Iterable[str] = (),
        actor: str,
        now: datetime,
    ) -> Statement:
        """Give a person exactly these roles and units. Nobody gives themself a role in which versions are approved."""
        with self._journal.turn(now) as turn:
            return offices.appoint(turn, person, roles, known_as, units=units, by=actor)

    def adopt(self, policy: bytes, *, actor: str, now: datetime) -> Statement:
        """Put a gate policy (YAML) in force, in place of earlier versions of that name."""
        with self._journal.turn(now) as turn:
            return offices.adopt(turn, self._home, policy, by=actor)

    def _deploy(
        self, name: str, version: int, act: Act, share: float, reason: str, *, actor: str, now: datetime
    ) -> Statement:
        """The model's files first, outside the transaction: hashing gigabytes must not keep others from writing."""
        signed = self._store.find(name, version)
        if signed is None:
            raise VersionUnknownError.about(f"{name} version {version}")
        self._store.verified(name, version, signed.manifest.digest)
        with self._journal.turn(now) as turn:
            return deploying.deploy(turn, self._home, name, version, act, share, reason, by=actor)
