"""The watch after release: do the scores of what serves still look as they did, and do they still mean what they say?

For every champion and every score: the first items that it decided against those of the last four weeks (population
stability, Kolmogorov-Smirnov), and its residuals wherever truth has arrived (cumulative sum). What moved opens an alarm
once, and where the policy says so the workload goes into its safe state. A look changes nothing else, so it may be
taken twice, or be killed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samdrift_evaluation.cusum import residual_cusum
from samdrift_evaluation.drift import Drift, Drifted, kolmogorov_smirnov, population_stability
from samdrift_evaluation.estimate import TooFew
from samdrift_evaluation.gate_policy import AlarmAction, Watch
from samdrift_platform.governance.policies import kept_policy
from samdrift_platform.ledger import truths
from samdrift_platform.ledger.tables import scores
from samdrift_registry.deployments import Deployment, Slot
from samdrift_registry.statements import model_subject

if TYPE_CHECKING:
    from samdrift_platform.contract import Workload
    from samdrift_platform.governance import Governance
    from samdrift_platform.ledger.database import Ledger

ACTOR = "watch"
#: Items from the first on that say how scores look when all is well.
REFERENCE = 500
#: What is compared with them, and how much of it at most.
WINDOW, MOST = timedelta(days=28), 5000


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one measure said about one score of one champion."""

    deployment: Deployment
    workload: str
    score: str
    #: "population stability", "Kolmogorov-Smirnov", "residuals"
    measure: str
    found: Drifted
    alarm: bool

    def __str__(self) -> str:
        """A sentence for a person, the same for the same finding."""
        subject = f"{self.deployment.model} version {self.deployment.version}, {self.score}, {self.measure}"
        if isinstance(self.found, TooFew):
            return f"{subject}: {self.found}"
        moved = "has moved" if self.alarm else "as before"
        threshold = f"threshold {self.found.threshold:.3g}, {self.found.source}"
        return f"{subject}: {moved}: {self.found.size}, p = {self.found.p_value:.2g} ({threshold})"


def watch(
    ledger: Ledger, governance: Governance, home: Path, workloads: Mapping[str, Workload], *, now: datetime
) -> list[Look]:
    """Look at every champion that one of `workloads` uses; raise alarms and stop workloads as the policies say.

    Raises:
        NotProvenError: a policy's file in `home` is not the one that was adopted.
    """
    looks, rules = [], governance.policies()
    for (model, slot), deployment in governance.deployments().items():
        workload = next((each for each in workloads.values() if model in each.models), None)
        if slot is Slot.CHAMPION and workload is not None:
            chosen = kept_policy(home, rules[workload.models[model].policy]).watch
            found = list(_looks(ledger, deployment, workload.name, chosen, now))
            _act(governance, found, chosen.alarm_action, now)
            looks += found
    return looks


def _looks(ledger: Ledger, deployment: Deployment, workload: str, policy: Watch, now: datetime) -> Iterator[Look]:
    with ledger.read() as connection:
        for name in _names(connection, deployment):
            before = _scores(connection, deployment, name, oldest_first=True)[:REFERENCE]
            since = max(now - WINDOW, before[-1][0]) if before else now
            latest = _scores(connection, deployment, name, oldest_first=False, since=since)
            for measure, found, alarm in _measures([value for _, value in before], latest, policy):
                yield _look(deployment, workload, name, measure, found, alarm=alarm)
            if (residuals := _residuals(connection, deployment, name)) is not None:
                yield _look(deployment, workload, name, "residuals", residuals, alarm=_alarming(residuals))


def _look(deployment: Deployment, workload: str, score: str, measure: str, found: Drifted, *, alarm: bool) -> Look:
    return Look(deployment=deployment, workload=workload, score=score, measure=measure, found=found, alarm=alarm)


def _measures(
    before: Sequence[float], latest: Sequence[tuple[datetime, float]], policy: Watch
) -> Iterator[tuple[str, Drifted, bool]]:
    """Both measures, or the statement that there are too few scores for either."""
    now = [value for _, value in latest]
    if min(len(before), len(now)) < policy.least:
        few = TooFew(n=min(len(before), len(now)), reason=f"at least {policy.least} are needed both before and now")
        yield "population stability", few, False
        return
    stability = population_stability(before, now)
    large = isinstance(stability, Drift) and stability.alarm and stability.statistic > policy.psi
    yield "population stability", stability, large
    distance = kolmogorov_smirnov(before, now, alpha=policy.ks_p)
    yield "Kolmogorov-Smirnov", distance, _alarming(distance)


def _alarming(found: Drifted) -> bool:
    return isinstance(found, Drift) and found.alarm


def _residuals(connection: sa.Connection, deployment: Deployment, name: str) -> Drifted | None:
    """Truth less score, in the order in which truth was observed: its first half against its second; None: no truth."""
    known = truths.judged(connection, deployment.model, name, since=deployment.made_at)
    mine = sorted((each for each in known if each.version == deployment.version), key=lambda each: each.observed_at)
    if not mine:
        return None
    residuals = [each.truth - each.value for each in mine]
    half = len(residuals) // 2
    if half < 1:
        return TooFew(n=len(residuals), reason="at least two truths are needed")
    return residual_cusum(residuals[:half], residuals[half:])


def _names(connection: sa.Connection, deployment: Deployment) -> list[str]:
    query = sa.select(scores.c.name).where(_of(deployment)).distinct().order_by(scores.c.name)
    return list(connection.execute(query).scalars())


def _scores(
    connection: sa.Connection,
    deployment: Deployment,
    name: str,
    *,
    oldest_first: bool,
    since: datetime | None = None,
) -> list[tuple[datetime, float]]:
    """At most MOST scores of that name since the deployment, or later than `since`."""
    order = scores.c.seq if oldest_first else scores.c.seq.desc()
    later = scores.c.recorded_at >= deployment.made_at if since is None else scores.c.recorded_at > since
    query = sa.select(scores.c.recorded_at, scores.c.value).where(_of(deployment), scores.c.name == name, later)
    return [(at, value) for at, value in connection.execute(query.order_by(order).limit(MOST))]


def _of(deployment: Deployment) -> sa.ColumnElement[bool]:
    return sa.and_(
        scores.c.model == deployment.model,
        scores.c.version == deployment.version,
        scores.c.slot == str(Slot.CHAMPION),
    )


def _act(governance: Governance, looks: Sequence[Look], action: AlarmAction, now: datetime) -> None:
    """One open alarm a champion, score and measure; the safe state where the policy says so."""
    alarming = [look for look in looks if look.alarm]
    still_open = {(each.subject, each.code) for each in governance.alarms() if each.settled is None}
    for look in alarming:
        subject = model_subject(look.deployment.model, look.deployment.version)
        code = f"drift: {look.score}, {look.measure}"
        if (subject, code) not in still_open:
            governance.alarm(subject, code, str(look), _figures(look), actor=ACTOR, now=now)
    if alarming and action is AlarmAction.STOP:
        governance.stop(alarming[0].workload, f"Drift: {alarming[0]}", actor=ACTOR, now=now)


def _figures(look: Look) -> dict[str, str | float | int]:
    if isinstance(look.found, TooFew):
        return {"n": look.found.n}
    size = look.found.size
    return {
        "statistic": look.found.statistic,
        "threshold": look.found.threshold,
        "low": size.low,
        "high": size.high,
        "n": size.n,
        "p_value": look.found.p_value,
    }
