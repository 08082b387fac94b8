"""A robot's worker made of the ledger's own functions, the real processes and the real delivery, which dies as told.

Beside it the office, where people decide, which dies as well.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, cast
from uuid import UUID

import structlog

from samdrift_platform.contract import Context, Item, JsonObject, Receiver, Store
from samdrift_platform.delivery import Delivery
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import endings, inbox, items, queue
from samdrift_platform.ledger.asked import Asked
from samdrift_platform.ledger.database import Ledger, LedgerUnavailableError
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.inbox import Filter, Ruling
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.objects import ObjectStore
from samdrift_platform.wall_clock import WallClock
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.robot_oracle_cases import FORMS

#: Of items and of effects: long for a busy machine, short for a test.
LEASE = timedelta(seconds=10)
BATCH = 10
#: How long receivers are waited for, in seconds; a form may take longer than a call.
TIMEOUT_S, FORM_TIMEOUT_S = 3.0, 25.0
FORM_LEASE = timedelta(seconds=60)
#: People see so many questions at once.
_SEEN = 20


class Point(StrEnum):
    """Where a worker or the office can die, in the order of an item's way."""

    BEFORE_CLAIM = "1 before the claim"
    CLAIMED = "2 after the claim, before the steps"
    PROCESSED = "3 after the steps, before the commit"
    COMMITTED = "4 after the commit, before the effect"
    DECIDING = "5 a person decides, before the commit"
    DECIDED = "6 after a person's decision"
    TAKEN = "7 after the effect's row, before the call"
    CALLING = "8 in the call, before it is done"
    CALLED = "9 after the call, before the record"
    RECORDED = "10 after the record"


