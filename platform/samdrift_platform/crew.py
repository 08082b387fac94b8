"""A crew: the replicas on Ray that work off one line, and the batches in their hands.

Replicas ask Ray for memory and GPU only. CPU cores are lent by admission, batch by batch: a replica that waits must
not keep a core from a clinical one.

A new assignment reaches running replicas in place, between two batches and one replica at a time, so that no item is
dropped; where it cannot be loaded, what served before serves on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
import structlog

from samdrift_platform.admission import Offer, Running
from samdrift_platform.assignments import Assignment
from samdrift_platform.contract import Item, Workload
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.lines import Line
from samdrift_platform.masking import clean
from samdrift_platform.priority import Priority
from samdrift_platform.process import configure_logs
from samdrift_platform.replica import BatchResult, Refusals, Replica

log = structlog.get_logger(__name__)

#: Added to the niceness of every replica that is not kept for urgent items (nice(2)).
NICER = 4
#: What a measured batch still counts after the next one of its lane.
_LASTING = 0.7
#: An assignment that could not be loaded is tried again after this time.
AGAIN_AFTER_S = 30.0


class RayReplica(Replica):
    """A replica as a process of Ray's: its logs are the platform's, and what it raises quotes nobody."""

    def __init__(self, workload: str, nicer: int = 0) -> None:
        """Begin as every process does; Ray keeps the signals."""
        configure_logs(f"replica {workload}")
        super().__init__(workload, nicer)

    def change(self, assignment: Assignment) -> Refusals:
        """As the replica's."""
        try:
            return super().change(assignment)
        except Exception as error:  # noqa: BLE001 - raised again, without what it quotes
            raise clean(error) from None

    def run(self, items: Sequence[Item], tried: Collection[str] = (), objected: Collection[str] = ()) -> BatchResult:
        """As the replica's."""
        try:
            return super().run(items, tried, objected)
        except Exception as error:  # noqa: BLE001 - raised again, without what it quotes
            raise clean(error) from None


@dataclass(eq=False)
class Member:
    """One replica."""

    actor: Any
    #: What it serves; None: nothing yet.
    assignment: Assignment | None = None
    #: For urgent items alone.
    kept: bool = False


@dataclass(eq=False, kw_only=True)
class Change:
    """A replica on its way to another assignment."""

    member: Member
    to: Assignment
    #: Monotonic seconds.
    began_s: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long the items of a lane take: what the last batches took, each counting less than the next."""

    seconds: float = 0.0
    items: float = 0.0

    def after(self, seconds: float, items: int) -> Pace:
        """With one batch more. An item counts the same in a batch of many as alone."""
        return Pace(seconds=_LASTING * self.seconds + seconds, items=_LASTING * self.items + items)

    @property
    def seconds_per_item(self) -> float | None:
        """None before the first batch."""
        return self.seconds / self.items if self.items else None


@dataclass(eq=False, kw_only=True)
class Batch:
    """Claims in a replica's hands."""

    crew: Crew
    claims: Sequence[Claim]
    member: Member
    answer: Any
    #: Monotonic seconds.
    began_s: float = field(default_factory=time.monotonic)

    def end_if_overdue(self) -> bool:
        """End a replica that hangs, so that its batch comes back as failed; whether it did."""
        overdue = time.monotonic() - self.began_s > self.crew.workload.resources.longest_batch_s
        if overdue:
            ray.kill(self.member.actor)
        return overdue

    @property
    def running(self) -> Running:
        """What admission needs to know of it."""
        return Running(priority=self.crew.line.priority, cpus=self.crew.workload.resources.cpus)


