from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from samdrift_platform.contract import Priority
from samdrift_platform.ledger import queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import AGEING, FAR_AWAY
from samdrift_platform.ledger.queue import COUNTED, MOST_ATTEMPTS, Claim, Head
from samdrift_testing.work import (
    LEASE,
    NOW,
    WORKLOAD,
    all_items,
    claim,
    claim_one,
    complete,
    expire,
    fail,
    item,
    look,
    seconds,
    submit,
)

AFTER_LEASE = NOW + LEASE + seconds(1)


def heads(ledger: Ledger, *workloads: str) -> list[Head]:
    with ledger.read() as connection:
        found = [queue.head(connection, name, now=NOW) for name in workloads or [WORKLOAD]]
    return [head for head in found if head is not None]


def age(ledger: Ledger, *, after: timedelta) -> int:
    with ledger.write() as connection:
        return queue.age(connection, now=NOW + after)


def references(claims: list[Claim]) -> list[str]:
    return [claimed.reference for claimed in claims]


def test_a_claim_says_all_that_a_worker_needs(ledger: Ledger) -> None:
    submit(ledger, "A", [item("x", NOW + seconds(60), number=7)])
    claimed = claim_one(ledger)
    assert (claimed.reference, claimed.tenant, claimed.payload) == ("x", "demo", {"number": 7})
    assert claimed.deadline == NOW + seconds(60)
    assert (claimed.attempt, claimed.fence) == (1, 1)
    found = look(ledger, claimed.id)
    assert (found.state, found.attempt, found.started_at) == ("running", 1, NOW)


def test_claims_come_by_urgency_then_deadline_then_arrival(ledger: Ledger) -> None:
    submit(ledger, "late", [item("ordinary"), item("ordinary, later")], priority=Priority.OPERATIONAL)
    submit(ledger, "soon", [item("due in an hour", NOW + seconds(3600)), item("due in a minute", NOW + seconds(60))])
    submit(ledger, "urgent", [item("clinical")], priority=Priority.CLINICAL)
    submit(ledger, "idle", [item("background", NOW + seconds(1))], priority=Priority.BACKGROUND)
    expected = ["clinical", "due in a minute", "due in an hour", "ordinary", "ordinary, later", "background"]
    assert references(claim(ledger, 10)) == expected


@pytest.mark.parametrize(("priority", "first"), [(Priority.CLINICAL, "urgent"), (Priority.OPERATIONAL, "early")])
def test_an_urgent_item_of_clinical_work_goes_before_every_deadline(
    ledger: Ledger, priority: Priority, first: str
) -> None:
    found = [item("early", NOW), replace(item("urgent", NOW + seconds(86_400)), urgent=True)]
    submit(ledger, "S", found, priority=priority)
    (claimed, *_) = claim(ledger)
    assert claimed.reference == first
    assert (claimed.urgency < Priority.CLINICAL) is (first == "urgent")


def test_a_batch_is_no_larger_than_asked_for_and_nothing_is_claimed_twice(ledger: Ledger) -> None:
    submit(ledger, "A", [item(f"x{n}") for n in range(5)])
    assert [references(claim(ledger, 2)) for _ in range(4)] == [["x0", "x1"], ["x2", "x3"], ["x4"], []]


def test_other_workloads_are_left_alone(ledger: Ledger) -> None:
    submit(ledger, "A", workload="counting")
    assert claim(ledger) == []
    assert references(claim(ledger, workload="counting")) == ["A/1"]


def test_an_item_that_failed_is_claimed_alone(ledger: Ledger) -> None:
    submit(ledger, "A", [item("bad"), item("good 1"), item("good 2")])
    fail(ledger, claim_one(ledger))
    later = NOW + seconds(5)
    assert references(claim(ledger, 10, now=later)) == ["bad"]
    assert references(claim(ledger, 10, now=later)) == ["good 1", "good 2"]


def test_an_item_that_failed_does_not_join_a_batch_of_fresh_ones(ledger: Ledger) -> None:
    submit(ledger, "A", [item("good", NOW + seconds(60)), item("bad")])
    (good, bad) = claim(ledger, 2)
    fail(ledger, bad)
    fail(ledger, good)
    submit(ledger, "B", [item("fresh", NOW + seconds(30)), item("fresh too")])
    later = NOW + seconds(5)
    assert references(claim(ledger, 10, now=later)) == ["fresh", "fresh too"]
    assert references(claim(ledger, 10, now=later)) == ["good"]
    assert references(claim(ledger, 10, now=later)) == ["bad"]


def test_eight_workers_at_once_never_hold_the_same_item(ledger: Ledger) -> None:
    submit(ledger, "A", [item(f"x{n}") for n in range(200)])
    barrier = Barrier(8)

    def work(number: int) -> list[str]:
        mine: list[str] = []
        barrier.wait(timeout=30)
        while claimed := claim(ledger, 1 + number % 3):
            mine += references(claimed)
        return mine

    with ThreadPoolExecutor(8) as pool:
        held = [name for mine in pool.map(work, range(8)) for name in mine]
    assert sorted(held) == sorted(f"x{n}" for n in range(200))


