"""Shadow runs: planned with the completion, leased, tried again, compared; and never in the way of the item."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.contract import Benefit, Outcome, Priority, Verdict
from samdrift_platform.ledger import audit, benefits, canaries, endings, scores, shadow_runs
from samdrift_platform.ledger.agreement import Agreement, agreement
from samdrift_platform.ledger.canaries import CanaryFailure
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.queue import Claim, Head
from samdrift_platform.ledger.shadow_runs import MOST_ATTEMPTS, PAUSE, Answer, same_decision
from samdrift_platform.ledger.tables import shadow_runs as table
from samdrift_platform.lines import ShadowLine
from samdrift_registry.deployments import Deployment, Slot
from samdrift_testing.tallying import Tallying
from samdrift_testing.work import (
    LEASE,
    NOW,
    TALLY,
    WORKLOAD,
    claim_one,
    completion,
    deployed,
    look,
    seconds,
    submit,
    undone,
)

SHADOW = deployed("tally", 2, Slot.SHADOW)
OTHER = deployed("tally", 3, Slot.SHADOW)
LINE = ShadowLine(Tallying(), SHADOW)


def answered(ledger: Ledger, name: str = "a", shadows: tuple[Deployment, ...] = (SHADOW,), **made: Any) -> UUID:
    """An item that the champion (or what `made` says) has answered; its id."""
    submit(ledger, name)
    claimed = claim_one(ledger)
    made = {"scores": {"number": 1.5, "small": 1.0}} | made
    with ledger.write() as connection:
        finished = [(claimed, completion(claimed.reference, **made))]
        assert endings.complete(connection, WORKLOAD, finished, shadows=shadows, now=NOW) == []
    return claimed.id


def head(ledger: Ledger, now: datetime = NOW) -> Head | None:
    with ledger.read() as connection:
        return LINE.head(connection, now=now)


def take(ledger: Ledger, limit: int = 10, now: datetime = NOW) -> list[Claim]:
    with ledger.write() as connection:
        return LINE.claim(connection, worker="test", limit=limit, lease=LEASE, now=now)


def answer(ledger: Ledger, claimed: Claim, verdict: Verdict = Verdict.DONE, **values: float) -> bool:
    """Whether the shadow's answer was taken."""
    outcome = Outcome(reference=claimed.reference, verdict=verdict, result={"secret": "shadow"})
    cost = Benefit(measure="cpu_time", quantity=1.0, unit="s", method="shadow run: measured")
    made = Completion(outcome=outcome, scores=values, spent=[cost], saved=[cost])
    with ledger.write() as connection:
        return not LINE.complete(connection, [(claimed, made)], now=NOW)


def fail(ledger: Ledger, claimed: Claim, now: datetime = NOW) -> None:
    with ledger.write() as connection:
        LINE.fail(connection, [claimed], "it raised", now=now)


def rows(ledger: Ledger) -> list[tuple[Any, ...]]:
    with ledger.read() as connection:
        query = sa.select(table.c.version, table.c.state, table.c.attempt, table.c.agrees)
        return [tuple(row) for row in connection.execute(query.order_by(table.c.seq))]


def summed(ledger: Ledger, version: int = 2) -> Agreement:
    with ledger.read() as connection:
        return agreement(connection, "tally", version)


def test_a_run_for_each_shadow_is_planned_with_the_completion(ledger: Ledger) -> None:
    answered(ledger, shadows=(SHADOW, OTHER))
    assert rows(ledger) == [(2, "planned", 0, None), (3, "planned", 0, None)]


def test_a_completion_that_is_undone_plans_nothing(ledger: Ledger) -> None:
    submit(ledger, "a")
    claimed = claim_one(ledger)
    with undone(ledger) as connection:
        endings.complete(connection, WORKLOAD, [(claimed, completion("a/1"))], shadows=[SHADOW], now=NOW)
    assert rows(ledger) == []


@pytest.mark.parametrize(
    "made",
    [
        {"decided_by": [deployed("tally", 5, Slot.CANARY)]},
        {"decided_by": [TALLY, deployed("judge", 5, Slot.CANARY)]},
        {"decided_by": [], "safe": True},
    ],
    ids=["a canary", "a canary beside a champion", "the safe state"],
)
def test_only_what_champions_answered_is_shadowed(ledger: Ledger, made: Mapping[str, Any]) -> None:
    answered(ledger, **made)
    assert rows(ledger) == []


