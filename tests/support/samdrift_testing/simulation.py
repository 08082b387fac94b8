"""A discrete-event simulation around the real admission: what waits how long, in seconds that cost no time."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from samdrift_platform.admission import Capacity, Offer, Running, admit
from samdrift_platform.contract import Priority
from samdrift_platform.ledger.items import AGEING, FAR_AWAY
from samdrift_platform.ledger.queue import Head
from samdrift_testing.work import NOW


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A workload: its class, and what one item costs."""

    name: str
    priority: Priority
    seconds_per_item: float
    cpus: float = 1.0
    replicas: int = 1
    largest_batch: int = 8


@dataclass(eq=False)
class Waiting:
    """An item in a queue."""

    seq: int
    arrived: datetime
    urgency: int
    ages_at: datetime
    due: datetime = FAR_AWAY


@dataclass
class Simulation:
    """Items arrive, admission starts batches, batches end. `waits` holds seconds from arrival to start."""

    kinds: dict[str, Kind]
    capacity: Capacity
    now: datetime = NOW
    queues: dict[str, list[Waiting]] = field(default_factory=lambda: defaultdict(list))
    running: dict[int, tuple[Kind, int]] = field(default_factory=dict)
    measured: set[str] = field(default_factory=set)
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    most_lent: float = 0.0
    _events: list[tuple[datetime, int, str, str]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def arrive(self, name: str, at_s: float, number: int = 1) -> None:
        """`number` items of a workload arrive together."""
        for _ in range(number):
            self._at(NOW + timedelta(seconds=at_s), "arrival", name)

    def arrive_steadily(self, name: str, every_s: float, until_s: float) -> None:
        """One item every so often."""
        for turn in range(int(until_s / every_s)):
            self.arrive(name, turn * every_s)

    def run(self, until_s: float) -> None:
        """Until nothing happens any more or `until_s` is reached."""
        end = NOW + timedelta(seconds=until_s)
        while self._events and self._events[0][0] <= end:
            self.now, number, what, name = heapq.heappop(self._events)
            if what == "end":
                self.measured.add(name)
                del self.running[number]
            else:
                self._queue(name, number)
            if not self._events or self._events[0][0] > self.now:
                self._admit_all()

    def _queue(self, name: str, number: int) -> None:
        priority = self.kinds[name].priority
        item = Waiting(number, self.now, priority, self.now + AGEING)
        self.queues[name].append(item)

    def _age(self) -> None:
        for item in itertools.chain.from_iterable(self.queues.values()):
            while item.urgency > 0 and item.ages_at <= self.now:
                item.due = item.ages_at if item.urgency == 1 else item.due
                item.urgency, item.ages_at = item.urgency - 1, item.ages_at + AGEING

    def _admit_all(self) -> None:
        self._age()
        while True:
            heads = [self._head(name) for name, queue in self.queues.items() if queue]
            offers = {name: self._offer(kind) for name, kind in self.kinds.items()}
            running = [Running(priority=kind.priority, cpus=kind.cpus) for kind, _ in self.running.values()]
            self.most_lent = max(self.most_lent, sum(self.capacity.lends(batch) for batch in running))
            grant = admit(heads, offers, running, self.capacity)
            if grant is None:
                return
            self._start(self.kinds[grant.workload], grant.items)

    def _start(self, kind: Kind, number: int) -> None:
        queue = self.queues[kind.name]
        queue.sort(key=_order)
        batch, self.queues[kind.name] = queue[:number], queue[number:]
        self.waits[kind.name] += [(self.now - item.arrived).total_seconds() for item in batch]
        ends = self.now + timedelta(seconds=len(batch) * kind.seconds_per_item)
        self.running[self._at(ends, "end", kind.name)] = (kind, len(batch))

    def _head(self, name: str) -> Head:
        first = min(self.queues[name], key=_order)
        waiting = len(self.queues[name])
        return Head(workload=name, urgency=first.urgency, due=first.due, seq=first.seq, fresh=True, waiting=waiting)

    def _offer(self, kind: Kind) -> Offer:
        busy = sum(other is kind for other, _ in self.running.values())
        return Offer(
            priority=kind.priority,
            cpus=kind.cpus,
            largest_batch=kind.largest_batch,
            free_replicas=kind.replicas - busy,
            seconds_per_item=kind.seconds_per_item if kind.name in self.measured else None,
        )

    def _at(self, when: datetime, what: str, name: str) -> int:
        number = next(self._numbers)
        heapq.heappush(self._events, (when, number, what, name))
        return number


def _order(item: Waiting) -> tuple[int, datetime, int]:
    return item.urgency, item.due, item.seq
