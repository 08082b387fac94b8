"""What is answered about a model version: where it stands, on which evidence, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from samdrift_platform.control.answers import Answer, example
from samdrift_platform.ledger.agreement import Agreement
from samdrift_registry.deployments import Deployment, Slot
from samdrift_registry.lifecycle import Standing, State
from samdrift_registry.people import Role
from samdrift_registry.rules import Rules
from samdrift_registry.statements import Statement

DIGEST = "sha256:" + "0" * 64
_DEPLOYMENT: dict[str, Any] = {
    "model": "heat-forecast",
    "version": 3,
    "digest": DIGEST,
    "slot": "champion",
    "share": 1.0,
    "reason": "Better on cold days.",
    "made_by": "operator",
    "made_at": "2026-11-24T06:00:00Z",
    "statement": DIGEST,
}
_VERSION: dict[str, Any] = {
    "model": "heat-forecast",
    "version": 3,
    "digest": DIGEST,
    "state": "champion",
    "since": "2026-11-24T06:00:00Z",
    "registered_by": "ida",
    "blocked": [],
    "serving": [_DEPLOYMENT],
}
_EVALUATION: dict[str, Any] = {
    "suite": "energy-forecast",
    "policy": "energy-forecast/1",
    "policy_digest": DIGEST,
    "report": DIGEST,
    "passed": True,
    "reasons": ["cvrmse is 0.18 [0.16, 0.20], n = 720; its high bound 0.2 must be at most 0.3: passed."],
    "evidence": "own",
    "made_by": "evaluator",
    "made_at": "2026-11-24T05:58:00Z",
}

_ESTIMATE: dict[str, Any] = {
    "value": 0.98,
    "low": 0.95,
    "high": 0.99,
    "n": 240,
    "method": "Wilson score",
    "confidence": 0.95,
}


class DeploymentAnswer(Answer):
    """A version in a slot."""

    model_config = example(**_DEPLOYMENT)

    model: str
    version: int
    digest: str
    slot: Slot
    #: Share of the items that it answers for, 0 to 1.
    share: float
    reason: str
    made_by: str
    made_at: datetime
    #: Id of the signed statement that says so.
    statement: str


class EvaluationAnswer(Answer):
    """The newest evaluation, and what the gate made of it."""

    model_config = example(**_EVALUATION)

    suite: str
    policy: str
    policy_digest: str
    #: Digest of the report's JSON.
    report: str
    passed: bool
    reasons: list[str]
    #: `own` or `supplier`: who made the report.
    evidence: str
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, statement: Statement) -> EvaluationAnswer:
        """From the statement `evaluated`."""
        return cls(**statement.facts, made_by=statement.made_by, made_at=statement.made_at)


class DeclarationAnswer(Answer):
    """What people have declared."""

    model_config = example(
        id=DIGEST,
        facts={"legal_basis": "Varmeforsyningsloven § 1"},
        made_by="ida",
        made_at="2026-11-24T05:59:00Z",
    )

    #: Of the statement: what an approval is bound to.
    id: str
    facts: dict[str, str]
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, statement: Statement) -> DeclarationAnswer:
        """From the statement `declared`."""
        return cls(id=statement.id, facts=dict(statement.facts), made_by=statement.made_by, made_at=statement.made_at)


class ApprovalAnswer(Answer):
    """One person's approval that counts now."""

    model_config = example(
        person="karen",
        role="domain",
        report=DIGEST,
        declaration=DIGEST,
        made_at="2026-11-24T05:59:30Z",
        expires_at="2026-12-24T05:59:30Z",
        id=DIGEST,
        note="Read with the department's own figures beside it.",
    )

    person: str
    role: Role
    report: str
    declaration: str
    made_at: datetime
    expires_at: datetime
    id: str
    #: What the person wrote beside it; may be empty.
    note: str


class EvidenceAnswer(Answer):
    """What an approval given now is bound to."""

    model_config = example(digest=DIGEST, report=DIGEST, declaration=DIGEST)

    digest: str
    report: str
    declaration: str


class RulesAnswer(Answer):
    """What the policy in force asks of people."""

    model_config = example(
        policy="energy-forecast/1",
        digest=DIGEST,
        people=2,
        roles=[["clinical", "domain"], ["technical"]],
        valid_days=30,
        required_facts=["legal_basis", "purpose"],
        evidence="own",
        shadow_items=0,
        since="2026-11-24T05:00:00Z",
    )

    policy: str
    #: Of the policy's file.
    digest: str
    #: How many different people must approve.
    people: int
    #: One role of each group must be among the approvals.
    roles: list[list[Role]]
    valid_days: int
    required_facts: list[str]
    #: Whose evaluation suffices: `own` or `supplier`.
    evidence: str
    #: Items to be scored as a shadow first.
    shadow_items: int
    since: datetime

    @classmethod
    def of(cls, rules: Rules) -> RulesAnswer:
        """From the registry's value."""
        return cls(**rules.facts(), digest=rules.digest, since=rules.since)


