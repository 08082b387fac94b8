"""The model versions behind one decision: were they deployed then, on what evidence, and is all of it still there?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from samdrift_platform.evidence.history import Interval, intervals
from samdrift_platform.governance.journal import GOVERNING, load
from samdrift_registry.approvals import Approval
from samdrift_registry.deployments import Deployment, deployment_of
from samdrift_registry.errors import VerificationError
from samdrift_registry.lifecycle import Standing, standing
from samdrift_registry.proof import CLOCKS, collect, verified
from samdrift_registry.statements import SignedStatement, Statement

#: A replica may still answer with the version before for so long after a change (promotions reach it within seconds).
IN_FLIGHT = timedelta(minutes=1)


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
class Finding:
    """The versions that decided, and what does not agree about them."""

    versions: tuple[DecidingVersion, ...]
    mismatches: tuple[str, ...]


def deciding(
    connection: sa.Connection,
    home: Path,
    details: Mapping[str, Any],
    *,
    began_at: datetime | None,
    decided_at: datetime,
) -> Finding:
    """What stood behind a decision.

    Args:
        connection: one consistent view (`Ledger.read`).
        home: with manifests, model files, reports, policies and the trusted keys.
        details: of the decision's event.
        began_at: when the item was claimed.
        decided_at: when the decision was recorded.
    """
    if not details["models"]:
        return Finding(versions=(), mismatches=())
    try:
        signed = load(connection, home / "keys", GOVERNING)
    except VerificationError as error:
        return Finding(versions=(), mismatches=(f"The journal of statements cannot be trusted: {error.message}",))
    found = [
        _version(home, signed, model, told, began_at or decided_at, decided_at)
        for model, told in sorted(details["models"].items())
    ]
    return Finding(
        versions=tuple(version for version, _ in found),
        mismatches=tuple(fault for _, faults in found for fault in faults),
    )


def _version(
    home: Path, signed: Sequence[SignedStatement], model: str, told: str, began_at: datetime, decided_at: datetime
) -> tuple[DecidingVersion, list[str]]:
    number, _, digest = told.partition("@")
    version, statements = int(number), [each.statement for each in signed]
    interval = _interval(intervals(statements, model), version, digest, began_at, decided_at)
    if interval is None:
        fault = f"{model} version {version} ({digest}) decided, but no statement had deployed it then."
        return _unproven(model, version, digest), [fault]
    deployed = next(each for each in statements if each.id == interval.statement)
    faults = list(_proof_faults(home, signed, deployment_of(deployed), decided_at))
    return _proven(_stood(statements, deployed, model, version), interval, model), faults


def _interval(
    served: Sequence[Interval], version: int, digest: str, began_at: datetime, decided_at: datetime
) -> Interval | None:
    """The newest in which that content of that version could decide."""
    could = [
        each
        for each in served
        if (each.version, each.digest) == (version, digest)
        and each.slot != "shadow"
        and each.since <= decided_at + CLOCKS
        and (each.until is None or each.until >= began_at - IN_FLIGHT)
    ]
    return could[-1] if could else None


def _stood(statements: Sequence[Statement], deployed: Statement, model: str, version: int) -> Standing:
    """How the version stood when it was deployed; for a rollback, when the deployment that it goes back to was made."""
    named = deployed.facts.get("as_deployed")
    first = next((each for each in statements if each.id == named), deployed)
    return standing(statements, model, version, first.made_at)


def _proof_faults(
    home: Path, signed: Sequence[SignedStatement], deployment: Deployment, decided_at: datetime
) -> list[str]:
    """What a replica would say today about the evidence on which it loaded the version then."""
    try:
        verified(home, deployment, collect(signed, deployment), now=decided_at)
    except VerificationError as error:
        return [f"The evidence for {deployment.model} version {deployment.version} does not hold: {error.message}"]
    return []


def _unproven(model: str, version: int, digest: str) -> DecidingVersion:
    return DecidingVersion(
        model=model,
        version=version,
        digest=digest,
        slot=None,
        deployed_by=None,
        deployed_at=None,
        policy=None,
        policy_digest=None,
        report=None,
        approvals=(),
    )


def _proven(stood: Standing, interval: Interval, model: str) -> DecidingVersion:
    facts: Mapping[str, Any] = stood.evaluated.facts if stood.evaluated else {}
    return DecidingVersion(
        model=model,
        version=interval.version,
        digest=interval.digest,
        slot=str(interval.slot),
        deployed_by=interval.by,
        deployed_at=interval.since,
        policy=facts.get("policy"),
        policy_digest=facts.get("policy_digest"),
        report=facts.get("report"),
        approvals=stood.approvals,
    )
