"""Health: whether this process lives, and whether the platform as a whole can work. No sign-in is needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response

from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import TheLedger
from samdrift_platform.ledger import processes
from samdrift_platform.ledger.database import Ledger, LedgerUnavailableError
from samdrift_platform.ledger.processes import Process

router = APIRouter(tags=["health"])

#: Processes without which submitted work does not move.
NEEDED = ("dispatcher", "delivery")
#: Shown beside them: without these new models wait for signature and evaluation, and submitted work goes on.
SHOWN = ("registry", "evaluator")
#: Processes that workloads bring are shown as well, until they were not heard of for so long.
FORGOTTEN = timedelta(days=1)


class Health(Answer):
    """This process lives."""

    model_config = example(alive=True)

    alive: bool


class Part(Answer):
    """One part of the platform."""

    model_config = example(name="dispatcher", ready=True, why="", detail={"in_flight": 1})

    name: str
    ready: bool
    #: What is missing.
    why: str
    detail: dict[str, Any]


class Readiness(Answer):
    """Whether work that is submitted now will be done."""

    model_config = example(ready=True, parts=[{"name": "ledger", "ready": True, "why": "", "detail": {}}])

    ready: bool
    parts: list[Part]


@router.get("/healthz")
async def healthz() -> Health:
    """Whether this process lives. Says nothing of the others, so that a supervisor restarts the right one."""
    return Health(alive=True)


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready; `parts` says why."}})
def readyz(ledger: TheLedger, response: Response) -> Readiness:
    """Whether the ledger answers and every needed process lives and is ready."""
    parts = list(_parts(ledger, datetime.now(UTC)))
    ready = all(part.ready for part in parts if part.name in ("ledger", *NEEDED))
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, parts=parts)


def _parts(ledger: Ledger, now: datetime) -> Iterator[Part]:
    try:
        with ledger.read() as connection:
            reported = {process.name: process for process in processes.all_of(connection)}
    except LedgerUnavailableError as error:
        yield Part(name="ledger", ready=False, why=error.message, detail={})
        return
    yield Part(name="ledger", ready=True, why="", detail={})
    for name in (*NEEDED, *SHOWN):
        yield _part(name, reported.get(name), now)
    for name in sorted(reported.keys() - {*NEEDED, *SHOWN}):
        if now - reported[name].seen_at < FORGOTTEN:  # what such a process tells in its detail is for who is signed in
            yield _part(name, reported[name], now).model_copy(update={"detail": {}})


def _part(name: str, process: Process | None, now: datetime) -> Part:
    if process is None:
        return Part(name=name, ready=False, why="It has not reported yet.", detail={})
    why = "" if process.ready else "It is starting, or cannot do its work."
    if not process.alive(now):
        why = f"It was last heard of {(now - process.seen_at).total_seconds():.0f} s ago."
    return Part(name=name, ready=not why, why=why, detail=dict(process.detail))
