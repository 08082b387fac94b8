"""A ledger whose cases are worked off in this process, at times that the test chooses: no Ray, no dispatcher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Benefit, Context, Item, JsonObject, Priority, Store
from samdrift_platform.ledger import effects, endings, inbox, items, queue, submissions
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.inbox import Ruling
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.ledger.submissions import Request
from samdrift_rpa.process import Process
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.work import NOW, seconds

LEASE = timedelta(minutes=5)
TENANT = "demo"


@dataclass
class Robots:
    """One workload with its processes, at work on `ledger`."""

    ledger: Ledger
    workload: RobotWorkload
    store: Store = field(default_factory=MemoryStore)
    engine: Mapping[str, Any] = field(default_factory=dict)
    #: What every effect of a step is answered.
    answers: Mapping[str, JsonObject] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = self.engine or self.workload.load({})

    def submit(self, reference: str, process: str, cases: Sequence[Mapping[str, Any]], *, now: datetime = NOW) -> UUID:
        document = {"process": process, "received_at": now.isoformat(), "cases": [dict(case) for case in cases]}
        found = list(self.workload.split(self.workload.submission.model_validate(document), self.store))
        request = Request(
            workload="rpa",
            tenant=TENANT,
            reference=reference,
            document=document,
            items=found,
            priority=Priority.ADMINISTRATIVE,
            submitted_by="olga",
        )
        with self.ledger.write() as connection:
            return submissions.submit(connection, request, now=now)[0]

    def work(self, *, now: datetime = NOW, limit: int = 1_000, safe: bool = False) -> int:
        """Take waiting cases through a round; how many."""
        claims = self.claim(now=now, limit=limit)
        with self.ledger.write() as connection:
            endings.complete(connection, "rpa", [(c, self._made(c, safe=safe)) for c in claims], now=now)
        return len(claims)

    def claim(self, *, now: datetime = NOW, limit: int = 1_000) -> list[Claim]:
        with self.ledger.write() as connection:
            return queue.claim(connection, workload="rpa", worker="robot", limit=limit, lease=LEASE, now=now)

    def deliver(self, *, now: datetime = NOW, stop: EffectState | None = None) -> int:
        """Deliver every planned effect whose turn it is, again and again; or stop each as refused or unknown."""
        number = 0
        while True:
            with self.ledger.write() as connection:
                taken = effects.claim(connection, ["rpa"], limit=1_000, lease=LEASE, now=now)
                for effect in taken:
                    if stop is None:
                        effects.delivered(connection, effect, self.answers.get(effect.step, {"ok": True}), now=now)
                    else:
                        effects.stopped(connection, effect, stop, "told so", now=now)
            number += len(taken)
            if not taken or stop is not None:
                return number

    def decide(self, item_id: UUID, question: str, choice: str, *, now: datetime = NOW, **fields: Any) -> None:
        ruling = Ruling(question=question, choice=choice, fields=fields)
        with self.ledger.write() as connection:
            inbox.decide(connection, item_id, ruling, actor="olga", now=now)

    def fail(self, *, now: datetime = NOW) -> None:
        """Let every waiting case fail for good."""
        for attempt in range(queue.MOST_ATTEMPTS):
            at = now + seconds(3_600 * attempt)
            claims: list[Claim] = []
            while taken := self.claim(now=at):
                claims += taken
            with self.ledger.write() as connection:
                endings.fail(connection, claims, "out of chalk", now=at)

    def items(self) -> list[WorkItem]:
        with self.ledger.read() as connection:
            return items.find(connection, workload="rpa", limit=1_000_000)

    def _made(self, claim: Claim, *, safe: bool) -> Completion:
        item = Item(reference=claim.reference, payload=claim.payload, deadline=claim.deadline, earlier=claim.earlier)
        context = Context(store=self.store, engine=self.engine)
        (outcome,) = (self.workload.safe if safe else self.workload.process)([item], context)
        cpu = Benefit(measure="cpu_time", quantity=0.25, unit="s", method="counted")
        return Completion(
            outcome=outcome,
            effects=list(self.workload.effects(outcome)),
            saved=list(self.workload.benefits(outcome)),
            spent=[cpu],
            safe=safe,
        )


def robots(ledger: Ledger, *processes: Process[Any, Any], **answers: JsonObject) -> Robots:
    """Robots for these processes, whose effects are answered so."""
    hosted = {process.name: process for process in processes}
    return Robots(ledger=ledger, workload=RobotWorkload(hosted), answers=answers)