#: Those that only the office passes.
OF_PEOPLE = (Point.DECIDING, Point.DECIDED)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Die (SIGKILL) or fall asleep (SIGSTOP) at the `nth` passing of a point."""

    point: Point
    nth: int
    number: signal.Signals = signal.SIGKILL


class Seconds(Protocol):
    """A number that all processes see."""

    value: float


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all processes share."""

    #: Closed before anybody is forked; what it has compiled is theirs.
    ledger: Ledger
    objects: Path
    workload: RobotWorkload
    engine: Mapping[str, Any]
    #: Makes the receivers by name, in the process that uses them.
    receivers: Callable[[Store], Mapping[str, Receiver]]
    #: Reference -> question -> choice and fields.
    decisions: Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]]
    #: Seconds by which the clock of all processes is ahead.
    ahead: Seconds

    def now(self) -> datetime:
        """As the clock of the machine would say."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead.value)


class Mortal:
    """Counts the points that it passes, and dies at one of them."""

    def __init__(self, setting: Setting, plan: Plan | None) -> None:
        self.setting, self._plan = setting, plan
        self.ledger = setting.ledger
        self._passed: Counter[Point] = Counter()
        self.pause = threading.Event()

    def at(self, point: Point) -> None:
        self._passed[point] += 1
        plan = self._plan
        if plan is not None and plan.point is point and self._passed[point] == plan.nth:
            os.kill(os.getpid(), plan.number)

    def run(self) -> None:
        """Until everything has ended."""
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        while True:
            with suppress(LedgerUnavailableError):
                if not self.turn() and self.all_done():
                    return
            self.pause.wait(0.05)

    def turn(self) -> bool:
        """Do something; whether there was anything to do."""
        raise NotImplementedError

    def all_done(self) -> bool:
        with self.ledger.read() as connection:
            counts = items.counts(connection)
        open_ = (ItemState.QUEUED, ItemState.RUNNING, ItemState.WAITING_FOR_PERSON)
        return not any(found.get(state) for found in counts.values() for state in open_)


class Worker(Mortal):
    """Works off one queue and delivers its effects."""

    def __init__(self, setting: Setting, plan: Plan | None, name: str) -> None:
        super().__init__(setting, plan)
        self._name, self._store = name, ObjectStore(setting.objects.as_uri())
        self._receivers = setting.receivers(self._store)
        receivers = {each: _Watched(made, self.at) for each, made in self._receivers.items()}
        lease = FORM_LEASE if name == FORMS else LEASE
        clock = WallClock(setting.now)
        self._delivery = _Delivery(self.ledger, {name: receivers}, self.at, lease, clock)
        self._released_s = 0.0

    def end(self) -> None:
        """Give all connections back."""
        for receiver in self._receivers.values():
            cast(Any, receiver).close()
        self.ledger.close()

    def turn(self) -> bool:
        self.at(Point.BEFORE_CLAIM)
        claims = self._claim()
        if claims:
            self._complete(claims)
        delivered = 0
        while delivered < 3 * BATCH and self._delivery.step():
            delivered += 1
        return bool(claims or delivered)

    def _claim(self) -> list[Claim]:
        now = self.setting.now()
        with self.ledger.write() as connection:
            if time.monotonic() - self._released_s > 1.0:
                queue.release_expired(connection, now=now)
                self._released_s = time.monotonic()
            worker = str(os.getpid())
            return queue.claim(connection, workload=self._name, worker=worker, limit=BATCH, lease=LEASE, now=now)

    def _complete(self, claims: Sequence[Claim]) -> None:
        self.at(Point.CLAIMED)
        found = [Item(reference=c.reference, payload=c.payload, deadline=c.deadline, earlier=c.earlier) for c in claims]
        workload, context = self.setting.workload, Context(store=self._store, engine=self.setting.engine)
        outcomes = workload.process(found, context)
        finished = [
            (claim, Completion(outcome=made, effects=list(workload.effects(made)), saved=list(workload.benefits(made))))
            for claim, made in zip(claims, outcomes, strict=True)
        ]
        self.at(Point.PROCESSED)
        with self.ledger.write() as connection:
            endings.complete(connection, self._name, finished, now=self.setting.now())
        self.at(Point.COMMITTED)


class Office(Mortal):
    """Two people who decide what waits for them, as the cases say; both where four eyes are asked for."""

    def turn(self) -> bool:
        with self.ledger.read() as connection:
            asked = inbox.waiting(connection, Filter(), limit=_SEEN)
            names = {each.item_id: items.get(connection, each.item_id).reference for each in asked}
        decided = [self._decide(each, names[each.item_id]) for each in asked]
        return any(decided)

    def _decide(self, asked: Asked, reference: str) -> bool:
        code = asked.question.code
        wanted = self.setting.decisions.get(reference, {}).get(code)
        if wanted is None:
            return False  # about an effect that stopped: it stays, and is listed
        choice, fields = wanted
        person = "olga" if not any(given.decided_by == "olga" for given in asked.given) else "karen"
        with suppress(ConflictError), self.ledger.write() as connection:
            ruling = Ruling(question=code, choice=choice, fields=dict(fields))
            inbox.decide(connection, asked.item_id, ruling, actor=person, now=self.setting.now())
            self.at(Point.DECIDING)
        self.at(Point.DECIDED)
        return True


class _Delivery(Delivery):
    def __init__(
        self,
        ledger: Ledger,
        receivers: Mapping[str, Mapping[str, Receiver]],
        at: Callable[[Point], None],
        lease: timedelta,
        clock: WallClock,
    ) -> None:
        super().__init__(ledger, receivers, lease=lease, clock=clock)
        self._at = at

    def _deliver(self, effect: EffectRow, call_by: datetime) -> None:
        self._at(Point.TAKEN)
        super()._deliver(effect, call_by)
        self._at(Point.RECORDED)


@dataclass(frozen=True)
class _Watched:
    """A receiver around whose calls its process may die."""

    inner: Receiver
    at: Callable[[Point], None]

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        self.at(Point.CALLING)
        answer = self.inner.deliver(key, request)
        self.at(Point.CALLED)
        return answer

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        return self.inner.find(key, request)
