"""What routes ask for: the parts that `create_app` put into the application's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Path, Query, Request

from samdrift_platform.contract import Workload
from samdrift_platform.errors import NotFoundError
from samdrift_platform.governance import Governance
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import Settings


def _ledger(request: Request) -> Ledger:
    found: Ledger = request.app.state.ledger
    return found


def _store(request: Request) -> ObjectStore:
    found: ObjectStore = request.app.state.store
    return found


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def _workloads(request: Request) -> Mapping[str, Workload]:
    found: Mapping[str, Workload] = request.app.state.workloads
    return found


def _governance(request: Request) -> Governance:
    found: Governance = request.app.state.governance
    return found


async def _body(request: Request) -> bytes:
    """The whole body, read after the sender is known and counted by `BodyLimit` on the way."""
    return await request.body()


TheLedger = Annotated[Ledger, Depends(_ledger)]
TheStore = Annotated[ObjectStore, Depends(_store)]
TheSettings = Annotated[Settings, Depends(_settings)]
TheWorkloads = Annotated[Mapping[str, Workload], Depends(_workloads)]
TheGovernance = Annotated[Governance, Depends(_governance)]
Body = Annotated[bytes, Depends(_body)]

#: MLflow's version number.
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]

#: Rows of one answer, and rows to leave out before them. Rows are counted in 64 bits by both databases.
Limit = Annotated[int, Query(ge=1, le=1000, description="Most rows in the answer.")]
Offset = Annotated[int, Query(ge=0, le=2**62, description="Rows to leave out first.")]


def hosted(workloads: Mapping[str, Workload], name: str) -> Workload:
    """The workload called `name`; NotFoundError says which there are."""
    if name not in workloads:
        known = ", ".join(sorted(workloads)) or "none"
        raise NotFoundError(f"There is no workload {name!r} here. Hosted: {known}.", field="workload")
    return workloads[name]
