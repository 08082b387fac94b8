"""Workloads: what can be submitted here, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from samdrift_platform.contract import Workload
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import TheGovernance, TheWorkloads, hosted
from samdrift_registry.lifecycle import Stop

router = APIRouter(tags=["workloads"])


class StopAnswer(Answer):
    """Why a workload is in its safe state, in which no model decides."""

    model_config = example(reason="It marks healthy tissue.", by="karen", since="2026-11-24T07:00:00Z")

    reason: str
    by: str
    since: datetime


class WorkloadAnswer(Answer):
    """A workload that is hosted here."""

    model_config = example(
        name="heating",
        title={"da": "Varmeplaner", "en": "Heating plans"},
        priority="operational",
        models=["heat-forecast"],
        stopped=None,
        submission={"type": "object", "properties": {"building": {"type": "string"}}},
    )

    name: str
    #: By language.
    title: dict[str, str]
    #: Admission class.
    priority: str
    #: Registered names of the models that it uses.
    models: list[str]
    #: Null: it works with its models.
    stopped: StopAnswer | None = None
    #: JSON schema of the document that a submission holds.
    submission: dict[str, Any]


class WorkloadList(Answer):
    """All workloads that are hosted here."""

    workloads: list[WorkloadAnswer]


@router.get("/workloads")
def list_workloads(workloads: TheWorkloads, governance: TheGovernance) -> WorkloadList:
    """What can be submitted here."""
    stops = governance.stops()
    return WorkloadList(workloads=[answer_of(workload, stops) for workload in workloads.values()])


@router.get("/workloads/{name}")
def get_workload(name: str, workloads: TheWorkloads, governance: TheGovernance) -> WorkloadAnswer:
    """One workload, with the JSON schema of its documents."""
    return answer_of(hosted(workloads, name), governance.stops())


def answer_of(workload: Workload, stops: Mapping[str, Stop]) -> WorkloadAnswer:
    """A workload as an answer; `stops` are those of all workloads."""
    stop = stops.get(workload.name)
    return WorkloadAnswer(
        name=workload.name,
        title=dict(workload.title),
        priority=workload.priority.name.lower(),
        models=list(workload.models),
        stopped=None if stop is None else StopAnswer.model_validate(stop),
        submission=workload.submission.model_json_schema(),
    )
