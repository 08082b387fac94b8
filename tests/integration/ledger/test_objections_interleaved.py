"""Objections, withdrawals, claims, completions and lost leases in any order: no model decides against an objection."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from samdrift_platform.contract import Item
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import endings, migrations, objections, queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.queue import Claim
from samdrift_testing.work import NOW, WORKLOAD, all_items, claim, completion, seconds, submit

WOMEN = {"anna": "aa" * 32, "berta": "bb" * 32}


@cache
def template() -> Path:
    """A migrated ledger to copy."""
    path = Path(tempfile.mkdtemp()) / "ledger.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


class Objecting(RuleBasedStateMachine):
    """A ledger, and a plain model of who objects: a set."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.ledger = Ledger(f"sqlite:///{shutil.copy(template(), self.folder / 'ledger.db')}")
        self.objecting: set[str] = set()
        self.held: list[Claim] = []
        self.clock, self.submitted = NOW, 0
        #: Reference -> whether its person objected when its outcome was recorded.
        self.ended: dict[str, bool] = {}

    def now(self) -> datetime:
        self.clock += seconds(1)
        return self.clock

    @rule(woman=st.sampled_from([*WOMEN, None]))
    def arrive(self, woman: str | None) -> None:
        self.submitted += 1
        subject = WOMEN[woman] if woman else None
        item = Item(reference=f"{woman}/{self.submitted}", payload={}, subject=subject)
        submit(self.ledger, f"s{self.submitted}", [item], now=self.now())

    @rule(woman=st.sampled_from(list(WOMEN)))
    def object_(self, woman: str) -> None:
        with self.ledger.write() as connection:
            objections.record(connection, WORKLOAD, WOMEN[woman], actor="olga", now=self.now())
        self.objecting.add(woman)

    @rule(woman=st.sampled_from(list(WOMEN)))
    def withdraw(self, woman: str) -> None:
        with contextlib.suppress(NotFoundError), self.ledger.write() as connection:
            objections.withdraw(connection, WORKLOAD, WOMEN[woman], actor="olga", now=self.now())
        self.objecting.discard(woman)

    @rule(limit=st.integers(1, 3))
    def take(self, limit: int) -> None:
        taken = claim(self.ledger, limit, now=self.now())
        for each in taken:
            assert each.objected == (each.reference.partition("/")[0] in self.objecting)
        self.held += taken

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """As the dispatcher does: who had objected at the claim is answered without a model."""
        taken = data.draw(st.sampled_from(self.held))
        self.held.remove(taken)
        told = {"decided_by": [], "safe": True, "objected": True} if taken.objected else {}
        made = completion(taken.reference, **told)  # type: ignore[arg-type] # as `completion` takes them
        with self.ledger.write() as connection:
            late = endings.complete(connection, WORKLOAD, [(taken, made)], now=self.now())
        if not late and self._state(taken.reference) == "done":
            self.ended[taken.reference] = taken.reference.partition("/")[0] in self.objecting

    @rule()
    def lose_leases(self) -> None:
        self.clock += seconds(100)
        with self.ledger.write() as connection:
            queue.release_expired(connection, now=self.now())

    @invariant()
    def no_model_decides_against_an_objection(self) -> None:
        if not hasattr(self, "ledger"):
            return
        for item in all_items(self.ledger):
            if self.ended.get(item.reference):
                assert item.models == {}, f"a model decided {item.reference}"

    def _state(self, reference: str) -> str:
        return next(str(item.state) for item in all_items(self.ledger) if item.reference == reference)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
            shutil.rmtree(self.folder)


TestObjecting = Objecting.TestCase
TestObjecting.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
