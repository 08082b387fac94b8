"""The kill switch: a workload goes into its safe state, and comes back."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.acts import ReasonBody, refusing
from samdrift_platform.control.dependencies import Body, TheGovernance, TheWorkloads, hosted
from samdrift_platform.control.workloads import WorkloadAnswer, answer_of

router = APIRouter(tags=["workloads"])


@router.post("/workloads/{name}/stop", openapi_extra=ReasonBody.described({"reason": "It marks healthy tissue."}))
def stop(name: str, body: Body, user: SignedIn, workloads: TheWorkloads, governance: TheGovernance) -> WorkloadAnswer:
    """No model decides here from now on: what is safe without one is done. Anyone who is signed in may."""
    workload = hosted(workloads, name)
    reason = ReasonBody.read(body).reason
    with refusing():
        governance.stop(name, reason, actor=user.subject, now=datetime.now(UTC))
    return answer_of(workload, governance.stops())


@router.post("/workloads/{name}/resume", openapi_extra=ReasonBody.described({"reason": "Rolled back to version 2."}))
def resume(name: str, body: Body, user: SignedIn, workloads: TheWorkloads, governance: TheGovernance) -> WorkloadAnswer:
    """Let the workload work with its models again."""
    workload = hosted(workloads, name)
    reason = ReasonBody.read(body).reason
    with refusing():
        governance.resume(name, reason, actor=user.subject, now=datetime.now(UTC))
    return answer_of(workload, governance.stops())
