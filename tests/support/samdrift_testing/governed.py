"""Versions with all the evidence that serving one takes: evaluated, declared, approved by two people, deployed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.report import DataUsed, Line, Report
from samdrift_platform.governance import Governance
from samdrift_platform.ledger.database import Ledger
from samdrift_registry.deployments import Slot
from samdrift_registry.inventory import content_digest
from samdrift_registry.people import Role
from samdrift_registry.statements import Statement
from samdrift_registry.store import ManifestStore

#: Who appoints and deploys, and the two who approve.
OPERATOR, KNOWS_THE_FIELD, KNOWS_THE_MODEL = "operator", "karen", "tim"
POLICY_NAME = "for-tests"
POLICY = f"""\
name: {POLICY_NAME}
version: 1
reason: Tests need a gate that good versions pass.
rules:
  - {{figure: accuracy, bound: low, at_least: 0.5}}
""".encode()
FACTS: Mapping[str, str] = {
    "legal_basis": "none is needed: the data are made up",
    "purpose": "to be tested",
    "data_protection_assessment": "DPIA-0",
    "mdr_class": "not a device",
    "ai_act_class": "minimal risk",
    "intended_use": "tests",
}


def serve(
    ledger: Ledger,
    home: Path,
    model: str,
    version: int,
    digest: str,
    *,
    slot: Slot = Slot.CHAMPION,
    share: float = 1.0,
    now: datetime | None = None,
) -> Statement:
    """Deploy a version that `models.take_in` has put there, with everything that it takes before; the statement.

    Steps that were done before are not done again, so a version may be moved from slot to slot.
    """
    moment = now or datetime.now(UTC)
    governance = Governance(ledger, home)
    approve(governance, home, model, version, digest, now=moment)
    if slot is Slot.CHAMPION:
        return governance.promote(model, version, "tested", actor=OPERATOR, now=moment)
    if slot is Slot.CANARY:
        return governance.canary(model, version, share, "tested", actor=OPERATOR, now=moment)
    return governance.shadow(model, version, "tested", actor=OPERATOR, now=moment)


def approve(governance: Governance, home: Path, model: str, version: int, digest: str, *, now: datetime) -> None:
    """Everything but the deployment."""
    governance.prepare([POLICY], now=now)
    for person, role in ((KNOWS_THE_FIELD, Role.DOMAIN), (KNOWS_THE_MODEL, Role.TECHNICAL)):
        governance.appoint(person, [role], actor=OPERATOR, now=now)
    governance.register(model, version, digest, run_id=None, registered_by="ida", now=now)
    stands = governance.standing(model, version)
    if stands.evaluated is None:
        report = report_about(home, model, version, now=now)
        governance.evaluated(model, version, report, policy=POLICY_NAME, evidence="own", now=now)
    governance.declare(model, version, FACTS, actor=OPERATOR, now=now)
    evidence = governance.standing(model, version).evidence
    assert evidence is not None
    governance.approve(model, version, Role.DOMAIN, evidence, actor=KNOWS_THE_FIELD, now=now)
    governance.approve(model, version, Role.TECHNICAL, evidence, actor=KNOWS_THE_MODEL, now=now)


def report_about(home: Path, model: str, version: int, *, now: datetime, accuracy: float = 0.9) -> Report:
    """A report with the one figure that the policy asks for."""
    files = ManifestStore(home).get(model, version).manifest.files
    figure = Estimate(
        value=accuracy, low=accuracy - 0.05, high=accuracy + 0.05, n=400, method="Wilson score", confidence=0.95
    )
    data = DataUsed(name="made up", digest="sha256:" + "0" * 64, cases=400, units=400, unit="case")
    return Report(
        suite=POLICY_NAME,
        subject=content_digest(files),
        made_at=now,
        made_by="samdrift tests",
        data=(data,),
        lines=(Line(name="accuracy", figure=figure),),
    )