def test_a_late_write_plans_nothing(ledger: Ledger) -> None:
    submit(ledger, "a")
    claimed = claim_one(ledger)
    with ledger.write() as connection:
        endings.cancel(connection, claimed.id, actor="olga", now=NOW)
        late = endings.complete(connection, WORKLOAD, [(claimed, completion("a/1"))], shadows=[SHADOW], now=NOW)
    assert late == [claimed]
    assert rows(ledger) == []


def test_runs_wait_in_the_lowest_class_and_are_taken_oldest_first(ledger: Ledger) -> None:
    assert head(ledger) is None
    ids = [answered(ledger, name) for name in "abc"]
    found = head(ledger)
    assert found is not None
    assert (found.workload, found.urgency, found.fresh, found.waiting) == (LINE.name, Priority.BACKGROUND, True, 3)
    assert [claimed.id for claimed in take(ledger, 2)] == ids[:2]
    assert [claimed.id for claimed in take(ledger)] == ids[2:]
    assert take(ledger) == []


def test_an_answer_is_compared_and_nothing_else_of_it_is_kept(ledger: Ledger) -> None:
    identifier = answered(ledger)
    before = look(ledger, identifier)
    (claimed,) = take(ledger)
    assert answer(ledger, claimed, number=3.0, small=1)
    assert look(ledger, identifier) == before
    assert rows(ledger) == [(2, "done", 1, True)]
    with ledger.read() as connection:
        assert scores.of_item(connection, identifier, "tally", "shadow") == {"number": 3.0, "small": 1.0}
        assert {(total.kind, total.method) for total in benefits.totals(connection)} == {
            ("spent", "shadow run: measured")
        }


@pytest.mark.parametrize(
    ("verdict", "values"),
    [
        (Verdict.REJECTED, {"number": 1.5, "small": 1}),
        (Verdict.DONE, {"number": 1.5, "small": 0}),
        (Verdict.DONE, {"number": 1.5}),
        (Verdict.DONE, {"number": 1.5, "small": 1, "more": 1.0}),
    ],
)
def test_another_verdict_or_decision_does_not_agree(
    ledger: Ledger, verdict: Verdict, values: Mapping[str, float]
) -> None:
    answered(ledger)
    (claimed,) = take(ledger)
    answer(ledger, claimed, verdict, **values)
    assert rows(ledger) == [(2, "done", 1, False)]


def test_agreement_sums_up_with_an_interval(ledger: Ledger) -> None:
    assert (summed(ledger).n, summed(ledger).agreeing) == (0, None)
    for name in "abcd":
        answered(ledger, name)
    for claimed, number in zip(take(ledger), (1.5, 2.5, 0.5), strict=False):
        answer(ledger, claimed, number=number, small=int(number < 2))
    found = summed(ledger)
    assert (found.n, found.planned, found.failed) == (3, 1, 0)
    assert found.agreeing is not None
    assert (found.agreeing.value, found.agreeing.n, found.agreeing.method) == (2 / 3, 3, "Wilson score")
    assert found.agreeing.low == pytest.approx(0.2077, abs=1e-4)  # Wilson's formula by hand
    assert found.agreeing.high == pytest.approx(0.9385, abs=1e-4)
    apart = found.differences["number"]
    assert apart.mean_absolute == pytest.approx(2 / 3)
    assert apart.n == 3


def test_a_run_that_failed_is_tried_again_alone_until_it_has_failed(ledger: Ledger) -> None:
    identifier = answered(ledger, "a")
    before = look(ledger, identifier)
    now = NOW
    for attempt in range(1, MOST_ATTEMPTS + 1):
        (claimed,) = take(ledger, now=now)
        assert (claimed.id, claimed.attempt) == (identifier, attempt)
        fail(ledger, claimed, now)
        assert take(ledger, now=now) == [], "not at once"
        now += PAUSE + seconds(1)
    assert rows(ledger) == [(2, "failed", MOST_ATTEMPTS, None)]
    assert look(ledger, identifier) == before
    assert summed(ledger).failed == 1