@dataclass(eq=False, kw_only=True)
class Crew:
    """All replicas of one line, each with at most one batch."""

    workload: Workload
    line: Line
    assignment: Assignment
    cluster_cpus: float
    most_replicas: int = 1
    #: Replicas without a batch.
    idle: list[Member] = field(default_factory=list)
    #: Replicas with a batch.
    busy: list[Member] = field(default_factory=list)
    #: Answer reference -> change of the replicas that start or change.
    changing: dict[Any, Change] = field(default_factory=dict)
    #: Lane -> how long its items take: one process may take ten times as long as another.
    paces: dict[str, Pace] = field(default_factory=dict)
    #: What a replica loaded last: what serves on when something newer cannot be loaded.
    proven: Assignment | None = None
    #: The assignment that could not be loaded, until it is tried again.
    refused: Assignment | None = None
    refused_s: float = -math.inf
    #: A replica died over a canary: the champions serve alone until something else is assigned.
    canaries_aside: bool = False
    #: Why not everything that is assigned is served, for a person; empty: it is.
    trouble: str = ""
    #: Nobody needs it any more: replicas end with their batch.
    dismissed: bool = False

    def assign(self, assignment: Assignment) -> None:
        """Serve this from now on. The same with newer evidence changes nothing that is loaded."""
        if assignment != self.assignment:
            self.refused, self.canaries_aside, self.trouble = None, False, ""
        self.assignment = assignment

    def tend(self) -> None:
        """Take in what has loaded, replace what is gone, and let the next replica change. Cheap when nothing is due."""
        self._welcome()
        if self.refused is not None and time.monotonic() - self.refused_s >= AGAIN_AFTER_S:
            self.refused = None
        for kept, wanted in ((False, self.wanted), (True, self.wanted_kept)):
            for _ in range(wanted - sum(member.kept is kept for member in self.members)):
                self.idle.append(Member(self._start(kept=kept), kept=kept))
        for member in list(self.idle):
            self._change(member)

    @property
    def goal(self) -> Assignment:
        """What every replica should come to serve."""
        return self.assignment.without_canaries() if self.canaries_aside else self.assignment

    @property
    def members(self) -> list[Member]:
        """All replicas."""
        return [*self.idle, *self.busy, *(change.member for change in self.changing.values())]

    @property
    def free(self) -> list[Member]:
        """Replicas that may be given a batch. Where the workload was stopped, only those that know it."""
        return [member for member in self._ready if not member.kept]

    @property
    def free_kept(self) -> list[Member]:
        """Replicas that may be given an urgent item."""
        return [member for member in self._ready if member.kept]

    @property
    def _ready(self) -> list[Member]:
        return [m for m in self.idle if m.assignment is not None and (m.assignment == self.goal or not self.goal.safe)]

    @property
    def settled(self) -> bool:
        """Every replica serves what it should."""
        return bool(self.members) and all(member.assignment == self.goal for member in self.members)

    @property
    def models(self) -> dict[str, str]:
        """Registered name -> `version@sha256:…`; while a change is under way, of what is on its way out."""
        serving = [member.assignment for member in self.members if member.assignment is not None]
        return next((each for each in serving if each != self.goal), self.goal).describe() if serving else {}

    @property
    def wanted(self) -> int:
        """As many replicas as the cluster's cores and the workload allow, at least one."""
        fitting = math.floor(self.cluster_cpus / max(self.workload.resources.cpus, 1e-6))
        return max(1, min(self.most_replicas, fitting))

    @property
    def wanted_kept(self) -> int:
        """One replica is kept for urgent items where the work is clinical."""
        return int(self.line.priority is Priority.CLINICAL)

    def begin(self, claims: Sequence[Claim]) -> Batch:
        """Hand claims to a free replica: an urgent item to the one that is kept, if it is free."""
        urgent = claims[0].urgency < Priority.CLINICAL
        member = [*self.free_kept, *self.free][0 if urgent or not self.free else -1]
        self.idle.remove(member)
        self.busy.append(member)
        items = [Item(reference=c.reference, payload=c.payload, deadline=c.deadline, earlier=c.earlier) for c in claims]
        tried = [claim.reference for claim in claims if claim.attempt > 1]
        objected = [claim.reference for claim in claims if claim.objected]
        return Batch(crew=self, claims=claims, member=member, answer=member.actor.run.remote(items, tried, objected))

    def finish(self, batch: Batch) -> BatchResult:
        """The batch's result; the replica is free again. One that died is replaced before its error rises."""
        try:
            result: BatchResult = ray.get(batch.answer)
        except ray.exceptions.RayTaskError:  # the workload raised it, so the replica lives
            self._release(batch.member)
            raise
        except ray.exceptions.RayError:  # ended, crashed, out of memory, its node gone
            self.busy.remove(batch.member)
            self._suspect_canary(batch.member.assignment)
            raise
        self._release(batch.member)
        lane = batch.claims[0].lane  # all are of one
        self.paces[lane] = self.paces.get(lane, Pace()).after(result.seconds, len(batch.claims))
        return result

    def dismiss(self) -> None:
        """End the replicas; one with a batch ends when that is finished."""
        self.dismissed = True
        for member in [*self.idle, *(change.member for change in self.changing.values())]:
            ray.kill(member.actor)
        self.idle.clear()
        self.changing.clear()

    def offer(self, lane: str) -> Offer:
        """What admission may grant where the first item waits in `lane`."""
        resources = self.workload.resources
        return Offer(
            priority=self.line.priority,
            cpus=resources.cpus,
            largest_batch=resources.largest_batch,
            free_replicas=len(self.free),
            seconds_per_item=self.paces.get(lane, Pace()).seconds_per_item,
            free_kept=len(self.free_kept),
        )

    @property
    def detail(self) -> dict[str, object]:
        """What a person sees of it."""
        return {
            "idle": len(self.idle),
            "busy": len(self.busy),
            "loading": len(self.changing),
            "models": self.models,
            "canaries": self._canaries,
            "safe": self.assignment.safe,
            "trouble": self.trouble,
        }

    @property
    def _canaries(self) -> dict[str, str]:
        """Registered name -> `version@sha256:…` of the canaries that replicas were given, not only should be."""
        given = [member.assignment for member in self.members if member.assignment is not None]
        return {c.deployment.model: str(c.deployment) for each in given for c in each.canaries}

    def _welcome(self) -> None:
        if not self.changing:
            return
        done, _ = ray.wait(list(self.changing), num_returns=len(self.changing), timeout=0)
        for answer in done:
            self._changed(self.changing.pop(answer), answer)
        for change in self.changing.values():
            if time.monotonic() - change.began_s > self.workload.resources.longest_batch_s:
                ray.kill(change.member.actor)

    def _changed(self, change: Change, answer: Any) -> None:
        try:
            refusals: Refusals = ray.get(answer)
        except ray.exceptions.RayTaskError as error:  # it could not be loaded, so the replica serves what it did
            self.idle.append(change.member)
            self._refuse(change.to, cause(error))
        except ray.exceptions.RayError as error:  # the process died of it
            if not self._suspect_canary(change.to):
                self._refuse(change.to, cause(error))
        else:
            change.member.assignment = self.proven = change.to
            self.idle.append(change.member)
            if change.to == self.assignment:
                self.trouble = "; ".join(
                    f"the canary of {model} is not loaded: {why}" for model, why in refusals.items()
                )

    def _refuse(self, assignment: Assignment, why: str) -> None:
        log.warning("a replica could not load", line=self.line.name, error=why)
        if assignment == self.goal:
            self.refused, self.refused_s, self.trouble = assignment, time.monotonic(), why

    def _suspect_canary(self, assignment: Assignment | None) -> bool:
        """Put canaries aside when a replica died that held some: they may have killed it. Whether there were any."""
        suspected = assignment is not None and bool(assignment.canaries)
        if suspected and assignment == self.assignment:
            self.canaries_aside, self.trouble = True, "the canary was put aside: a replica died with it"
            log.warning("canary put aside", line=self.line.name)
        return suspected

    def _change(self, member: Member) -> None:
        """Start the change of an idle replica, if it serves something else, and if it is its turn."""
        to = self.proven if self.goal == self.refused else self.goal
        if to in (None, self.refused, member.assignment) or not self._may_change(member):
            return
        self.idle.remove(member)
        self.changing[member.actor.change.remote(to)] = Change(member=member, to=to)

    def _may_change(self, member: Member) -> bool:
        """One that serves waits for others that do, but not with a stop: that loads nothing and must not wait."""
        others = (change.member.assignment is not None for change in self.changing.values())
        return member.assignment is None or self.goal.safe or not any(others)

    def _release(self, member: Member) -> None:
        self.busy.remove(member)
        if self.dismissed:
            ray.kill(member.actor)
        else:
            self.idle.append(member)

    def _start(self, *, kept: bool) -> Any:
        resources = self.workload.resources
        # Effects never happen here, but a batch that dies must come back through the ledger, not through Ray.
        options = {"num_cpus": 0, "num_gpus": resources.gpus, "memory": resources.memory_mib * 2**20}
        actor_class: Any = ray.remote(RayReplica)
        return actor_class.options(max_restarts=0, max_task_retries=0, **options).remote(
            self.workload.name, 0 if kept else NICER
        )


def cause(error: Exception) -> str:
    """What a person needs of an error that came through Ray: its message, or else its type."""
    root = getattr(error, "cause", None) or error
    lines = str(root).strip().splitlines()
    return lines[-1][:500] if lines else type(root).__name__
