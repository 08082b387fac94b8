"""Admission: which workload may start the next batch, and how large. Ray has no priorities, so this is where they are.

A pure function of what waits, what runs and what there is. Rules, in order:

1. CLINICAL work comes first. The rest comes by urgency, then due time, then arrival; urgency is the class, lifted by
   ageing, so nothing starves as long as CLINICAL work leaves a core.
2. A batch starts only where a replica is free and its CPU cores are. So the number in flight is bounded.
3. A share of the cores is for CLINICAL work alone; other classes fill the rest and never more.
4. Who waits for cores is not overtaken by those behind, who would take them one by one.
5. An urgent item of CLINICAL work, where a replica is kept free for such items, starts there at once, beyond the cores:
   the replica takes them from those that run niced, and nothing else starts until they are given back.
6. Below CLINICAL a batch holds at most `chunk_s` of work as measured so far, so that a core comes back soon.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from samdrift_platform.contract import Priority
from samdrift_platform.ledger.queue import Head

#: Cores: what sums of fractions may be off by.
_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a workload can take now."""

    priority: Priority
    #: CPU cores that one batch keeps busy.
    cpus: float
    largest_batch: int
    #: Replicas without a batch.
    free_replicas: int
    #: Mean so far; None before the first batch.
    seconds_per_item: float | None
    #: Replicas without a batch that are kept for urgent items.
    free_kept: int = 0


@dataclass(frozen=True, kw_only=True)
class Running:
    """A batch in flight."""

    priority: Priority
    cpus: float


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What there is, and the rules for it."""

    cpus: float
    #: 0..1 of the cores, rounded up to whole ones, that only CLINICAL work may use.
    reserved_clinical_share: float
    #: Longest batch below CLINICAL, seconds of work.
    chunk_s: float

    @property
    def shared_cpus(self) -> float:
        """Cores that classes below CLINICAL may fill; at least one, or they would never run."""
        return max(1.0, self.cpus - math.ceil(self.cpus * self.reserved_clinical_share))

    def open_to(self, priority: Priority) -> float:
        """Cores that batches of a class may fill: more replicas than these keep busy would only wait."""
        return self.cpus if priority is Priority.CLINICAL else self.shared_cpus

    def lends(self, batch: Offer | Running) -> float:
        """Cores that a batch is lent. One that asks for more than its class may have makes do with that."""
        return min(batch.cpus, self.open_to(batch.priority))


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Start one batch of at most `items` items of `workload`."""

    workload: str
    items: int


def admit(
    heads: Iterable[Head], offers: Mapping[str, Offer], running: Sequence[Running], capacity: Capacity
) -> Grant | None:
    """The next batch to start, or None when nothing that waits may start now."""
    if capacity.cpus <= 0:  # a cluster whose workers have not joined yet
        return None
    startable = (head for head in heads if offers[head.workload].free_replicas > 0 or _kept(head, offers))
    head = min(startable, key=lambda head: _rank(head, offers[head.workload]), default=None)
    if head is None:
        return None
    if _kept(head, offers):
        return Grant(workload=head.workload, items=1)
    if not _fits(offers[head.workload], running, capacity):
        return None
    return Grant(workload=head.workload, items=_batch(head, offers[head.workload], capacity))


def _kept(head: Head, offers: Mapping[str, Offer]) -> bool:
    """Whether a replica is kept free for what waits first."""
    return head.urgency < Priority.CLINICAL and offers[head.workload].free_kept > 0


def _rank(head: Head, offer: Offer) -> tuple[bool, int, datetime, int]:
    return offer.priority is not Priority.CLINICAL, head.urgency, head.due, head.seq


def _fits(offer: Offer, running: Sequence[Running], capacity: Capacity) -> bool:
    """Whether the cores are free."""
    needs = capacity.lends(offer)
    lent = math.fsum(capacity.lends(batch) for batch in running)
    if offer.priority is Priority.CLINICAL:
        return lent + needs <= capacity.cpus + _ROUNDING
    below = math.fsum(capacity.lends(batch) for batch in running if batch.priority is not Priority.CLINICAL)
    return lent + needs <= capacity.cpus + _ROUNDING and below + needs <= capacity.shared_cpus + _ROUNDING


def _batch(head: Head, offer: Offer, capacity: Capacity) -> int:
    """As many as the replica takes, shared out over free replicas, and below CLINICAL no longer than a chunk."""
    if not head.fresh:
        return 1
    share = math.ceil(head.waiting / offer.free_replicas)
    return max(1, min(offer.largest_batch, share, _chunk(offer, capacity)))


def _chunk(offer: Offer, capacity: Capacity) -> int:
    if offer.priority is Priority.CLINICAL:
        return offer.largest_batch
    if offer.seconds_per_item is None:
        return 1
    return int(capacity.chunk_s / max(offer.seconds_per_item, 1e-6))
