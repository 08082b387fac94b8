from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.admission import Capacity, Grant, Offer, Running, admit
from samdrift_platform.contract import Priority
from samdrift_platform.ledger.items import AGEING, FAR_AWAY, URGENT
from samdrift_platform.ledger.queue import Head
from samdrift_testing.simulation import Kind, Simulation
from samdrift_testing.work import NOW

NAMES = ("a", "b", "c", "d")
#: Cores, counted in hundredths so that the oracle's sums are exact.
CPUS = st.sampled_from([10, 25, 33, 50, 100, 200, 400, 3200])
BELOW = (Priority.OPERATIONAL, Priority.ADMINISTRATIVE, Priority.BACKGROUND)


@st.composite
def offers(draw: st.DrawFn) -> dict[str, Offer]:
    return {
        name: Offer(
            priority=draw(st.sampled_from(Priority)),
            cpus=draw(CPUS) / 100,
            largest_batch=draw(st.integers(1, 64)),
            free_replicas=draw(st.integers(0, 4)),
            seconds_per_item=draw(st.none() | st.floats(1e-9, 100)),
        )
        for name in draw(st.sets(st.sampled_from(NAMES), min_size=1))
    }


@st.composite
def capacities(draw: st.DrawFn) -> Capacity:
    share = draw(st.floats(0, 1))
    return Capacity(
        cpus=float(draw(st.integers(1, 16))), reserved_clinical_share=share, chunk_s=draw(st.floats(0.1, 10))
    )


@st.composite
def heads_of(draw: st.DrawFn, offered: Mapping[str, Offer]) -> list[Head]:
    return [
        Head(
            workload=name,
            urgency=draw(st.integers(0, offer.priority)),
            due=draw(st.just(FAR_AWAY) | st.integers(0, 5).map(lambda hours: NOW + timedelta(hours=hours))),
            seq=draw(st.integers(1, 100)),
            fresh=draw(st.booleans()),
            waiting=draw(st.integers(1, 256)),
        )
        for name, offer in offered.items()
        if draw(st.booleans())
    ]


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Head], dict[str, Offer], list[Running], Capacity]:
    """Heads, offers, and what runs after admission itself has started whatever it would, in some order."""
    capacity, offered = draw(capacities()), draw(offers())
    free = dict(offered)
    running: list[Running] = []
    for _ in range(draw(st.integers(0, 6))):
        grant = admit(draw(heads_of(free)), free, running, capacity)
        if grant is not None:
            running.append(_run(free, grant.workload))
    return draw(heads_of(free)), free, running, capacity


def _run(free: dict[str, Offer], name: str) -> Running:
    offer = free[name]
    free[name] = replace(offer, free_replicas=offer.free_replicas - 1)
    return Running(priority=offer.priority, cpus=offer.cpus)


def hundredths(batch: Offer | Running, capacity: Capacity) -> int:
    """Cores that it is lent, by the documented rule, in whole hundredths."""
    shared = max(100, round(capacity.cpus) * 100 - 100 * math.ceil(capacity.cpus * capacity.reserved_clinical_share))
    most = round(capacity.cpus) * 100 if batch.priority is Priority.CLINICAL else shared
    return min(round(batch.cpus * 100), most)


@given(situations())
def test_it_never_lends_more_cores_than_there_are_nor_more_than_shared_ones_below_clinical(
    situation: tuple[list[Head], dict[str, Offer], list[Running], Capacity],
) -> None:
    heads, offered, running, capacity = situation
    grant = admit(heads, offered, running, capacity)
    if grant is not None:
        running = [*running, _run(dict(offered), grant.workload)]
    assert sum(hundredths(batch, capacity) for batch in running) <= round(capacity.cpus) * 100
    below = sum(hundredths(batch, capacity) for batch in running if batch.priority is not Priority.CLINICAL)
    assert below <= round(capacity.shared_cpus) * 100


@given(situations())
def test_a_clinical_head_is_never_refused_for_a_lower_one(
    situation: tuple[list[Head], dict[str, Offer], list[Running], Capacity],
) -> None:
    heads, offered, running, capacity = situation
    startable = [head for head in heads if offered[head.workload].free_replicas]
    clinical = [head for head in startable if offered[head.workload].priority is Priority.CLINICAL]
    grant = admit(heads, offered, running, capacity)
    if clinical:
        first = min(clinical, key=lambda head: (head.urgency, head.due, head.seq))
        lent = sum(hundredths(batch, capacity) for batch in running)
        fits = lent + hundredths(offered[first.workload], capacity) <= round(capacity.cpus) * 100
        assert (grant is not None) is fits
        assert grant is None or offered[grant.workload].priority is Priority.CLINICAL


