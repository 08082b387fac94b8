"""The platform's processes, as they report themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import TheLedger
from samdrift_platform.ledger import processes

router = APIRouter(tags=["processes"])


class ProcessAnswer(Answer):
    """A process's last word."""

    model_config = example(
        name="dispatcher",
        pid=4242,
        started_at="2026-11-24T06:00:00Z",
        seen_at="2026-11-24T06:10:00Z",
        alive=True,
        ready=True,
        detail={"in_flight": 1},
    )

    name: str
    pid: int
    started_at: datetime
    seen_at: datetime
    #: It was heard of lately.
    alive: bool
    #: It can do its work.
    ready: bool
    detail: dict[str, Any]


class ProcessList(Answer):
    """Every process that ever reported."""

    processes: list[ProcessAnswer]


@router.get("/processes")
def list_processes(ledger: TheLedger) -> ProcessList:
    """Every process that ever reported, by name."""
    now = datetime.now(UTC)
    with ledger.read() as connection:
        found = processes.all_of(connection)
    return ProcessList(processes=[_answer(process, now) for process in found])


def _answer(process: processes.Process, now: datetime) -> ProcessAnswer:
    return ProcessAnswer(
        name=process.name,
        pid=process.pid,
        started_at=process.started_at,
        seen_at=process.seen_at,
        alive=process.alive(now),
        ready=process.ready,
        detail=dict(process.detail),
    )