class EstimateAnswer(Answer):
    """A figure with its interval."""

    model_config = example(**_ESTIMATE)

    value: float
    low: float
    high: float
    n: int
    method: str
    confidence: float


class DifferenceAnswer(Answer):
    """How far two versions' values of one score lie apart."""

    model_config = example(mean_absolute=0.02, n=240)

    #: In the score's unit.
    mean_absolute: float
    n: int


class AgreementAnswer(Answer):
    """A shadow version beside the champions of its time."""

    model_config = example(
        n=240,
        failed=0,
        planned=3,
        agreeing=_ESTIMATE,
        differences={"forecast_kwh": {"mean_absolute": 1.5, "n": 240}},
    )

    #: Items that it has scored, that failed, and that are still to be scored.
    n: int
    failed: int
    planned: int
    #: Share with the same decision; null while n is 0.
    agreeing: EstimateAnswer | None = None
    #: By name of the score.
    differences: dict[str, DifferenceAnswer]


class ModelVersion(Answer):
    """A version and how far it has come."""

    model_config = example(**_VERSION)

    #: Registered name.
    model: str
    #: MLflow's version number.
    version: int
    #: Of the signed manifest; null: it was refused before it had one.
    digest: str | None = None
    state: State
    since: datetime
    #: MLflow's user name.
    registered_by: str | None = None
    #: Why it cannot be deployed now, sentences for a person.
    blocked: list[str]
    serving: list[DeploymentAnswer]

    @classmethod
    def of(cls, stands: Standing) -> ModelVersion:
        """From the fold over all statements."""
        return cls(**_summary(stands))


class ModelVersionDetail(ModelVersion):
    """A version with all its evidence."""

    model_config = example(
        **_VERSION,
        run_id="9f0c3b",
        evaluation=_EVALUATION,
        declaration=None,
        approvals=[],
        evidence=None,
        rules=None,
        agreement=None,
        notes=[],
    )

    #: Of the MLflow run that logged it.
    run_id: str | None = None
    evaluation: EvaluationAnswer | None = None
    declaration: DeclarationAnswer | None = None
    #: Those that count now.
    approvals: list[ApprovalAnswer]
    #: Null while something of it is missing.
    evidence: EvidenceAnswer | None = None
    #: Null while it has not been evaluated.
    rules: RulesAnswer | None = None
    #: Null when it was never a shadow.
    agreement: AgreementAnswer | None = None
    #: What a person should know though it keeps nothing from happening.
    notes: list[str]

    @classmethod
    def with_evidence(cls, stands: Standing, agreement: Agreement | None) -> ModelVersionDetail:
        """From the fold over all statements, and what the shadow has scored."""
        return cls(
            **_summary(stands),
            run_id=stands.run_id,
            evaluation=EvaluationAnswer.of(stands.evaluated) if stands.evaluated else None,
            declaration=DeclarationAnswer.of(stands.declaration) if stands.declaration else None,
            approvals=[ApprovalAnswer.model_validate(each) for each in stands.approvals],
            evidence=EvidenceAnswer.model_validate(stands.evidence) if stands.evidence else None,
            rules=RulesAnswer.of(stands.rules) if stands.rules else None,
            agreement=None if agreement is None else AgreementAnswer.model_validate(agreement),
            notes=list(stands.notes),
        )


class ModelList(Answer):
    """All versions, by name and number, and what serves."""

    model_config = example(versions=[_VERSION], serving=[_DEPLOYMENT])

    versions: list[ModelVersion]
    serving: list[DeploymentAnswer]


def _summary(stands: Standing) -> dict[str, Any]:
    return {
        "model": stands.name,
        "version": stands.version,
        "digest": stands.digest,
        "state": stands.state,
        "since": stands.since,
        "registered_by": stands.registered_by,
        "blocked": list(stands.blocked),
        "serving": _deployments(stands.slots),
    }


def _deployments(slots: Mapping[Slot, Deployment]) -> Sequence[DeploymentAnswer]:
    return [DeploymentAnswer.model_validate(each) for each in slots.values()]
