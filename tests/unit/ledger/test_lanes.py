from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread

import pytest

from samdrift_platform.contract import Item
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import audit, lanes, queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.lanes import ALL_OPEN, Load, Openings
from samdrift_testing.work import LEASE, NOW, WORKLOAD, complete, fail, item, seconds, submit


def laned(lane: str, *names: str, due_s: float = 60) -> list[Item]:
    return [replace(item(name, NOW + seconds(due_s)), lane=lane) for name in names]


def take(ledger: Ledger, limit: int = 1, openings: Openings = ALL_OPEN, *, after_s: float = 0) -> list[queue.Claim]:
    known = {"workload": WORKLOAD, "worker": "test", "lease": LEASE, "now": NOW + seconds(after_s)}
    with ledger.write() as connection:
        return queue.claim(connection, limit=limit, openings=openings, **known)  # type: ignore[arg-type]  # of several types


def names(claims: list[queue.Claim]) -> list[str]:
    return [claim.reference for claim in claims]


def pause(ledger: Ledger, lane: str) -> None:
    with ledger.write() as connection:
        lanes.pause(connection, WORKLOAD, lane, "the ERP system moves", actor="olga", now=NOW)


def resume(ledger: Ledger, lane: str) -> None:
    with ledger.write() as connection:
        lanes.resume(connection, WORKLOAD, lane, "it has moved", actor="olga", now=NOW)


def test_nothing_is_claimed_from_a_paused_lane_until_it_is_resumed(ledger: Ledger) -> None:
    submit(ledger, "S", [*laned("invoices", "first", due_s=1), *laned("letters", "second")])
    pause(ledger, "invoices")
    assert names(take(ledger)) == ["second"]
    assert take(ledger, 10) == []
    resume(ledger, "invoices")
    assert names(take(ledger)) == ["first"]


def test_a_lane_without_a_name_is_a_lane_too(ledger: Ledger) -> None:
    submit(ledger, "S", [item("first", NOW), *laned("letters", "second")])
    pause(ledger, "")
    assert names(take(ledger)) == ["second"]


def test_another_workloads_pause_does_not_count(ledger: Ledger) -> None:
    submit(ledger, "S", laned("invoices", "first"))
    with ledger.write() as connection:
        lanes.pause(connection, "elsewhere", "invoices", "why not", actor="olga", now=NOW)
    assert names(take(ledger)) == ["first"]


def test_a_batch_comes_from_the_lane_with_the_first_item(ledger: Ledger) -> None:
    submit(ledger, "S", [*laned("b", "b1", due_s=2), *laned("a", "a1", "a2", due_s=3), *laned("b", "b2", due_s=9)])
    assert [names(take(ledger, 10)) for _ in range(3)] == [["b1", "b2"], ["a1", "a2"], []]


def test_the_head_is_that_of_the_open_lanes(ledger: Ledger) -> None:
    submit(ledger, "S", [*laned("a", "a1", due_s=1), *laned("b", "b1", "b2", due_s=2), *laned("c", "c1", due_s=3)])
    pause(ledger, "a")
    with ledger.read() as connection:
        head = queue.head(connection, WORKLOAD, openings=Openings(closed=["c"]), now=NOW)
        assert head is not None
        assert (head.due, head.waiting) == (NOW + seconds(2), 2)
        assert queue.head(connection, WORKLOAD, openings=Openings(closed=["b", "c"]), now=NOW) is None


def test_an_item_that_failed_in_one_lane_does_not_keep_another_lane_waiting(ledger: Ledger) -> None:
    submit(ledger, "S", [*laned("a", "a1", due_s=1), *laned("b", "b1", "b2", due_s=2)])
    (first,) = take(ledger)
    fail(ledger, first)
    assert names(take(ledger, 10)) == ["b1", "b2"]  # it backs off
    submit(ledger, "T", laned("a", "a2", due_s=9))
    assert [names(take(ledger, 10, after_s=5)) for _ in range(2)] == [["a1"], ["a2"]]


def test_no_more_are_in_work_than_a_lane_allows(ledger: Ledger) -> None:
    submit(ledger, "S", [*laned("form", "f1", "f2", "f3", due_s=1), *laned("mail", "m1", "m2", due_s=2)])
    limits = Openings(most_at_once={"form": 2})
    first, second = take(ledger, 10, limits)
    assert [first.reference, second.reference] == ["f1", "f2"]
    assert names(take(ledger, 10, limits)) == ["m1", "m2"]
    assert take(ledger, 10, limits) == []
    complete(ledger, first)
    assert names(take(ledger, 10, limits)) == ["f3"]


def test_an_item_whose_effects_are_still_to_be_delivered_is_in_work(ledger: Ledger) -> None:
    submit(ledger, "S", laned("form", "f1", "f2"))
    (first,) = take(ledger, 1, Openings(most_at_once={"form": 1}))
    complete(ledger, first, steps=["fill in"])
    assert take(ledger, 1, Openings(most_at_once={"form": 1})) == []


def test_a_batch_of_a_lane_without_limit_holds_nothing_of_one_with(ledger: Ledger) -> None:
    submit(ledger, "S", [*laned("mail", "m1", due_s=1), *laned("form", "f1", due_s=2), *laned("mail", "m2", due_s=3)])
    limits = Openings(most_at_once={"form": 5})
    assert [names(take(ledger, 10, limits)) for _ in range(2)] == [["m1", "m2"], ["f1"]]


def test_the_head_of_a_lane_with_a_limit_waits_with_no_more_than_there_is_room_for(ledger: Ledger) -> None:
    submit(ledger, "S", laned("form", "f1", "f2", "f3"))
    with ledger.read() as connection:
        head = queue.head(connection, WORKLOAD, openings=Openings(most_at_once={"form": 2}), now=NOW)
    assert head is not None
    assert head.waiting == 2


def test_workers_at_once_keep_to_a_limit(ledger: Ledger) -> None:
    submit(ledger, "S", laned("form", *(f"f{n}" for n in range(20))))
    barrier, taken = Barrier(6), []

    def work() -> None:
        barrier.wait(timeout=30)
        taken.extend(names(take(ledger, 2, Openings(most_at_once={"form": 3}))))

    workers = [Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken) == ["f0", "f1", "f2"]


def test_pausing_and_resuming_are_audit_events_and_only_what_changes_something_is(ledger: Ledger) -> None:
    pause(ledger, "invoices")
    pause(ledger, "invoices")
    with ledger.read() as connection:
        (found,) = lanes.paused(connection, WORKLOAD).values()
    assert (found.paused_by, found.paused_at, found.reason) == ("olga", NOW, "the ERP system moves")
    resume(ledger, "invoices")
    with pytest.raises(ConflictError, match="not paused"):
        resume(ledger, "invoices")
    with ledger.read() as connection:
        events = audit.events_of(connection, f"lane:{WORKLOAD}/invoices")
        assert lanes.paused(connection, WORKLOAD) == {}
    assert [(each.action, each.actor) for each in events] == [("lane.paused", "olga"), ("lane.resumed", "olga")]


def test_loads_tell_what_waits_and_what_is_in_work(ledger: Ledger) -> None:
    submit(ledger, "S", [*laned("a", "a1", "a2", due_s=1), *laned("b", "b1", "b2"), item("no lane")])
    first, _ = take(ledger, 2)
    complete(ledger, first)
    with ledger.read() as connection:
        found = lanes.loads(connection, WORKLOAD)
    assert found == {"": Load(waiting=1), "a": Load(in_work=1), "b": Load(waiting=2)}