@given(situations())
def test_an_idle_cluster_starts_whatever_can_be_started(
    situation: tuple[list[Head], dict[str, Offer], list[Running], Capacity],
) -> None:
    heads, offered, _, capacity = situation
    startable = [head for head in heads if offered[head.workload].free_replicas]
    assert (admit(heads, offered, [], capacity) is not None) is bool(startable)


@given(situations())
def test_batches_are_bounded(situation: tuple[list[Head], dict[str, Offer], list[Running], Capacity]) -> None:
    heads, offered, running, capacity = situation
    grant = admit(heads, offered, running, capacity)
    if grant is None:
        return
    offer = offered[grant.workload]
    head = next(head for head in heads if head.workload == grant.workload)
    assert offer.free_replicas > 0
    assert 1 <= grant.items <= min(offer.largest_batch, max(1, math.ceil(head.waiting / offer.free_replicas)))
    if not head.fresh:
        assert grant.items == 1, "what failed before is tried alone"
    if offer.priority is not Priority.CLINICAL:
        assert offer.seconds_per_item is not None or grant.items == 1, "nothing was measured yet"
        assert grant.items == 1 or grant.items * (offer.seconds_per_item or 0) <= capacity.chunk_s * (1 + 1e-9)


def offer(priority: Priority, **changes: float) -> Offer:
    values = {"cpus": 1.0, "largest_batch": 8, "free_replicas": 1, "seconds_per_item": 0.1} | changes
    return Offer(priority=priority, **values)  # type: ignore[arg-type]  # floats and ints together


def head(workload: str, urgency: int, seq: int = 1) -> Head:
    return Head(workload=workload, urgency=urgency, due=FAR_AWAY, seq=seq, fresh=True, waiting=100)


def two_cores(share: float = 0.5) -> Capacity:
    return Capacity(cpus=2.0, reserved_clinical_share=share, chunk_s=2.0)


def test_aged_background_work_does_not_pass_clinical_work() -> None:
    offered = {"old": offer(Priority.BACKGROUND), "new": offer(Priority.CLINICAL)}
    grant = admit([head("old", 0, seq=1), head("new", 0, seq=2)], offered, [], two_cores())
    assert grant is not None
    assert grant.workload == "new"


def test_wide_work_is_not_overtaken_for_ever_by_narrow_work() -> None:
    """Four shared cores, three free: the first in line needs all four, and the one behind would take one of them."""
    capacity = Capacity(cpus=8.0, reserved_clinical_share=0.5, chunk_s=2.0)
    offered = {"wide": offer(Priority.OPERATIONAL, cpus=4.0), "narrow": offer(Priority.BACKGROUND, free_replicas=3)}
    running = [Running(priority=Priority.BACKGROUND, cpus=1.0)]
    waiting = [head("wide", 1), head("narrow", 3)]
    assert admit(waiting, offered, running, capacity) is None
    grant = admit(waiting, offered, [], capacity)
    assert grant is not None
    assert grant.workload == "wide"


@pytest.mark.parametrize("priority", BELOW)
def test_what_asks_for_more_than_the_whole_cluster_makes_do_and_runs(priority: Priority) -> None:
    waiting = [head("wide", priority)]
    offered = {"wide": offer(priority, cpus=64.0)}
    assert admit(waiting, offered, [], two_cores()) is not None
    assert admit(waiting, offered, [Running(priority=priority, cpus=64.0)], two_cores()) is None


def test_on_one_core_the_others_may_use_it_too() -> None:
    capacity = Capacity(cpus=1.0, reserved_clinical_share=0.5, chunk_s=2.0)
    assert capacity.shared_cpus == 1.0
    assert admit([head("x", 3)], {"x": offer(Priority.BACKGROUND)}, [], capacity) is not None


def test_an_urgent_item_starts_at_once_where_a_replica_is_kept_and_nothing_else_until_it_ends() -> None:
    full = [Running(priority=Priority.CLINICAL, cpus=1.0)] * 2
    exams = offer(Priority.CLINICAL, free_replicas=0, free_kept=1)
    urgent = head("exams", URGENT)
    assert admit([urgent], {"exams": exams}, full, two_cores()) == Grant(workload="exams", items=1)
    assert admit([head("exams", 0)], {"exams": exams}, full, two_cores()) is None
    over = [*full, Running(priority=Priority.CLINICAL, cpus=1.0)]
    ordinary = offer(Priority.CLINICAL)
    assert admit([urgent], {"exams": ordinary}, over, two_cores()) is None, "none is kept any more"
    assert admit([urgent], {"exams": ordinary}, over[1:], two_cores()) is None
    assert admit([urgent], {"exams": ordinary}, over[2:], two_cores()) is not None


