"""The dispatcher: claims items as admission allows, hands them to replicas on Ray, records what comes back.

One loop in one process. It holds nothing that the ledger does not: killed at any moment, the next one goes on from the
leases.
"""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import ray
import structlog

from samdrift_platform import admission, cluster, plugins, process
from samdrift_platform.contract import Workload
from samdrift_platform.crew import Batch, Crew
from samdrift_platform.errors import SamdriftError
from samdrift_platform.ledger import endings, pins, processes, queue
from samdrift_platform.ledger.database import Ledger, LedgerRefusedError, LedgerUnavailableError
from samdrift_platform.ledger.pins import Pin
from samdrift_platform.replica import Assignment, BatchResult
from samdrift_platform.settings import Settings, load
from samdrift_platform.telemetry import silence

log = structlog.get_logger(__name__)

#: Housekeeping (ageing, expired leases, heartbeat, pins) happens this often.
HOUSEKEEPING_S = 1.0
#: Wait before the ledger is tried again when it does not answer, in seconds.
PATIENCE_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Return:
    """A batch that came back and is not recorded yet: with a result or with what went wrong."""

    batch: Batch
    result: BatchResult | None = None
    error: str = ""


class Dispatcher:
    """Runs the workloads of one installation on the connected cluster."""

    def __init__(self, settings: Settings, ledger: Ledger, cluster_cpus: float) -> None:
        """Know the workloads; nothing is started yet."""
        self._settings = settings
        self._ledger = ledger
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._workloads = plugins.workloads(plugins.workload_names(settings.workloads))
        self._capacity = admission.Capacity(
            cpus=cluster_cpus, reserved_clinical_share=settings.reserved_clinical_share, chunk_s=settings.chunk_s
        )
        self._lease = timedelta(seconds=settings.lease_s)
        self._crews: dict[str, Crew] = {}
        self._batches: dict[object, Batch] = {}
        self._returns: list[Return] = []
        self._missing: dict[str, str] = {}
        #: Crews that load newly pinned versions while those in `_crews` serve on.
        self._successors: dict[str, Crew] = {}
        self._kept_s = -math.inf

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping` is set; then finish what is in flight and dismiss the replicas."""
        while not stopping.is_set() or self._batches or self._returns:
            try:
                self.step(admitting=not stopping.is_set())
            except LedgerUnavailableError as error:  # replicas go on; what they return is kept until it is recorded
                log.warning("the ledger does not answer", error=error.message)
                time.sleep(PATIENCE_S)
        for crew in [*self._crews.values(), *self._successors.values()]:
            crew.dismiss()

    def step(self, *, admitting: bool) -> None:
        """One turn: keep house, start what may start, wait shortly for something to finish, record it."""
        now = datetime.now(UTC)
        if time.monotonic() - self._kept_s >= HOUSEKEEPING_S:  # not by the clock on the wall, which may be set
            self._keep_house(now)
        started = admitting and self._start_batches(now)
        self._take_back(wait_s=0.0 if started else self._settings.poll_s)
        while self._returns:
            self._record(self._returns[0])
            del self._returns[0]

    def _start_batches(self, now: datetime) -> bool:
        """Start batches until admission says no; whether any was started."""
        offers = {name: crew.offer for name, crew in self._crews.items() if crew.idle}
        if not offers:
            return False
        with self._ledger.read() as connection:
            heads = queue.heads(connection, list(offers), now=now)
        running = [batch.running for batch in self._batches.values()]
        grant = admission.admit(heads, offers, running, self._capacity)
        if grant is None:
            return False
        self._start(grant, now)
        return True

    def _start(self, grant: admission.Grant, now: datetime) -> None:
        with self._ledger.write() as connection:
            claims = queue.claim(
                connection,
                workload=grant.workload,
                worker=self._worker,
                limit=grant.items,
                lease=self._lease,
                now=now,
            )
        if claims:
            batch = self._crews[grant.workload].begin(claims)
            self._batches[batch.answer] = batch

    def _take_back(self, *, wait_s: float) -> None:
        """Wait shortly for a batch to come back."""
        if not self._batches:
            time.sleep(wait_s)
            return
        done, _ = ray.wait(list(self._batches), timeout=wait_s)
        self._returns += [self._returned(self._batches.pop(answer)) for answer in done]

    def _returned(self, batch: Batch) -> Return:
        try:
            return Return(batch=batch, result=batch.crew.finish(batch))
        except (ray.exceptions.RayError, SamdriftError) as error:
            name = batch.crew.workload.name
            kind = type(getattr(error, "cause", None) or error).__name__  # its message may quote personal data
            log.warning("batch failed", workload=name, items=len(batch.claims), error=kind, where=_where(error))
            return Return(batch=batch, error=_cause(error))

    def _record(self, returned: Return) -> None:
        if returned.result is None:
            self._fail(returned.batch, returned.error)
            return
        try:
            self._complete(returned.batch, returned.result)
        except LedgerRefusedError as error:
            log.warning("result cannot be recorded", workload=returned.batch.crew.workload.name)
            self._fail(returned.batch, error.message)

    def _complete(self, batch: Batch, result: BatchResult) -> None:
        name = batch.crew.workload.name
        finished = list(zip(batch.claims, result.completions, strict=True))
        with self._ledger.write() as connection:
            late = endings.complete(connection, name, finished, models=batch.crew.models, now=datetime.now(UTC))
        if late:
            log.warning("late results refused", workload=name, items=[str(claim.id) for claim in late])

    def _fail(self, batch: Batch, error: str) -> None:
        with self._ledger.write() as connection:
            endings.fail(connection, batch.claims, error, now=datetime.now(UTC))

    def _keep_house(self, now: datetime) -> None:
        held = [*self._batches.values(), *(returned.batch for returned in self._returns)]
        with self._ledger.write() as connection:
            queue.extend(connection, [claim for batch in held for claim in batch.claims], lease=self._lease, now=now)
            queue.age(connection, now=now)
            queue.release_expired(connection, now=now)  # last: it locks the audit chain's head
            pinned = pins.current(connection)
        self._end_overdue()
        if cluster.may_grow():
            self._capacity = replace(self._capacity, cpus=cluster.cores())
        self._muster(pinned)
        with self._ledger.write() as connection:
            processes.report(connection, "dispatcher", ready=self._ready, detail=self._detail(), now=now)
        self._kept_s = time.monotonic()

    def _end_overdue(self) -> None:
        for batch in self._batches.values():
            if batch.end_if_overdue():
                log.warning("replica ended: its batch took too long", workload=batch.crew.workload.name)

    def _muster(self, pinned: Mapping[str, Pin]) -> None:
        """Have a crew for every workload whose models are pinned, and a successor where the pins have changed."""
        for name, workload in self._workloads.items():
            missing = sorted(set(workload.models) - set(pinned))
            if missing:
                self._missing[name] = f"no version is pinned of {', '.join(missing)}"
                continue
            assignment = self._assignment(workload, pinned)
            if name not in self._crews:
                self._crews[name] = self._hire(assignment)
            if self._crews[name].assignment == assignment:
                self._drop_successor(name)
                self._welcome(self._crews[name])
            else:
                self._bring_in(name, assignment)

    def _hire(self, assignment: Assignment) -> Crew:
        workload = self._workloads[assignment.workload]
        crew = Crew(workload=workload, assignment=assignment, cluster_cpus=self._capacity.cpus)
        crew.start()
        return crew

    def _bring_in(self, name: str, assignment: Assignment) -> None:
        """Load what is newly pinned; what served before serves on until the first new replica can."""
        successor = self._successors.get(name)
        if successor is None or successor.assignment != assignment:
            self._drop_successor(name)
            successor = self._successors[name] = self._hire(assignment)
        self._welcome(successor)
        if successor.idle:
            self._crews[name].dismiss()
            self._crews[name] = self._successors.pop(name)

    def _drop_successor(self, name: str) -> None:
        if (successor := self._successors.pop(name, None)) is not None:
            successor.dismiss()

    def _welcome(self, crew: Crew) -> None:
        name = crew.workload.name
        crew.mend()
        try:
            crew.welcome()
            self._missing.pop(name, None)
        except (ray.exceptions.RayError, SamdriftError) as error:
            self._missing[name] = _cause(error)
            log.warning("a replica could not load", workload=name, error=_cause(error))

    def _assignment(self, workload: Workload, pinned: Mapping[str, Pin]) -> Assignment:
        return Assignment(
            workload=workload.name,
            models={model: (pinned[model].version, pinned[model].digest) for model in workload.models},
            home=self._settings.home.resolve(),
            objects_url=self._settings.objects_url,
            cpu_watts=self._settings.cpu_watts,
            grid_g_co2_per_kwh=self._settings.grid_g_co2_per_kwh,
        )

    @property
    def _ready(self) -> bool:
        """Every workload has a replica that has loaded."""
        staffed = set(self._crews) == set(self._workloads) and not self._successors
        return staffed and not self._missing and not self._loading

    @property
    def _loading(self) -> bool:
        return any(crew.loading for crew in self._crews.values())

    def _detail(self) -> dict[str, object]:
        crews = {
            name: {"idle": len(c.idle), "busy": c.busy, "loading": len(c.loading), "models": c.models}
            for name, c in self._crews.items()
        }
        return {"cpus": self._capacity.cpus, "in_flight": len(self._batches), "crews": crews, "missing": self._missing}


def _cause(error: Exception) -> str:
    """What a person needs of an error that came through Ray: its message, or else its type."""
    cause = getattr(error, "cause", None) or error
    lines = str(cause).strip().splitlines()
    return lines[-1][:500] if lines else type(cause).__name__


def _where(error: Exception) -> str:
    """The innermost line of code in a traceback that came through Ray: the place without the values."""
    frames = [line.strip() for line in str(error).splitlines() if line.strip().startswith("File ")]
    return frames[-1] if frames else ""


def main() -> None:
    """Join or start the cluster and dispatch until told to stop."""
    silence()  # before Ray starts; `begin` comes after it
    settings = load()
    cpus = cluster.connect(settings)
    stopping = process.begin("dispatcher")  # after Ray, which takes the signals for itself
    Dispatcher(settings, Ledger(settings.ledger_url), cpus).run(stopping)
    ray.shutdown()


if __name__ == "__main__":
    main()
