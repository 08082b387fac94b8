"""A real dispatcher process on a real Ray, watched through its ledger and its log."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from samdrift_platform import cluster
from samdrift_platform.contract import Item, Priority
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import endings, items, migrations, processes, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.items import ENDED, WorkItem
from samdrift_platform.ledger.processes import Process
from samdrift_platform.ledger.submissions import Request
from samdrift_platform.process import die_with_parent
from samdrift_platform.settings import Settings
from samdrift_registry.deployments import Slot
from samdrift_registry.statements import Statement
from samdrift_testing import governed

#: The plug-in's workloads.
PLUGIN = ("errands", "chores", "oracle")
#: The classes in which a station submits.
CLASSES = {
    "errands": Priority.CLINICAL,
    "chores": Priority.BACKGROUND,
    "oracle": Priority.OPERATIONAL,
    "energy_forecast": Priority.OPERATIONAL,
    "mammography": Priority.CLINICAL,
}


@dataclass(eq=False)
class Station:
    """What a test does with the dispatcher. Work never has to be waited for longer than `patience_s`."""

    settings: Settings
    ledger: Ledger
    log: Path
    patience_s: float = 180.0

    def submit(self, workload: str, reference: str, found: Sequence[Item]) -> UUID:
        request = Request(
            workload=workload,
            tenant="demo",
            reference=reference,
            document={"about": reference},
            items=found,
            priority=CLASSES[workload],
            submitted_by="olga",
        )
        with self.ledger.write() as connection:
            return submissions.submit(connection, request, now=datetime.now(UTC))[0]

    def errands(self, workload: str, reference: str, *acts: str, **payload: Any) -> UUID:
        """Submit one errand for each of `acts`, called `<reference>/<number>`."""
        found = [
            Item(reference=f"{reference}/{number}", payload={"act": act, "diary": None} | payload)
            for number, act in enumerate(acts)
        ]
        return self.submit(workload, reference, found)

    def items(self, submission_id: UUID) -> list[WorkItem]:
        with self.ledger.read() as connection:
            return items.find(connection, submission_id=submission_id, limit=10_000)

    def finished(self, submission_id: UUID) -> list[WorkItem]:
        """The items, once all have ended."""
        self.wait_until(lambda: all(found.state in ENDED for found in self.items(submission_id)))
        return self.items(submission_id)

    def finished_item(self, item_id: UUID) -> WorkItem:
        """One item, once it has ended."""
        self.wait_until(lambda: self._item(item_id).state in ENDED)
        return self._item(item_id)

    def _item(self, item_id: UUID) -> WorkItem:
        with self.ledger.read() as connection:
            return items.get(connection, item_id)

    def cancel(self, item: WorkItem) -> None:
        with self.ledger.write() as connection:
            endings.cancel(connection, item.id, actor="olga", now=datetime.now(UTC))

    @property
    def governance(self) -> Governance:
        """What people do with versions and workloads."""
        return Governance(self.ledger, self.settings.home)

    def serve(
        self, model: str, version: int, digest: str, slot: Slot = Slot.CHAMPION, *, share: float = 1.0
    ) -> Statement:
        """Deploy a version with all the evidence that it takes."""
        return governed.serve(self.ledger, self.settings.home, model, version, digest, slot=slot, share=share)

    def stop(self, workload: str) -> None:
        self.governance.stop(workload, "a test says so", actor="olga", now=datetime.now(UTC))

    def resume(self, workload: str) -> None:
        self.governance.resume(workload, "the test is over", actor=governed.OPERATOR, now=datetime.now(UTC))

    def report(self) -> Process:
        """What the dispatcher last said of itself."""
        with self.ledger.read() as connection:
            return next(found for found in processes.all_of(connection) if found.name == "dispatcher")

    def crew(self, workload: str) -> dict[str, Any]:
        """What it last said of a workload's replicas."""
        crews: dict[str, dict[str, Any]] = self.report().detail["crews"]
        return crews[workload]

    def logged(self, event: str) -> bool:
        return event in self.log.read_text()

    def wait_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.patience_s
        pause = threading.Event()
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {self.patience_s} s; log:\n{self.log.read_text()[-3000:]}")
            pause.wait(0.02)


#: Seconds: of claims that nobody outlives on a busy machine, and of those that are to come back after a kill.
LEASE_S, SHORT_LEASE_S = 60.0, 5.0


@contextmanager
def running_station(
    folder: Path,
    site: Path,
    *,
    workloads: Sequence[str] = PLUGIN,
    cpus: int = 2,
    reserved_share: float = 0.5,
    lease_s: float = LEASE_S,
) -> Iterator[Station]:
    """Start a dispatcher below `folder` with the plug-in at `site`, and end it afterwards."""
    chosen = Settings(
        home=folder / "home",
        workloads=",".join(workloads),
        cpus=cpus,
        lease_s=lease_s,
        reserved_clinical_share=reserved_share,
    )
    migrations.upgrade(chosen.ledger_url)
    log = folder / "dispatcher.log"
    environment = os.environ | cluster.environment(chosen) | chosen.environment()
    environment |= {"HOME": str(folder), "PYTHONPATH": str(site)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "samdrift_platform.dispatcher"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,
        )
    ledger = Ledger(chosen.ledger_url)
    try:
        station = Station(chosen, ledger, log)
        station.wait_until(lambda: _reported(ledger) or process.poll() is not None)
        yield station
    finally:
        ledger.close()
        process.terminate()
        try:
            process.wait(timeout=120)
        finally:
            process.kill()
            process.wait()


def _reported(ledger: Ledger) -> bool:
    with ledger.read() as connection:
        return any(found.name == "dispatcher" for found in processes.all_of(connection))
