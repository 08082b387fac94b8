"""Objections, withdrawals, claims, completions and lost leases in any order: no model decides against an objection."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samdrift_platform.contract import Item
from samdrift_platform.ledger import endings, objections, queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.queue import Claim
from samdrift_testing.work import NOW, WORKLOAD, all_items, claim, completion, seconds, submit

WOMEN = {"anna": "aa" * 32, "berta": "bb" * 32}


@dataclass
class Office:
    """A ledger, and a plain model of who objects: a set."""

    ledger: Ledger
    objecting: set[str] = field(default_factory=set)
    held: list[Claim] = field(default_factory=list)
    clock: datetime = NOW
    submitted: int = 0
    #: References whose person objected when their outcome was recorded.
    ended_objecting: set[str] = field(default_factory=set)

    def now(self) -> datetime:
        self.clock += seconds(1)
        return self.clock

    def arrive(self, choice: int) -> None:
        woman = [*WOMEN, "nobody"][choice % 3]
        self.submitted += 1
        item = Item(reference=f"{woman}/{self.submitted}", payload={}, subject=WOMEN.get(woman))
        submit(self.ledger, f"s{self.submitted}", [item], now=self.now())

    def change_mind(self, choice: int) -> None:
        """Object, or withdraw the objection that stands."""
        woman = [*WOMEN][choice % 2]
        change = objections.withdraw if woman in self.objecting else objections.record
        with self.ledger.write() as connection:
            change(connection, WORKLOAD, WOMEN[woman], actor="olga", now=self.now())
        self.objecting ^= {woman}

    def take(self, choice: int) -> None:
        for each in claim(self.ledger, 1 + choice % 2, now=self.now()):
            assert each.objected == (_woman(each) in self.objecting)
            self.held.append(each)

    def answer(self, choice: int) -> None:
        """As the dispatcher does: who had objected at the claim is answered without a model."""
        if not self.held:
            return
        taken = self.held.pop(choice % len(self.held))
        told = {"decided_by": [], "safe": True, "objected": True} if taken.objected else {}
        made = completion(taken.reference, **told)  # type: ignore[arg-type] # as `completion` takes them
        with self.ledger.write() as connection:
            late = endings.complete(connection, WORKLOAD, [(taken, made)], now=self.now())
        if not late and _woman(taken) in self.objecting and self.state(taken) == "done":
            self.ended_objecting.add(taken.reference)

    def lose_leases(self, _: int) -> None:
        self.clock += seconds(100)
        with self.ledger.write() as connection:
            queue.release_expired(connection, now=self.now())

    def state(self, taken: Claim) -> str:
        return next(str(item.state) for item in all_items(self.ledger) if item.id == taken.id)


def _woman(taken: Claim) -> str:
    return taken.reference.partition("/")[0]


STEPS: Sequence[Callable[[Office, int], None]] = [
    Office.arrive,
    Office.take,
    Office.change_mind,
    Office.answer,
    Office.lose_leases,
]


@contextmanager
def opened(template: Path) -> Iterator[Office]:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Ledger(f"sqlite:///{shutil.copy(template, Path(folder) / 'ledger.db')}")) as ledger,
    ):
        yield Office(ledger)


@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5)), max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_model_decides_against_an_objection(
    steps: list[tuple[Callable[[Office, int], None], int]], sqlite_template: Path
) -> None:
    with opened(sqlite_template) as office:
        for choice in range(3):
            office.arrive(choice)
        office.take(1)
        for step, choice in steps:
            step(office, choice)
        decided = {item.reference for item in all_items(office.ledger) if item.models}
        assert decided & office.ended_objecting == set()
