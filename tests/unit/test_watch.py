from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import numpy as np
import pytest
import sqlalchemy as sa

from samdrift_evaluation.estimate import TooFew
from samdrift_platform.contract import Item, ModelUse, Priority, Workload
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import items, submissions, truths
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.submissions import Request
from samdrift_platform.ledger.tables import scores
from samdrift_platform.watch import REFERENCE, Look, watch
from samdrift_testing import governed
from samdrift_testing.governing import POLICY, policy
from samdrift_testing.models import take_in, write_number
from samdrift_testing.work import NOW

MODEL = "oracle"


class Watched:
    """As much of a workload as the watch asks."""

    name = "oracle"
    models: Mapping[str, ModelUse] = {MODEL: ModelUse(suite="tests", policy=POLICY)}


@dataclass
class Site:
    """An installation with one champion and the scores that a test gives it."""

    ledger: Ledger
    home: Path
    governance: Governance

    def decide(self, values: Sequence[float], *, first_at: datetime, name: str = "score") -> list[UUID]:
        """As many items as values, a minute apart, each with its score."""
        reference = f"{name} from {first_at.isoformat()}"
        wanted = [Item(reference=f"{reference}/{number}", payload={}) for number in range(len(values))]
        request = Request(
            workload="oracle",
            tenant="demo",
            reference=reference,
            document={},
            items=wanted,
            priority=Priority.OPERATIONAL,
            submitted_by="ida",
        )
        with self.ledger.write() as connection:
            submission_id = submissions.submit(connection, request, now=first_at)[0]
            found = items.find(connection, submission_id=submission_id, limit=10_000)
            ids = [item.id for item in sorted(found, key=lambda item: int(item.reference.rsplit("/", 1)[1]))]
            rows = [
                {
                    "item_id": item_id,
                    "model": MODEL,
                    "version": 1,
                    "slot": "champion",
                    "name": name,
                    "value": float(value),
                    "recorded_at": first_at + timedelta(minutes=minute),
                }
                for minute, (item_id, value) in enumerate(zip(ids, values, strict=True))
            ]
            connection.execute(sa.insert(scores), rows)
        return ids

    def look(self, *, now: datetime) -> dict[tuple[str, str], Look]:
        workloads = {"oracle": cast(Workload, Watched())}
        looks = watch(self.ledger, self.governance, self.home, workloads, now=now)
        return {(look.score, look.measure): look for look in looks}

    @property
    def alarms(self) -> list[str]:
        return sorted(alarm.code for alarm in self.governance.alarms())


@pytest.fixture
def site_with(sqlite_ledger: Ledger, tmp_path: Path) -> Callable[..., Site]:
    def make(watch_part: str = "") -> Site:
        home = tmp_path / "home"
        governance = Governance(sqlite_ledger, home)
        governance.prepare([policy() + watch_part.encode()], now=NOW)
        digest = take_in(home, MODEL, 1, write_number(tmp_path / "model", 1.0))
        governed.serve(sqlite_ledger, home, MODEL, 1, digest, now=NOW)
        return Site(sqlite_ledger, home, governance)

    return make


LATER = NOW + timedelta(days=3)
NEXT_WEEK = NOW + timedelta(days=7)


