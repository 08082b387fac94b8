"""The crew of a workload: its replicas on Ray, and the batches in their hands.

Replicas ask Ray for memory and GPU only. CPU cores are lent by admission, batch by batch: a replica that waits must
not keep a core from a clinical one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ray

from samdrift_platform.admission import Offer, Running
from samdrift_platform.contract import Item, Workload
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.replica import Assignment, BatchResult, Replica

#: Weight of the newest batch in the mean seconds per item.
_NEWEST = 0.3
#: Replicas that could not load are started again after this time.
RESTART_AFTER_S = 30.0


@dataclass(eq=False, kw_only=True)
class Batch:
    """Claims in a replica's hands."""

    crew: Crew
    claims: Sequence[Claim]
    actor: Any
    answer: Any
    #: Monotonic seconds.
    began_s: float = field(default_factory=time.monotonic)

    def end_if_overdue(self) -> bool:
        """End a replica that hangs, so that its batch comes back as failed; whether it did."""
        overdue = time.monotonic() - self.began_s > self.crew.workload.resources.longest_batch_s
        if overdue:
            ray.kill(self.actor)
        return overdue

    @property
    def running(self) -> Running:
        """What admission needs to know of it."""
        return Running(priority=self.crew.workload.priority, cpus=self.crew.workload.resources.cpus)


@dataclass(eq=False, kw_only=True)
class Crew:
    """All replicas of one workload, started together, each with at most one batch."""

    workload: Workload
    assignment: Assignment
    cluster_cpus: float
    #: Replicas that loaded and have no batch.
    idle: list[Any] = field(default_factory=list)
    #: Answer reference -> actor of replicas that still load.
    loading: dict[Any, Any] = field(default_factory=dict)
    #: Replicas with a batch.
    busy: int = 0
    seconds_per_item: float | None = None
    #: When replicas were last started, monotonic seconds.
    started_s: float = field(default_factory=time.monotonic)
    #: Replaced by another crew: replicas end with their batch.
    dismissed: bool = False

    @property
    def models(self) -> dict[str, str]:
        """Registered name -> `version@sha256:…` of what its replicas serve."""
        return {name: f"{version}@{digest}" for name, (version, digest) in self.assignment.models.items()}

    @property
    def wanted(self) -> int:
        """As many replicas as the cluster's cores and the workload allow, at least one."""
        resources = self.workload.resources
        fitting = math.floor(self.cluster_cpus / max(resources.cpus, 1e-6))
        return max(1, min(resources.most_replicas, fitting))

    def start(self) -> None:
        """Start the replicas that are wanted and not there."""
        for _ in range(self.wanted - len(self.idle) - len(self.loading) - self.busy):
            self._add()

    def mend(self) -> None:
        """Start replicas in place of those that could not load, now and then."""
        if time.monotonic() - self.started_s >= RESTART_AFTER_S:
            self.started_s = time.monotonic()
            self.start()

    def welcome(self) -> None:
        """Take in replicas that have loaded. One that could not raises its error here."""
        done, _ = ray.wait(list(self.loading), num_returns=len(self.loading), timeout=0) if self.loading else ([], [])
        for answer in done:
            actor = self.loading.pop(answer)
            ray.get(answer)
            self.idle.append(actor)

    def begin(self, claims: Sequence[Claim]) -> Batch:
        """Hand claims to an idle replica."""
        actor = self.idle.pop()
        self.busy += 1
        items = [Item(reference=c.reference, payload=c.payload, deadline=c.deadline) for c in claims]
        return Batch(crew=self, claims=claims, actor=actor, answer=actor.run.remote(items))

    def finish(self, batch: Batch) -> BatchResult:
        """The batch's result; the replica is free again. A replica that died is replaced before its error rises."""
        try:
            result: BatchResult = ray.get(batch.answer)
        except ray.exceptions.RayTaskError:  # the workload raised it, so the replica lives
            self._release(batch.actor, died=False)
            raise
        except ray.exceptions.RayError:  # ended, crashed, out of memory, its node gone
            self._release(batch.actor, died=True)
            raise
        self._release(batch.actor, died=False)
        self._learn(result.seconds / max(1, len(batch.claims)))
        return result

    def dismiss(self) -> None:
        """End the replicas; one with a batch ends when that is finished."""
        self.dismissed = True
        for actor in [*self.idle, *self.loading.values()]:
            ray.kill(actor)
        self.idle.clear()
        self.loading.clear()

    @property
    def offer(self) -> Offer:
        """What admission may grant."""
        resources = self.workload.resources
        return Offer(
            priority=self.workload.priority,
            cpus=resources.cpus,
            largest_batch=resources.largest_batch,
            free_replicas=len(self.idle),
            seconds_per_item=self.seconds_per_item,
        )

    def _release(self, actor: Any, *, died: bool) -> None:
        self.busy -= 1
        if self.dismissed:
            ray.kill(actor)
        elif died:
            self._add()
        else:
            self.idle.append(actor)

    def _add(self) -> None:
        resources = self.workload.resources
        # Effects never happen here, but a batch that dies must come back through the ledger, not through Ray.
        options = {"num_cpus": 0, "num_gpus": resources.gpus, "memory": resources.memory_mib * 2**20}
        actor_class: Any = ray.remote(Replica)
        actor = actor_class.options(max_restarts=0, max_task_retries=0, **options).remote(self.assignment)
        self.loading[actor.ready.remote()] = actor

    def _learn(self, seconds: float) -> None:
        before = self.seconds_per_item
        self.seconds_per_item = seconds if before is None else (1 - _NEWEST) * before + _NEWEST * seconds
