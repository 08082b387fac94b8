"""How far a shadow version agrees with what was served: shares with intervals, and mean differences of scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.proportions import proportion
from samdrift_platform.ledger.shadow_runs import RunState
from samdrift_platform.ledger.tables import scores, shadow_runs


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far two versions' values of one score lie apart."""

    #: Mean of the absolute differences, in the score's own unit.
    mean_absolute: float
    #: Items for which both gave the score.
    n: int


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A shadow version beside the champions of its time."""

    model: str
    version: int
    #: Runs that the shadow answered.
    n: int
    #: Runs that failed after all attempts, and runs still to be done.
    failed: int
    planned: int
    #: Share of the `n` with the same verdict and the same decisions, Wilson 95 %; None while n is 0.
    agreeing: Estimate | None
    #: By name of the score.
    differences: Mapping[str, Difference]


def agreement(connection: sa.Connection, model: str, version: int) -> Agreement:
    """All runs of a version in the shadow slot, summed up. Items of one submission count as independent."""
    mine = sa.and_(shadow_runs.c.model == model, shadow_runs.c.version == version)
    query = sa.select(shadow_runs.c.state, sa.func.count(), sa.func.sum(sa.cast(shadow_runs.c.agrees, sa.Integer)))
    counted = {
        state: (n, agreeing or 0) for state, n, agreeing in connection.execute(query.where(mine).group_by("state"))
    }
    n, agreeing = counted.get(RunState.DONE, (0, 0))
    return Agreement(
        model=model,
        version=version,
        n=n,
        failed=counted.get(RunState.FAILED, (0, 0))[0],
        planned=counted.get(RunState.PLANNED, (0, 0))[0],
        agreeing=proportion(agreeing, n) if n else None,
        differences=_differences(connection, model, version),
    )


def _differences(connection: sa.Connection, model: str, version: int) -> dict[str, Difference]:
    shadow, served = scores.alias("shadow"), scores.alias("served")
    same = sa.and_(
        served.c.item_id == shadow.c.item_id,
        served.c.model == shadow.c.model,
        served.c.name == shadow.c.name,
        served.c.slot == "champion",
    )
    query = (
        sa.select(shadow.c.name, sa.func.avg(sa.func.abs(shadow.c.value - served.c.value)), sa.func.count())
        .join(served, same)
        .where(shadow.c.model == model, shadow.c.version == version, shadow.c.slot == "shadow")
        .group_by(shadow.c.name)
        .order_by(shadow.c.name)
    )
    return {name: Difference(mean_absolute=mean, n=n) for name, mean, n in connection.execute(query)}