def test_a_lease_that_ran_out_returns_the_item_with_the_attempt_counted(ledger: Ledger) -> None:
    submit(ledger, "A")
    first = claim_one(ledger)
    assert expire(ledger, now=NOW + LEASE) == 0
    assert expire(ledger, now=AFTER_LEASE) == 1
    second = claim_one(ledger, now=AFTER_LEASE)
    assert (second.id, second.attempt) == (first.id, 2)
    assert second.fence > first.fence


def test_a_heartbeat_keeps_the_lease(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    with ledger.write() as connection:
        queue.extend(connection, [claimed], lease=LEASE, now=NOW + seconds(10))
    assert expire(ledger, now=AFTER_LEASE) == 0
    assert expire(ledger, now=AFTER_LEASE + seconds(10)) == 1


def test_a_zombie_can_neither_complete_nor_fail_nor_extend(ledger: Ledger) -> None:
    submit(ledger, "A")
    zombie = claim_one(ledger)
    expire(ledger, now=AFTER_LEASE)
    assert not complete(ledger, zombie, now=AFTER_LEASE), "returned, not yet claimed again"
    owner = claim_one(ledger, now=AFTER_LEASE)
    assert not complete(ledger, zombie, now=AFTER_LEASE)
    fail(ledger, zombie, now=AFTER_LEASE)
    with ledger.write() as connection:
        queue.extend(connection, [zombie], lease=timedelta(hours=1), now=AFTER_LEASE)
    found = look(ledger, owner.id)
    assert (found.state, found.reason, found.result) == ("running", None, {})
    assert expire(ledger, now=AFTER_LEASE + LEASE + seconds(1)) == 1, "the zombie did not prolong it"


def test_nothing_is_written_after_the_end(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    assert complete(ledger, claimed)
    assert not complete(ledger, claimed, result={"sum": 3})
    fail(ledger, claimed)
    found = look(ledger, claimed.id)
    assert (found.state, found.result) == ("done", {"sum": 2})


def test_an_item_that_kills_every_worker_fails_after_the_last_attempt(ledger: Ledger) -> None:
    submit(ledger, "A")
    now = NOW
    for attempt in range(1, MOST_ATTEMPTS + 1):
        claimed = claim_one(ledger, now=now)
        assert claimed.attempt == attempt
        now += LEASE + seconds(1)
        assert expire(ledger, now=now) == 1
    found = look(ledger, claimed.id)
    assert (found.state, found.finished_at) == ("failed", now)
    assert found.reason is not None
    assert str(MOST_ATTEMPTS) in found.reason
    assert claim(ledger, now=now + timedelta(days=1)) == []


def test_heads_tell_admission_what_waits(ledger: Ledger) -> None:
    submit(ledger, "A", [item("later"), item("soon", NOW + seconds(60))])
    submit(ledger, "B", [item("other")], workload="counting", priority=Priority.BACKGROUND)
    tally, count = heads(ledger, WORKLOAD, "counting", "nothing")
    assert (tally.workload, tally.urgency, tally.due, tally.fresh, tally.waiting) == (
        (WORKLOAD, 1, NOW + seconds(60), True, 2)
    )
    assert (count.workload, count.urgency, count.due, count.waiting) == ("counting", 3, FAR_AWAY, 1)
    fail(ledger, claim_one(ledger))
    assert [head.waiting for head in heads(ledger)] == [1], "the one that failed waits for its back-off"


def test_counting_what_waits_stops_where_it_no_longer_matters(ledger: Ledger) -> None:
    submit(ledger, "A", [item(f"x{n}") for n in range(COUNTED + 5)])
    assert heads(ledger)[0].waiting == COUNTED


def test_ageing_lifts_one_class_at_a_time_up_to_the_top(ledger: Ledger) -> None:
    submit(ledger, "A", priority=Priority.BACKGROUND)
    assert age(ledger, after=AGEING - seconds(1)) == 0
    seen = []
    for turn in range(1, 6):
        age(ledger, after=AGEING * turn)
        seen.append(heads(ledger)[0].urgency)
    assert seen == [2, 1, 0, 0, 0]
    assert all_items(ledger)[0].priority is Priority.BACKGROUND


def test_what_has_aged_to_the_top_is_not_overtaken_by_deadlines(ledger: Ledger) -> None:
    submit(ledger, "old", [item("old")], priority=Priority.BACKGROUND)
    for turn in range(1, 4):
        age(ledger, after=AGEING * turn)
    submit(ledger, "new", [item("new", NOW + AGEING * 4)], priority=Priority.CLINICAL, now=NOW + AGEING * 3)
    assert references(claim(ledger, 2, now=NOW + AGEING * 3)) == ["old", "new"]


def test_running_items_do_not_age(ledger: Ledger) -> None:
    submit(ledger, "A")
    claim_one(ledger)
    assert age(ledger, after=AGEING * 2) == 0


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_claim_of_several_takes_what_there_is(ledger: Ledger, number: int) -> None:
    if number:
        submit(ledger, "A", [item(f"x{n}") for n in range(number)])
    assert len(claim(ledger, 5)) == number
