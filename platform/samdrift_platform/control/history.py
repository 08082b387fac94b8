"""A model's history: who did what, and what was serving between which instants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fastapi import APIRouter

from samdrift_platform.contract import Workload
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import TheLedger, TheSettings, TheWorkloads
from samdrift_platform.control.version_answers import DIGEST
from samdrift_platform.evidence.history import history
from samdrift_registry.deployments import Slot
from samdrift_registry.statements import Kind

router = APIRouter(tags=["models"])


class HistoryEntry(Answer):
    """One act."""

    model_config = example(
        at="2026-11-24T05:59:30Z",
        who="karen",
        what="approved",
        subject="model:heat-forecast/3",
        version=3,
        told="as domain",
        statement=DIGEST,
    )

    at: datetime
    #: Sign-in subject, or "registry", "evaluator", "watch".
    who: str
    what: Kind
    subject: str
    #: Null: it was about a workload.
    version: int | None = None
    told: str
    #: Id of the signed statement.
    statement: str


class ServedInterval(Answer):
    """A version in a slot from one instant to another."""

    model_config = example(
        slot="champion",
        version=3,
        digest=DIGEST,
        share=1.0,
        since="2026-11-24T06:00:00Z",
        until=None,
        by="operator",
        reason="Better on cold days.",
        statement=DIGEST,
    )

    slot: Slot
    version: int
    digest: str
    share: float
    since: datetime
    #: Null: it serves there now.
    until: datetime | None = None
    by: str
    reason: str
    statement: str


class PausedInterval(Answer):
    """A workload in its safe state: no model decided meanwhile."""

    model_config = example(
        workload="heating",
        since="2026-11-24T07:00:00Z",
        until="2026-11-24T08:00:00Z",
        by="karen",
        reason="A cold school.",
    )

    workload: str
    since: datetime
    until: datetime | None = None
    by: str
    reason: str


class ModelHistory(Answer):
    """All of a registered model."""

    model_config = example(model="heat-forecast", entries=[], serving=[], pauses=[])

    model: str
    #: Oldest first.
    entries: list[HistoryEntry]
    #: By beginning.
    serving: list[ServedInterval]
    pauses: list[PausedInterval]


@router.get("/models/{name}/history")
def get_history(name: str, ledger: TheLedger, settings: TheSettings, workloads: TheWorkloads) -> ModelHistory:
    """Who did what with any version of the model, and what was serving when. Every signature is checked."""
    with ledger.read() as connection:
        found = history(connection, settings.home, name, workloads=users_of(workloads.values(), name))
    return ModelHistory.model_validate(found)


def users_of(workloads: Iterable[Workload], model: str) -> list[str]:
    """Names of the workloads that use `model`: when one is stopped, the model decides nothing there."""
    return [workload.name for workload in workloads if model in workload.models]