def test_a_run_that_failed_is_kept_apart_from_those_behind_it(ledger: Ledger) -> None:
    first = answered(ledger, "a")
    (claimed,) = take(ledger)
    fail(ledger, claimed)
    others = [answered(ledger, name) for name in "bc"]
    now = NOW + PAUSE + seconds(1)
    assert [claimed.id for claimed in take(ledger, now=now)] == [first]
    assert [claimed.id for claimed in take(ledger, now=now)] == others


def test_a_run_whose_process_was_killed_comes_back_and_is_given_up_in_the_end(ledger: Ledger) -> None:
    answered(ledger)
    now = NOW
    for _ in range(MOST_ATTEMPTS):
        assert len(take(ledger, now=now)) == 1
        assert take(ledger, now=now + LEASE) == []
        now += LEASE + seconds(1)
    assert take(ledger, now=now) == []
    with ledger.write() as connection:
        shadow_runs.give_up(connection, now=now)
    assert rows(ledger) == [(2, "failed", MOST_ATTEMPTS, None)]


def test_a_heartbeat_keeps_the_lease(ledger: Ledger) -> None:
    answered(ledger)
    claims = take(ledger)
    with ledger.write() as connection:
        LINE.extend(connection, claims, lease=LEASE, now=NOW + seconds(10))
    assert take(ledger, now=NOW + LEASE + seconds(1)) == []


def test_the_answer_of_an_earlier_attempt_is_refused(ledger: Ledger) -> None:
    answered(ledger)
    (first,) = take(ledger)
    later = NOW + LEASE + seconds(1)
    (second,) = take(ledger, now=later)
    assert not answer(ledger, first, number=9.0, small=0)
    assert answer(ledger, second, number=1.5, small=1)
    assert rows(ledger) == [(2, "done", 2, True)]
    with ledger.read() as connection:
        assert [total.quantity for total in benefits.totals(connection)] == [1.0], "late ones cost nothing twice"


def test_runs_of_a_version_that_has_left_its_slot_are_withdrawn(ledger: Ledger) -> None:
    answered(ledger, shadows=(SHADOW, OTHER))
    with ledger.write() as connection:
        shadow_runs.withdraw(connection, [OTHER], now=NOW)
    assert rows(ledger) == [(2, "withdrawn", 0, None), (3, "planned", 0, None)]
    with ledger.write() as connection:
        shadow_runs.withdraw(connection, [], now=NOW)
    assert [state for _, state, *_ in rows(ledger)] == ["withdrawn"] * 2


@given(st.dictionaries(st.sampled_from("abc"), st.floats(-1e6, 1e6)), st.floats(-1e6, 1e6))
def test_measurements_may_differ_and_decisions_may_not(measured: dict[str, float], shift: float) -> None:
    served = {**measured, "decision": 1.0}
    shifted = {name: value + shift for name, value in measured.items()}
    assert same_decision(served, Answer(verdict="done", scores={**shifted, "decision": 1}))
    assert not same_decision(served, Answer(verdict="done", scores={**measured, "decision": 2}))


def test_scores_are_kept_under_each_version_that_decided(ledger: Ledger) -> None:
    judge = deployed("judge", 7, Slot.CANARY)
    identifier = answered(ledger, decided_by=[TALLY, judge], scores={"number": 1.5})
    with ledger.read() as connection:
        assert scores.of_item(connection, identifier, "tally", "champion") == {"number": 1.5}
        assert scores.of_item(connection, identifier, "judge", "canary") == {"number": 1.5}
    assert look(ledger, identifier).models == {"tally": "1@sha256:ab", "judge": "7@sha256:ab"}


def test_where_the_champion_stood_in_for_a_canary_is_in_the_chain_and_counted(ledger: Ledger) -> None:
    canary = deployed("tally", 5, Slot.CANARY)
    identifier = answered(ledger, canary_failure=CanaryFailure(canary=canary, error="ValueError"))
    answered(ledger, "b")
    with ledger.read() as connection:
        assert canaries.failures(connection, "tally", 5) == 1
        assert canaries.failures(connection, "tally", 5, since=NOW + seconds(1)) == 0
        assert canaries.failures(connection, "tally", 1) == 0
        (record,) = audit.events_of(connection, "model:tally/5")
    assert record.details == {"item": str(identifier), "digest": "sha256:ab", "error": "ValueError"}
