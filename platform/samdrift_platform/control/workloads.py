"""Workloads: what can be submitted here, and in which form."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from samdrift_platform.contract import Workload
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import TheWorkloads, hosted

router = APIRouter(tags=["workloads"])


class WorkloadAnswer(Answer):
    """A workload that is hosted here."""

    model_config = example(
        name="heating",
        title={"da": "Varmeplaner", "en": "Heating plans"},
        priority="operational",
        models=["heat-forecast"],
        submission={"type": "object", "properties": {"building": {"type": "string"}}},
    )

    name: str
    #: By language.
    title: dict[str, str]
    #: Admission class.
    priority: str
    #: Registered names of the models that it uses.
    models: list[str]
    #: JSON schema of the document that a submission holds.
    submission: dict[str, Any]


class WorkloadList(Answer):
    """All workloads that are hosted here."""

    workloads: list[WorkloadAnswer]


@router.get("/workloads")
def list_workloads(workloads: TheWorkloads) -> WorkloadList:
    """What can be submitted here."""
    return WorkloadList(workloads=[_answer(workload) for workload in workloads.values()])


@router.get("/workloads/{name}")
def get_workload(name: str, workloads: TheWorkloads) -> WorkloadAnswer:
    """One workload, with the JSON schema of its documents."""
    return _answer(hosted(workloads, name))


def _answer(workload: Workload) -> WorkloadAnswer:
    return WorkloadAnswer(
        name=workload.name,
        title=dict(workload.title),
        priority=workload.priority.name.lower(),
        models=list(workload.models),
        submission=workload.submission.model_json_schema(),
    )
