"""A ledger and an object store with items that have ended at chosen times, and what retention makes of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.contract import Effect, Item, Outcome, Question, Verdict
from samdrift_platform.ledger import audit, effects, endings, inbox, queue, submissions, tables
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.inbox import Ruling
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.ledger.verification import verify
from samdrift_platform.objects import ObjectStore
from samdrift_platform.question import Choice
from samdrift_platform.retaining import Erased, Retaining
from samdrift_platform.retention import Retention
from samdrift_testing.work import LEASE, NOW, TALLY, WORKLOAD, fail, request

DAY = timedelta(days=1)
KNOBS = Retention(done=10 * DAY, exceptions=20 * DAY, documents=15 * DAY, evidence=5 * DAY, comments=30 * DAY)
ASKED = Question(
    code="which",
    title={"da": "?", "en": "?"},
    reasons=({"da": "secret reason", "en": "secret reason"},),
    choices=(Choice(code="this", label={"da": "Denne", "en": "This"}),),
)


@dataclass
class Keeper:
    """A workload that says how long it keeps what, by lane."""

    by_lane: Mapping[str, Retention] = field(default_factory=lambda: {"": KNOBS})

    def retention(self, lane: str) -> Retention:
        return self.by_lane.get(lane, KNOBS)


@dataclass
class Home:
    ledger: Ledger
    store: ObjectStore
    keeper: Any = field(default_factory=Keeper)

    def put(self, content: str) -> str:
        """An object that nobody has put for long."""
        reference = self.store.put(content.encode())
        path = Path(self.store.url.removeprefix("file://")) / reference[7:9] / reference[7:]
        os.utime(path, (0, 0))
        return reference

    def ended(
        self,
        name: str,
        *documents: str,
        made: str = "",
        state: ItemState = ItemState.DONE,
        at: datetime = NOW,
        asked: bool = False,
        lane: str = "",
    ) -> UUID:
        """An item that names `documents`, made another object on the way, and ended `at` that time."""
        payload: dict[str, Any] = {"documents": list(documents), "note": f"secret of {name}"}
        given = Item(reference=name, payload=payload, lane=lane, subject="ab" * 32)
        with self.ledger.write() as connection:
            sent = request(f"s-{name}", [given], document={"documents": list(documents), "note": f"secret of {name}"})
            submissions.submit(connection, sent, now=at)
            (claim,) = queue.claim(connection, workload=WORKLOAD, worker="w", limit=1, lease=LEASE, now=at)
        if asked:
            self._ask(claim, at)
            with self.ledger.write() as connection:
                (claim,) = queue.claim(connection, workload=WORKLOAD, worker="w", limit=1, lease=LEASE, now=at)
        self._end(claim, made, state, at)
        return claim.id

    def _ask(self, claim: queue.Claim, at: datetime) -> None:
        waits = Outcome(reference=claim.reference, verdict=Verdict.WAITING_FOR_PERSON, question=ASKED)
        with self.ledger.write() as connection:
            endings.complete(connection, WORKLOAD, [(claim, Completion(outcome=waits, decided_by=[TALLY]))], now=at)
            ruling = Ruling(question="which", choice="this", comment="a secret comment")
            inbox.decide(connection, claim.id, ruling, actor="anna", now=at)

    def _end(self, claim: queue.Claim, made: str, state: ItemState, at: datetime) -> None:
        if state is ItemState.FAILED:
            with self.ledger.write() as connection:
                connection.execute(
                    sa.update(tables.work_items).values(attempt=99).where(tables.work_items.c.id == claim.id)
                )
            fail(self.ledger, replace(claim, attempt=99), "secret error", now=at)
            return
        verdict = Verdict(state) if state is not ItemState.CANCELLED else Verdict.WAITING_FOR_PERSON
        outcome = Outcome(
            reference=claim.reference, verdict=verdict, result={"object": made, "x": "secret result"}, reason="secret"
        )
        step = [Effect(step="tell", receiver="board", request={"object": made, "text": "secret request"})]
        completion = Completion(outcome=outcome, effects=step if state is ItemState.DONE else (), decided_by=[TALLY])
        with self.ledger.write() as connection:
            endings.complete(connection, WORKLOAD, [(claim, completion)], now=at)
            if state is ItemState.CANCELLED:
                endings.cancel(connection, claim.id, actor="anna", now=at)
            for effect in effects.claim(connection, [WORKLOAD], limit=9, lease=LEASE, now=at):
                effects.delivered(connection, effect, {"said": "secret answer", "object": made}, now=at)

    def run(self, now: datetime, **options: Any) -> Erased:
        workloads: Any = {WORKLOAD: self.keeper}
        return Retaining(ledger=self.ledger, store=self.store, workloads=workloads, now=now, **options).run()

    def text(self) -> str:
        """Everything in the database but the chain."""
        with self.ledger.read() as connection:
            found = [
                str(row)
                for table in tables.metadata.sorted_tables
                if table.name not in ("audit_events", "expiring_objects")
                for row in connection.execute(sa.select(table))
            ]
        return "\n".join(found)

    def is_intact(self) -> bool:
        with self.ledger.read() as connection:
            return verify(connection).intact

    def events(self, identifier: UUID) -> list[str]:
        with self.ledger.read() as connection:
            return [record.action for record in audit.events_of(connection, f"item:{identifier}")]