EXAMS = Kind(name="exams", priority=Priority.CLINICAL, seconds_per_item=0.5, replicas=2, largest_batch=4)
TRAINING = Kind(name="training", priority=Priority.BACKGROUND, seconds_per_item=0.4, replicas=4, largest_batch=1000)
INVOICES = Kind(name="invoices", priority=Priority.ADMINISTRATIVE, seconds_per_item=1.0, replicas=4, largest_batch=64)


def clinical_waits(capacity: Capacity, training: Kind, *, number: int) -> list[float]:
    """Seconds that exams wait, one arriving every 3 s for 15 minutes, beside so many items of other work."""
    simulation = Simulation({kind.name: kind for kind in (EXAMS, training)}, capacity)
    simulation.arrive(training.name, 0.0, number)
    simulation.arrive_steadily(EXAMS.name, 3.0, 900.0)
    simulation.run(3600.0)
    assert simulation.most_lent <= capacity.cpus
    waits = simulation.waits[EXAMS.name]
    assert len(waits) == 300
    return waits


def test_with_a_reserved_core_saturating_background_work_costs_clinical_work_nothing() -> None:
    assert max(clinical_waits(two_cores(), TRAINING, number=0)) == 0.0
    assert max(clinical_waits(two_cores(), TRAINING, number=2500)) == 0.0


def test_without_a_reserved_core_clinical_work_waits_a_chunk_at_most() -> None:
    one_core = Capacity(cpus=1.0, reserved_clinical_share=0.5, chunk_s=2.0)
    assert 0.5 < max(clinical_waits(one_core, TRAINING, number=2500)) <= one_core.chunk_s


def test_without_the_rules_clinical_work_would_wait_for_all_that_came_before() -> None:
    """The same background work submitted as clinical: what the rules are worth."""
    urgent = replace(TRAINING, priority=Priority.CLINICAL, largest_batch=100)
    assert max(clinical_waits(two_cores(), urgent, number=1000)) > 30.0


def test_ageing_lets_the_lowest_class_through_a_stream_that_never_ends() -> None:
    """Invoices arrive faster than the shared core works them off; training must still come to its turn."""
    simulation = Simulation({kind.name: kind for kind in (INVOICES, TRAINING)}, two_cores())
    simulation.arrive(TRAINING.name, 0.0, 5)
    simulation.arrive_steadily(INVOICES.name, 0.9, 3600.0)
    simulation.run(3600.0)
    assert len(simulation.waits[TRAINING.name]) == 5
    assert len(simulation.queues[INVOICES.name]) > 100, "the stream is more than the core can take"
    assert max(simulation.waits[TRAINING.name]) <= 3 * AGEING.total_seconds() + 60.0


def test_every_class_is_served_beside_all_others() -> None:
    kinds = [
        Kind(name=priority.name, priority=priority, seconds_per_item=0.2, replicas=2, largest_batch=16)
        for priority in Priority
    ]
    capacity = Capacity(cpus=4.0, reserved_clinical_share=0.25, chunk_s=2.0)
    simulation = Simulation({kind.name: kind for kind in kinds}, capacity)
    for kind in kinds:
        simulation.arrive_steadily(kind.name, 0.31, 310.0)
    simulation.run(3600.0)
    assert {name: len(waits) for name, waits in simulation.waits.items()} == {kind.name: 1000 for kind in kinds}
    assert max(simulation.waits["CLINICAL"]) < 1.0


def test_nothing_starts_on_a_cluster_without_cores() -> None:
    """A head node whose workers have not joined yet lends nothing, not even to clinical work."""
    offer = Offer(priority=Priority.CLINICAL, cpus=1.0, largest_batch=4, free_replicas=1, seconds_per_item=None)
    head = Head(workload="w", urgency=0, due=NOW, seq=1, fresh=True, waiting=1)
    empty = Capacity(cpus=0.0, reserved_clinical_share=0.5, chunk_s=2.0)
    assert admit([head], {"w": offer}, [], empty) is None


@pytest.mark.parametrize(
    ("cpus", "share", "clinical", "below"), [(2.0, 0.5, 2.0, 1.0), (2.0, 0.0, 2.0, 2.0), (8.0, 0.5, 8.0, 4.0)]
)
def test_cores_that_replicas_of_a_class_can_keep_busy(cpus: float, share: float, clinical: float, below: float) -> None:
    capacity = Capacity(cpus=cpus, reserved_clinical_share=share, chunk_s=2.0)
    assert capacity.open_to(Priority.CLINICAL) == clinical
    assert {capacity.open_to(priority) for priority in BELOW} == {below}
