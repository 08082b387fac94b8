"""Lanes of a workload's queue: what waits in each, and pausing one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import StringConstraints

from samdrift_platform.contract import Workload
from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.acts import ReasonBody
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, TheLedger, TheWorkloads, hosted
from samdrift_platform.errors import NotFoundError
from samdrift_platform.lanes import Lane, lanes_of
from samdrift_platform.ledger import lanes
from samdrift_platform.ledger.lanes import Load, Pause

router = APIRouter(tags=["workloads"])

_PAUSE = {"reason": "The ERP system moves.", "paused_by": "olga", "paused_at": "2026-11-24T07:00:00Z"}


class LaneBody(ReasonBody):
    """Which lane, and why; empty: the items that stand in no lane."""

    lane: Annotated[str, StringConstraints(max_length=64)]


class PauseAnswer(Answer):
    """Who paused a lane, and why."""

    model_config = example(**_PAUSE)

    reason: str
    paused_by: str
    paused_at: datetime


class LaneAnswer(Answer):
    """A lane: a part of a workload's queue."""

    model_config = example(
        workload="rpa", lane="invoices", open=True, most_at_once=0, waiting=12, in_work=3, paused=_PAUSE
    )

    workload: str
    #: Empty: the items that stand in no lane.
    lane: str
    #: It is within its hours. What is paused is not claimed all the same.
    open: bool
    #: Items in work at the same time; 0: as many as fit.
    most_at_once: int
    #: Items that wait to be claimed.
    waiting: int
    #: Items that are claimed, or processed with effects still to be delivered.
    in_work: int
    #: Null: it is not paused.
    paused: PauseAnswer | None = None


class LaneList(Answer):
    """The lanes of a workload, by name: those that it declares, and those in which something waits or is in work."""

    lanes: list[LaneAnswer]


@router.get("/workloads/{name}/lanes")
def list_lanes(name: str, workloads: TheWorkloads, ledger: TheLedger) -> LaneList:
    """What waits in each lane, what is in work, and what is paused."""
    workload = hosted(workloads, name)
    with ledger.read() as connection:
        return LaneList(lanes=_answers(connection, workload, datetime.now(UTC)))


@router.post(
    "/workloads/{name}/lanes/pause",
    openapi_extra=LaneBody.described({"lane": "invoices", "reason": "The ERP system moves."}),
)
def pause(name: str, body: Body, user: SignedIn, workloads: TheWorkloads, ledger: TheLedger) -> LaneAnswer:
    """Claim nothing more from a lane until somebody resumes it. What was claimed is finished, effects included."""
    workload, sent, now = hosted(workloads, name), LaneBody.read(body), datetime.now(UTC)
    with ledger.write() as connection:
        _answer_about(connection, workload, sent.lane, now)
        lanes.pause(connection, name, sent.lane, sent.reason, actor=user.subject, now=now)
        return _answer_about(connection, workload, sent.lane, now)


@router.post(
    "/workloads/{name}/lanes/resume", openapi_extra=LaneBody.described({"lane": "invoices", "reason": "It has moved."})
)
def resume(name: str, body: Body, user: SignedIn, workloads: TheWorkloads, ledger: TheLedger) -> LaneAnswer:
    """Let a paused lane be claimed from again."""
    workload, sent, now = hosted(workloads, name), LaneBody.read(body), datetime.now(UTC)
    with ledger.write() as connection:
        answer = _answer_about(connection, workload, sent.lane, now)
        lanes.resume(connection, name, sent.lane, sent.reason, actor=user.subject, now=now)
    return answer.model_copy(update={"paused": None})


def _answer_about(connection: sa.Connection, workload: Workload, lane: str, now: datetime) -> LaneAnswer:
    answers = _answers(connection, workload, now)
    found = next((each for each in answers if each.lane == lane), None)
    if found is None:
        known = ", ".join(repr(each.lane) for each in answers) or "none"
        raise NotFoundError(f"{workload.name} has no lane {lane!r}, and nothing waits there. Lanes: {known}.")
    return found


def _answers(connection: sa.Connection, workload: Workload, now: datetime) -> list[LaneAnswer]:
    declared, paused = lanes_of(workload), lanes.paused(connection, workload.name)
    loads = lanes.loads(connection, workload.name)
    return [
        _answer(workload.name, name, declared.get(name, Lane()), loads.get(name, Load()), paused.get(name), now)
        for name in sorted({*declared, *paused, *loads})
    ]


def _answer(workload: str, name: str, lane: Lane, load: Load, paused: Pause | None, now: datetime) -> LaneAnswer:
    return LaneAnswer(
        workload=workload,
        lane=name,
        open=lane.is_open(now),
        most_at_once=lane.most_at_once,
        waiting=load.waiting,
        in_work=load.in_work,
        paused=None if paused is None else PauseAnswer.model_validate(paused),
    )
