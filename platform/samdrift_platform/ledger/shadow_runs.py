"""Shadow runs: items that a champion answered, to be scored by a shadow version too, and what came of it.

A run is planned in the transaction of the item's completion, so none is lost; it is claimed with a lease, so one that
dies comes back; `attempt` rises with every claim and is its token, so a late write is refused.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger import scores
from samdrift_platform.ledger.database import insert_new
from samdrift_platform.ledger.items import FAR_AWAY
from samdrift_platform.ledger.plain import plain_text
from samdrift_platform.ledger.queue import COUNTED, Claim, Head, with_objections
from samdrift_platform.ledger.tables import shadow_runs, work_items
from samdrift_platform.priority import Priority

if TYPE_CHECKING:
    from samdrift_registry.deployments import Deployment

#: Attempts of a run before it has failed.
MOST_ATTEMPTS = 3
#: Wait before a run that failed is tried again.
PAUSE = timedelta(seconds=5)
#: Relative difference within which two scores are the same number.
ROUNDING = 1e-6


#: A literal, so that both databases see that the partial index covers it.
_PLANNED = shadow_runs.c.state == sa.literal_column("'planned'")


class RunState(StrEnum):
    """Where a shadow run is."""

    #: Waits for the shadow, or is in its hands.
    PLANNED = "planned"
    #: The shadow answered.
    DONE = "done"
    #: It could not, after all attempts.
    FAILED = "failed"
    #: The version left the shadow slot first, or the person objected.
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a shadow found: compared, never returned to anyone."""

    verdict: str
    scores: Mapping[str, float]


def plan(
    connection: sa.Connection, workload: str, item_ids: Sequence[UUID], shadows: Sequence[Deployment], now: datetime
) -> None:
    """Have every item scored by every shadow; runs that are planned already stay as they are."""
    rows = [
        {
            "item_id": item_id,
            "workload": workload,
            "model": shadow.model,
            "version": shadow.version,
            "digest": shadow.digest,
            "state": RunState.PLANNED,
            "planned_at": now,
        }
        for item_id in item_ids
        for shadow in shadows
    ]
    insert_new(connection, shadow_runs, rows)


def head(connection: sa.Connection, queue: str, workload: str, shadow: Deployment, *, now: datetime) -> Head | None:
    """The first run that waits for `shadow`, under the name `queue`: in the lowest class, and it never rises."""
    waiting = _waiting(workload, shadow, now)
    columns = (shadow_runs.c.seq, shadow_runs.c.attempt)
    first = connection.execute(waiting.with_only_columns(*columns).limit(1)).first()
    if first is None:
        return None
    counted = waiting.with_only_columns(shadow_runs.c.seq).order_by(None).limit(COUNTED).subquery()
    number = connection.execute(sa.select(sa.func.count()).select_from(counted)).scalar_one()
    return Head(
        workload=queue,
        urgency=Priority.BACKGROUND,
        due=FAR_AWAY,
        seq=first.seq,
        fresh=first.attempt == 0,
        waiting=number,
    )


def claim(
    connection: sa.Connection, workload: str, shadow: Deployment, *, limit: int, lease: timedelta, now: datetime
) -> list[Claim]:
    """Take up to `limit` runs, oldest first; one that was tried before is taken alone. `fence` is the attempt.

    Runs about people who have objected meanwhile are withdrawn instead.
    """
    waiting = _waiting(workload, shadow, now)
    if limit > 1:
        first = connection.execute(waiting.with_only_columns(shadow_runs.c.attempt).limit(1)).first()
        fresh = first is not None and first.attempt == 0
        waiting, limit = (waiting.where(shadow_runs.c.attempt == 0), limit) if fresh else (waiting, 1)
    chosen = waiting.with_only_columns(shadow_runs.c.seq).limit(limit).with_for_update(skip_locked=True).cte("chosen")
    taken = (
        sa.update(shadow_runs)
        .where(shadow_runs.c.seq.in_(sa.select(chosen.c.seq)))
        .values(attempt=shadow_runs.c.attempt + 1, lease_until=now + lease)
        .returning(shadow_runs.c.item_id, shadow_runs.c.attempt)
    )
    attempts: dict[UUID, int] = {row.item_id: row.attempt for row in connection.execute(taken)}
    claims = with_objections(connection, workload, _claims(connection, attempts))
    objected = sa.and_(_PLANNED, shadow_runs.c.item_id.in_([claim.id for claim in claims if claim.objected]))
    _end(connection, objected, RunState.WITHDRAWN, "The person has objected to automated processing.", now)
    return [claim for claim in claims if not claim.objected]


def extend(
    connection: sa.Connection, shadow: Deployment, claims: Sequence[Claim], *, lease: timedelta, now: datetime
) -> None:
    """Heartbeat: keep the leases that are still ours."""
    for claimed in claims:
        _guarded(connection, shadow, claimed, {"lease_until": now + lease})


