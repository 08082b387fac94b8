"""A worker made of the ledger's own functions and the real delivery, which dies where it is told."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from samdrift_platform.contract import Effect, JsonObject, Outcome, Verdict
from samdrift_platform.delivery import Delivery
from samdrift_platform.ledger import endings, items, queue
from samdrift_platform.ledger.database import Ledger, LedgerUnavailableError
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.queue import Claim
from samdrift_testing.receivers import LoggingReceiver

WORKLOAD = "letters"
#: Of items and of effects: long for a busy machine, short for a test.
LEASE = timedelta(seconds=3)
BATCH = 5


class Point(StrEnum):
    """Where a worker can die, in the order of an item's way."""

    BEFORE_CLAIM = "before claim"
    CLAIMED = "after claim, before process"
    PROCESSED = "after process, before commit"
    COMMITTED = "after commit, before effect"
    TAKEN = "after the effect's row, before the call"
    CALLING = "in the call, before it is done"
    CALLED = "after the call, before the record"
    RECORDED = "after the record"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Die (SIGKILL) or fall asleep (SIGSTOP) at the `nth` passing of a point."""

    point: Point
    nth: int
    number: signal.Signals = signal.SIGKILL


class Worker:
    """One process's work until nothing is left."""

    def __init__(self, url: str, log: Path, plan: Plan | None) -> None:
        self._ledger = Ledger(url)
        self._plan = plan
        self._passed: Counter[Point] = Counter()
        receiver = _Receiver(log, self.at)
        self._delivery = _Delivery(self._ledger, {WORKLOAD: {"post": receiver}}, self.at)
        self._pause = threading.Event()

    def at(self, point: Point) -> None:
        self._passed[point] += 1
        plan = self._plan
        if plan is not None and plan.point is point and self._passed[point] == plan.nth:
            os.kill(os.getpid(), plan.number)

    def run(self) -> None:
        while True:
            try:
                if not self._turn() and self._all_done():
                    return
            except LedgerUnavailableError:
                self._pause.wait(0.1)

    def _turn(self) -> bool:
        self.at(Point.BEFORE_CLAIM)
        now = datetime.now(UTC)
        with self._ledger.write() as connection:
            queue.release_expired(connection, now=now)
        with self._ledger.write() as connection:
            claims = queue.claim(
                connection, workload=WORKLOAD, worker=str(os.getpid()), limit=BATCH, lease=LEASE, now=now
            )
        if claims:
            self._complete(claims)
        delivered = 0
        while delivered < BATCH and self._delivery.step():
            delivered += 1
        if not claims and not delivered:
            self._pause.wait(0.05)
        return bool(claims or delivered)

    def _complete(self, claims: list[Claim]) -> None:
        self.at(Point.CLAIMED)
        finished = [(claim, _process(claim)) for claim in claims]
        self.at(Point.PROCESSED)
        with self._ledger.write() as connection:
            endings.complete(connection, WORKLOAD, finished, now=datetime.now(UTC))
        self.at(Point.COMMITTED)

    def _all_done(self) -> bool:
        with self._ledger.read() as connection:
            counts = items.counts(connection).get(WORKLOAD, {})
        return not (counts.get(ItemState.QUEUED) or counts.get(ItemState.RUNNING))


def work(url: str, log: str, plan: Plan | None) -> None:
    """A process's main function."""
    Worker(url, Path(log), plan).run()


class _Delivery(Delivery):
    def __init__(self, ledger: Ledger, receivers: dict[str, dict[str, _Receiver]], at: Callable[[Point], None]) -> None:
        super().__init__(ledger, receivers, lease=LEASE)
        self._at = at

    def _deliver(self, effect: EffectRow, call_by: datetime) -> None:
        self._at(Point.TAKEN)
        super()._deliver(effect, call_by)
        self._at(Point.RECORDED)


class _Receiver(LoggingReceiver):
    def __init__(self, log: Path, at: Callable[[Point], None]) -> None:
        super().__init__(log)
        self._at = at

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        self._at(Point.CALLING)
        answer = super().deliver(key, request)
        self._at(Point.CALLED)
        return answer


def _process(claim: Claim) -> Completion:
    outcome = Outcome(reference=claim.reference, verdict=Verdict.DONE, result={"length": len(claim.reference)})
    letter = Effect(step="send", receiver="post", request={"reference": claim.reference})
    return Completion(outcome=outcome, effects=[letter])
