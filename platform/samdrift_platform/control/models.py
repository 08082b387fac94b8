"""Models: which versions there are, where each stands, and which of them serve."""

from __future__ import annotations

from fastapi import APIRouter

from samdrift_platform.control.dependencies import TheGovernance, TheLedger, Version
from samdrift_platform.control.version_answers import DeploymentAnswer, ModelList, ModelVersion, ModelVersionDetail
from samdrift_platform.governance import Governance
from samdrift_platform.ledger.agreement import Agreement, agreement
from samdrift_platform.ledger.database import Ledger

router = APIRouter(tags=["models"])


@router.get("/models")
def list_models(governance: TheGovernance) -> ModelList:
    """All versions with their states, and which of them serve."""
    return ModelList(
        versions=[ModelVersion.of(stands) for stands in governance.standings()],
        serving=[DeploymentAnswer.model_validate(each) for each in governance.deployments().values()],
    )


@router.get("/models/{name}/versions/{version}")
def get_version(name: str, version: Version, governance: TheGovernance, ledger: TheLedger) -> ModelVersionDetail:
    """One version: its state, its evidence, and what it waits for."""
    return detail_of(governance, ledger, name, version)


def detail_of(governance: Governance, ledger: Ledger, name: str, version: int) -> ModelVersionDetail:
    """All about a version as an answer; VersionUnknownError (404)."""
    stands = governance.standing(name, version)
    return ModelVersionDetail.with_evidence(stands, compared(ledger, name, version))


def compared(ledger: Ledger, name: str, version: int) -> Agreement | None:
    """What the version did as a shadow; None when it never was one."""
    with ledger.read() as connection:
        found = agreement(connection, name, version)
    return found if found.n or found.failed or found.planned else None