def complete(
    connection: sa.Connection,
    shadow: Deployment,
    answered: Sequence[tuple[Claim, Answer]],
    *,
    now: datetime,
) -> list[Claim]:
    """Record what the shadow found beside what was served; the claims that were no longer ours."""
    late = []
    for claimed, answer in answered:
        agrees = _agrees(connection, claimed.id, shadow.model, answer)
        done = {"state": RunState.DONE, "agrees": agrees, "error": None, "lease_until": None, "finished_at": now}
        if _guarded(connection, shadow, claimed, done):
            scores.add(connection, scores.rows(claimed.id, [shadow], answer.scores, now))
        else:
            late.append(claimed)
    return late


def fail(connection: sa.Connection, shadow: Deployment, claims: Sequence[Claim], error: str, *, now: datetime) -> None:
    """Give runs back, to be tried again later and alone; after all attempts they failed. Nothing else is touched."""
    for claimed in claims:
        values: dict[str, Any] = {"error": plain_text(error), "lease_until": now + PAUSE}
        if claimed.attempt >= MOST_ATTEMPTS:
            values |= {"state": RunState.FAILED, "lease_until": None, "finished_at": now}
        _guarded(connection, shadow, claimed, values)


def give_up(connection: sa.Connection, *, now: datetime) -> None:
    """End runs over which their process stopped without a word, after all attempts."""
    spent = sa.and_(_PLANNED, shadow_runs.c.attempt >= MOST_ATTEMPTS, shadow_runs.c.lease_until < now)
    _end(connection, spent, RunState.FAILED, f"The shadow's process stopped {MOST_ATTEMPTS} times over this item.", now)


def withdraw(connection: sa.Connection, in_shadow: Collection[Deployment], *, now: datetime) -> None:
    """End runs whose version is no longer among those `in_shadow`."""
    present = [(shadow.model, shadow.version) for shadow in in_shadow]
    left = sa.tuple_(shadow_runs.c.model, shadow_runs.c.version).not_in(present) if present else sa.true()
    _end(connection, sa.and_(_PLANNED, left), RunState.WITHDRAWN, "The version left the shadow slot first.", now)


def _end(connection: sa.Connection, which: sa.ColumnElement[bool], state: RunState, error: str, now: datetime) -> None:
    values = {"state": state, "error": error, "lease_until": None, "finished_at": now}
    connection.execute(sa.update(shadow_runs).where(which).values(**values))


def _of(shadow: Deployment) -> sa.ColumnElement[bool]:
    return sa.and_(shadow_runs.c.model == shadow.model, shadow_runs.c.version == shadow.version)


def _waiting(workload: str, shadow: Deployment, now: datetime) -> sa.Select[Any]:
    free = sa.or_(shadow_runs.c.lease_until.is_(None), shadow_runs.c.lease_until < now)
    mine = sa.and_(shadow_runs.c.workload == workload, _PLANNED, _of(shadow), shadow_runs.c.attempt < MOST_ATTEMPTS)
    return sa.select(shadow_runs).where(mine, free).order_by(shadow_runs.c.seq)


def _claims(connection: sa.Connection, attempts: Mapping[UUID, int]) -> list[Claim]:
    columns = [work_items.c[name] for name in ("id", "tenant", "reference", "payload", "deadline", "salt", "subject")]
    query = sa.select(*columns).where(work_items.c.id.in_(list(attempts))).order_by(work_items.c.seq)
    return [
        Claim(**row, attempt=attempts[row["id"]], fence=attempts[row["id"]])
        for row in connection.execute(query).mappings()
    ]


def _guarded(connection: sa.Connection, shadow: Deployment, claimed: Claim, values: Mapping[str, Any]) -> bool:
    ours = sa.and_(
        shadow_runs.c.item_id == claimed.id,
        shadow_runs.c.state == RunState.PLANNED,
        shadow_runs.c.attempt == claimed.fence,
        _of(shadow),
    )
    return connection.execute(sa.update(shadow_runs).where(ours).values(**values)).rowcount == 1


def _agrees(connection: sa.Connection, item_id: UUID, model: str, answer: Answer) -> bool:
    served = connection.execute(sa.select(work_items.c.verdict).where(work_items.c.id == item_id)).scalar_one()
    return served == answer.verdict and same_decision(scores.of_item(connection, item_id, model, "champion"), answer)


def same_decision(served: Mapping[str, float], answer: Answer) -> bool:
    """Whether a shadow's scores mean what was served.

    A score that the workload gives as an int is a decision (one reading or two, a plan or none) and must be the same.
    Any other is a measurement: two models never agree to the last digit, so how far they lie apart is told by
    `agreement`.
    """
    decided = {name: value for name, value in answer.scores.items() if isinstance(value, int)}
    same = (math.isclose(value, served.get(name, math.nan), rel_tol=ROUNDING) for name, value in decided.items())
    return served.keys() == answer.scores.keys() and all(same)
