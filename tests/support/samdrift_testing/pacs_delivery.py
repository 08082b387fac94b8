"""A delivery of reports to a PACS, and a clock that only the test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from samdrift_mammography.results.pacs import Pacs, PacsReceiver
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Effect, Outcome, Store, Verdict
from samdrift_platform.delivery import MOST_ATTEMPTS, Delivery
from samdrift_platform.ledger import effects, endings
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.endings import Completion
from samdrift_testing.reports import entry, report
from samdrift_testing.work import WORKLOAD, claim_one, item, look, submit


@dataclass
class PacsDelivery:
    """Over one ledger and one PACS."""

    ledger: Ledger
    pacs: Pacs
    store: Store = field(default_factory=MemoryStore)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def plan(self, *numbers: int) -> UUID:
        """An item whose effects are the reports of these numbers; its id."""
        submit(self.ledger, "x", [item("x")], now=self.now)
        claimed = claim_one(self.ledger, now=self.now)
        planned = [
            Effect(step=f"report-{number}", receiver="pacs", request=entry(number, self.store.put(report(number))))
            for number in numbers
        ]
        outcome = Outcome(reference="x", verdict=Verdict.DONE, result={})
        with self.ledger.write() as connection:
            finished = [(claimed, Completion(outcome=outcome, effects=planned))]
            endings.complete(connection, WORKLOAD, finished, now=self.now)
        return claimed.id

    def all_steps(self) -> None:
        """Until nothing is left to do, however long the back-off."""
        delivery = Delivery(self.ledger, {WORKLOAD: {"pacs": PacsReceiver(self.pacs, self.store)}})
        for _ in range(3 * MOST_ATTEMPTS):
            if not delivery.step(now=self.now):
                self.now += timedelta(hours=1)
                if not delivery.step(now=self.now):
                    return
        raise AssertionError("the delivery does not come to an end")

    def effects(self, identifier: UUID) -> list[EffectRow]:
        """What the ledger says of the item's effects."""
        with self.ledger.read() as connection:
            return effects.of_item(connection, identifier)

    def ended(self, identifier: UUID) -> tuple[str, list[str]]:
        """The state of the item and of its effects."""
        return str(look(self.ledger, identifier).state), [str(effect.state) for effect in self.effects(identifier)]
