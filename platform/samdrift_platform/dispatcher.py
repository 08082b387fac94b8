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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import ray
import structlog

from samdrift_platform import admission, cluster, plugins, process
from samdrift_platform.crew import Batch, cause
from samdrift_platform.errors import SamdriftError
from samdrift_platform.escalation import Escalation
from samdrift_platform.ledger import processes, queue, shadow_runs
from samdrift_platform.ledger.database import Ledger, LedgerRefusedError, LedgerUnavailableError
from samdrift_platform.orders import Orders
from samdrift_platform.replica import BatchResult
from samdrift_platform.roster import Roster
from samdrift_platform.settings import Settings, load
from samdrift_platform.telemetry import silence

log = structlog.get_logger(__name__)

#: Housekeeping (orders, ageing, expired leases, heartbeat) happens this often.
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
        workloads = plugins.workloads(plugins.workload_names(settings.workloads))
        self._orders = Orders(list(workloads.values()), settings, ledger)
        self._roster = Roster(workloads)
        self._escalation = Escalation(ledger, settings.home)
        self._capacity = admission.Capacity(
            cpus=cluster_cpus, reserved_clinical_share=settings.reserved_clinical_share, chunk_s=settings.chunk_s
        )
        self._lease = timedelta(seconds=settings.lease_s)
        self._batches: dict[object, Batch] = {}
        self._returns: list[Return] = []
        self._kept_s = -math.inf

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping` is set; then finish what is in flight and dismiss the replicas."""
        while not stopping.is_set() or self._batches or self._returns:
            try:
                self.step(admitting=not stopping.is_set())
            except LedgerUnavailableError as error:  # replicas go on; what they return is kept until it is recorded
                log.warning("the ledger does not answer", error=error.message)
                time.sleep(PATIENCE_S)
        self._roster.dismiss()

    def step(self, *, admitting: bool) -> None:
        """One turn: keep house, start what may start, wait shortly for something to finish, record it."""
        now = datetime.now(UTC)
        if time.monotonic() - self._kept_s >= HOUSEKEEPING_S:  # not by the clock on the wall, which may be set
            self._keep_house(now)
        self._roster.tend()
        started = admitting and self._start_batches(now)
        self._take_back(wait_s=0.0 if started else self._settings.poll_s)
        while self._returns:
            self._record(self._returns[0])
            del self._returns[0]

    def _start_batches(self, now: datetime) -> bool:
        """Start batches until admission says no; whether any was started."""
        crews = {name: crew for name, crew in self._roster.crews.items() if crew.free or crew.free_kept}
        if not crews:
            return False
        with self._ledger.read() as connection:
            found = [crew.line.head(connection, now=now) for crew in crews.values()]
        heads = [head for head in found if head is not None]
        offers = {head.workload: crews[head.workload].offer(head.lane) for head in heads}
        running = [batch.running for batch in self._batches.values()]
        grant = admission.admit(heads, offers, running, self._capacity)
        if grant is None:
            return False
        self._start(grant, now)
        return True

    def _start(self, grant: admission.Grant, now: datetime) -> None:
        crew = self._roster.crews[grant.workload]
        with self._ledger.write() as connection:
            claims = crew.line.claim(connection, worker=self._worker, limit=grant.items, lease=self._lease, now=now)
        if claims:
            batch = crew.begin(claims)
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
            name = batch.crew.line.name
            kind = type(getattr(error, "cause", None) or error).__name__  # its message may quote personal data
            log.warning("batch failed", line=name, items=len(batch.claims), error=kind, where=_where(error))
            return Return(batch=batch, error=cause(error))

    def _record(self, returned: Return) -> None:
        if returned.result is None:
            self._fail(returned.batch, returned.error)
            return
        try:
            self._complete(returned.batch, returned.result)
        except LedgerRefusedError as error:
            log.warning("result cannot be recorded", line=returned.batch.crew.line.name)
            self._fail(returned.batch, error.message)

    def _complete(self, batch: Batch, result: BatchResult) -> None:
        line = batch.crew.line
        finished = list(zip(batch.claims, result.completions, strict=True))
        with self._ledger.write() as connection:
            late = line.complete(connection, finished, now=datetime.now(UTC))
        if late:
            log.warning("late results refused", line=line.name, items=[str(claim.id) for claim in late])

    def _fail(self, batch: Batch, error: str) -> None:
        with self._ledger.write() as connection:
            batch.crew.line.fail(connection, batch.claims, error, now=datetime.now(UTC))

    def _keep_house(self, now: datetime) -> None:
        orders = self._orders.current()
        self._roster.muster(orders, self._capacity)
        held = [*self._batches.values(), *(returned.batch for returned in self._returns)]
        with self._ledger.write() as connection:
            for batch in held:
                batch.crew.line.extend(connection, batch.claims, lease=self._lease, now=now)
            shadow_runs.give_up(connection, now=now)
            if not self._orders.trouble:
                shadow_runs.withdraw(connection, orders.in_shadow, now=now)
            queue.age(connection, now=now)
            queue.release_expired(connection, now=now)  # last: it locks the audit chain's head
        self._escalation.look(now)
        self._end_overdue()
        if cluster.may_grow():
            self._capacity = replace(self._capacity, cpus=cluster.cores())
        with self._ledger.write() as connection:
            processes.report(connection, "dispatcher", ready=self._roster.ready, detail=self._detail(), now=now)
        self._kept_s = time.monotonic()

    def _end_overdue(self) -> None:
        for batch in self._batches.values():
            if batch.end_if_overdue():
                log.warning("replica ended: its batch took too long", line=batch.crew.line.name)

    def _detail(self) -> dict[str, object]:
        told = {"cpus": self._capacity.cpus, "in_flight": len(self._batches), "governance": self._orders.trouble}
        return {**told, **self._roster.detail}


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