def normal(count: int, *, mean: float = 0.0, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(mean, 1.0, count)


def test_nothing_is_said_of_a_champion_without_scores(site_with: Callable[..., Site]) -> None:
    assert site_with().look(now=NEXT_WEEK) == {}


def test_few_scores_are_said_to_be_few(site_with: Callable[..., Site]) -> None:
    site = site_with()
    site.decide(normal(40), first_at=NOW + timedelta(hours=1))
    look = site.look(now=NEXT_WEEK)["score", "population stability"]
    assert isinstance(look.found, TooFew)
    assert "too few" in str(look)
    assert not look.alarm


def test_scores_as_before_raise_no_alarm(site_with: Callable[..., Site]) -> None:
    site = site_with()
    site.decide(normal(REFERENCE), first_at=NOW + timedelta(hours=1))
    site.decide(normal(400, seed=1), first_at=LATER)
    looks = site.look(now=NEXT_WEEK)
    assert {measure for _, measure in looks} == {"population stability", "Kolmogorov-Smirnov"}
    assert not any(look.alarm for look in looks.values())
    assert site.alarms == []
    assert site.governance.stops() == {}


def test_scores_that_moved_open_one_alarm_a_measure_and_only_once(site_with: Callable[..., Site]) -> None:
    site = site_with()
    site.decide(normal(REFERENCE), first_at=NOW + timedelta(hours=1))
    site.decide(normal(400, mean=1.5, seed=1), first_at=LATER)
    assert all(look.alarm for look in site.look(now=NEXT_WEEK).values())
    site.decide(normal(10, mean=1.5, seed=2), first_at=LATER + timedelta(days=1))
    site.look(now=NEXT_WEEK + timedelta(days=1))
    assert site.alarms == ["drift: score, Kolmogorov-Smirnov", "drift: score, population stability"]
    assert site.governance.stops() == {}, "this policy only wants to know"


def test_an_alarm_that_was_settled_may_be_raised_again(site_with: Callable[..., Site]) -> None:
    site = site_with()
    site.decide(normal(REFERENCE), first_at=NOW + timedelta(hours=1))
    site.decide(normal(400, mean=1.5, seed=1), first_at=LATER)
    site.look(now=NEXT_WEEK)
    for alarm in site.governance.alarms():
        site.governance.settle(alarm.id, "known", "a new scanner", actor="operator", now=NEXT_WEEK)
    site.look(now=NEXT_WEEK + timedelta(hours=1))
    assert len(site.alarms) == 4


def test_the_policy_may_ask_for_the_safe_state(site_with: Callable[..., Site]) -> None:
    site = site_with("watch: {alarm_action: stop}\n")
    site.decide(normal(REFERENCE), first_at=NOW + timedelta(hours=1))
    site.decide(normal(400, mean=1.5, seed=1), first_at=LATER)
    site.look(now=NEXT_WEEK)
    assert "Drift" in site.governance.stops()["oracle"].reason


def test_old_scores_are_not_compared_for_ever(site_with: Callable[..., Site]) -> None:
    site = site_with()
    site.decide(normal(REFERENCE), first_at=NOW + timedelta(hours=1))
    site.decide(normal(400, mean=1.5, seed=1), first_at=LATER)
    much_later = NOW + timedelta(days=90)
    site.decide(normal(300, seed=2), first_at=much_later)
    assert not any(look.alarm for look in site.look(now=much_later + timedelta(days=1)).values())


@pytest.mark.parametrize(("bias", "alarm"), [(0.0, False), (1.5, True)])
def test_truth_that_arrives_tells_whether_scores_still_mean_the_same(
    site_with: Callable[..., Site], bias: float, alarm: bool
) -> None:
    site = site_with()
    values = normal(200)
    ids = site.decide(values, first_at=NOW + timedelta(hours=1))
    noise = normal(200, seed=5)
    with site.ledger.write() as connection:
        for number, (item_id, value) in enumerate(zip(ids, values, strict=True)):
            truth = float(value + noise[number] + (bias if number >= 100 else 0.0))
            observed = LATER + timedelta(hours=number)
            truths.record(
                connection,
                item_id,
                name="score",
                value=truth,
                source="meter",
                observed_at=observed,
                actor="ida",
                now=observed,
            )
    assert site.look(now=NOW + timedelta(days=20))["score", "residuals"].alarm is alarm


def test_a_truth_that_is_corrected_counts_once_as_corrected(site_with: Callable[..., Site]) -> None:
    site = site_with()
    (item_id,) = site.decide([0.5], first_at=NOW + timedelta(hours=1))
    for value in (0.0, 1.0):
        with site.ledger.write() as connection:
            truths.record(
                connection,
                item_id,
                name="score",
                value=value,
                source="histology",
                observed_at=LATER,
                actor="ida",
                now=LATER,
            )
    with site.ledger.read() as connection:
        (judged,) = truths.judged(connection, MODEL, "score", since=NOW)
    assert (judged.value, judged.truth) == (0.5, 1.0)
