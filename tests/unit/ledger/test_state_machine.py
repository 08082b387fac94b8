"""The item's state machine against a model of it in plain Python: whatever happens, in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from samdrift_platform.contract import Priority, Verdict
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import effects, endings, items, queue, tables, verification
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.endings import back_off
from samdrift_platform.ledger.items import AGEING
from samdrift_platform.ledger.queue import MOST_ATTEMPTS, Claim
from samdrift_testing import work
from samdrift_testing.work import LEASE, NOW, seconds

#: What may follow what. Everything else is a fault.
LEGAL = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "queued"),
    ("running", "done"),
    ("running", "rejected"),
    ("running", "waiting_for_person"),
    ("running", "failed"),
    ("running", "cancelled"),
    ("waiting_for_person", "cancelled"),
    ("waiting_for_person", "running"),
    ("failed", "queued"),
}


@dataclass
class Letter:
    """An effect as the model sees it."""

    step: str
    state: str = "planned"
    attempt: int = 0
    fence: int = 0
    lease_until: datetime | None = None
    available_at: datetime = NOW


@dataclass
class Thing:
    """A work item as the model sees it."""

    reference: str
    arrival: int
    priority: int
    urgency: int
    ages_at: datetime
    due: datetime
    available_at: datetime
    state: str = "queued"
    attempt: int = 0
    fence: int = 0
    lease_until: datetime | None = None
    verdict: str | None = None
    letters: list[Letter] = field(default_factory=list)

    @property
    def seen_outside(self) -> bool:
        return bool(self.letters) and self.letters[0].attempt > 0


class ItemMachine(RuleBasedStateMachine):
    """Rules do the same to the ledger and to the model; invariants compare them."""

    template: ClassVar[Path]
    #: Where the folder of each life is made.
    place: ClassVar[Path]
    held = Bundle("held")
    taken = Bundle("taken")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory(dir=self.place)
        copy = shutil.copy(self.template, Path(self.folder.name) / "ledger.db")
        self.ledger = Ledger(f"sqlite:///{copy}")
        self.now = NOW
        self.model: dict[str, Thing] = {}
        self.ids: dict[str, UUID] = {}
        self.before: dict[str, tuple[str, int]] = {}
        self.submit(2, Priority.BACKGROUND, None)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
            self.folder.cleanup()

    @rule(number=st.integers(1, 3), priority=st.sampled_from(Priority), due_in_s=st.none() | st.integers(1, 3))
    def submit(self, number: int, priority: Priority, due_in_s: int | None) -> None:
        start = len(self.model)
        deadline = None if due_in_s is None else self.now + timedelta(hours=due_in_s)
        found = [work.item(f"item {start + n}", deadline) for n in range(number)]
        work.submit(self.ledger, f"submission {start}", found, now=self.now, priority=priority)
        for n, item in enumerate(found):
            self.model[item.reference] = Thing(
                reference=item.reference,
                arrival=start + n,
                priority=priority,
                urgency=priority,
                ages_at=self.now + AGEING,
                due=deadline or items.FAR_AWAY,
                available_at=self.now,
            )

    @rule(past=st.integers(1, 3))
    def submit_again(self, past: int) -> None:
        names = list(self.model)[:past]
        if names:
            work.submit(self.ledger, f"again {len(self.ids)} {self.now}", [work.item(name) for name in names])

    @rule(target=held, limit=st.integers(1, 3))
    def claim(self, limit: int) -> object:
        return multiple(*self._claim(limit))

    @rule(target=held, times=st.integers(2, MOST_ATTEMPTS))
    def claim_and_crash(self, times: int) -> object:
        """Again and again: the claims are zombies' now."""
        claims: list[Claim] = []
        for _ in range(times):
            claims += self._claim(1)
            self.all_workers_crash()
        return multiple(*claims)

    @rule(target=taken, verdict=st.sampled_from(Verdict))
    def process_and_take(self, verdict: Verdict) -> object:
        """The straight way to an effect in a delivery's hands."""
        for claim in self._claim(1):
            self.complete(claim, verdict, 2)
        return multiple(*self._take_effects(2))

    def _claim(self, limit: int) -> list[Claim]:
        waiting = [t for t in self.model.values() if t.state == "queued" and t.available_at <= self.now]
        waiting.sort(key=lambda thing: (thing.urgency, thing.due, thing.arrival))
        expected = [t for t in waiting if t.attempt == 0][:limit] if waiting and not waiting[0].attempt else waiting[:1]
        claims = work.claim(self.ledger, limit, now=self.now)
        assert [claim.reference for claim in claims] == [thing.reference for thing in expected]
        for claim, thing in zip(claims, expected, strict=True):
            thing.state, thing.attempt, thing.fence = "running", thing.attempt + 1, thing.fence + 1
            thing.lease_until = self.now + LEASE
            assert (claim.attempt, claim.fence) == (thing.attempt, thing.fence)
            self.ids[claim.reference] = claim.id
        self.states_follow_each_other_legally_and_fences_only_rise()
        return claims

    @rule(claim=held, verdict=st.sampled_from(Verdict), number=st.integers(0, 2))
    def complete(self, claim: Claim, verdict: Verdict, number: int) -> None:
        """Also by zombies: a claim stays in the bundle for ever."""
        steps = ["first", "second"][:number]
        accepted = work.complete(self.ledger, claim, verdict=verdict, steps=steps, now=self.now)
        thing = self.model[claim.reference]
        assert accepted is self._owns(claim)
        if accepted:
            thing.lease_until = None
            thing.verdict = verdict.value
            thing.letters = [Letter(step=step, available_at=self.now) for step in steps]
            if not steps:
                thing.state = verdict.value

    @rule(claim=held)
    def fail(self, claim: Claim) -> None:
        work.fail(self.ledger, claim, now=self.now)
        thing = self.model[claim.reference]
        if self._owns(claim):
            thing.lease_until = None
            thing.state = "failed" if thing.attempt >= MOST_ATTEMPTS else "queued"
            thing.available_at = self.now + back_off(thing.attempt)

    @rule(claim=held)
    def extend(self, claim: Claim) -> None:
        with self.ledger.write() as connection:
            queue.extend(connection, [claim], lease=LEASE, now=self.now)
        if self._owns(claim):
            self.model[claim.reference].lease_until = self.now + LEASE

    @rule(after_s=st.sampled_from([1.0, LEASE.total_seconds() + 1, 400.0, AGEING.total_seconds()]))
    def time_passes(self, after_s: float) -> None:
        """With nobody at work: workers that hold something have crashed or sleep."""
        self.now += seconds(after_s)

    @rule()
    def release_expired(self) -> None:
        expired = [t for t in self.model.values() if t.lease_until is not None and t.lease_until < self.now]
        assert work.expire(self.ledger, now=self.now) == len(expired)
        for thing in expired:
            thing.lease_until, thing.fence = None, thing.fence + 1
            thing.state = "failed" if thing.attempt >= MOST_ATTEMPTS else "queued"
            thing.available_at = self.now if thing.state == "queued" else thing.available_at

    @rule()
    def all_workers_crash(self) -> None:
        self.time_passes(LEASE.total_seconds() + 1)
        self.release_expired()
        self.states_follow_each_other_legally_and_fences_only_rise()

    @rule()
    def age(self) -> None:
        with self.ledger.write() as connection:
            queue.age(connection, now=self.now)
        for thing in self.model.values():
            if thing.state == "queued" and thing.urgency > 0 and thing.ages_at <= self.now:
                thing.due = self.now if thing.urgency == 1 else thing.due
                thing.urgency, thing.ages_at = thing.urgency - 1, self.now + AGEING

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if not self.ids:
            return
        thing = self.model[data.draw(st.sampled_from(sorted(self.ids)))]
        allowed = thing.state in ("queued", "running", "waiting_for_person") and not thing.seen_outside
        with _maybe_conflict(allowed), self.ledger.write() as connection:
            endings.cancel(connection, self.ids[thing.reference], actor="olga", now=self.now)
        if allowed:
            thing.state, thing.lease_until, thing.fence = "cancelled", None, thing.fence + 1
            for letter in thing.letters:
                letter.state = "withdrawn"

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        if not self.ids:
            return
        thing = self.model[data.draw(st.sampled_from(sorted(self.ids)))]
        stopped = [letter for letter in thing.letters if letter.state in {"refused", "unknown"}]
        allowed = thing.state == "failed" or (thing.state == "waiting_for_person" and bool(stopped))
        with _maybe_conflict(allowed), self.ledger.write() as connection:
            endings.retry(connection, self.ids[thing.reference], actor="olga", now=self.now)
        if not allowed:
            return
        if thing.state == "failed":
            thing.state, thing.attempt, thing.available_at = "queued", 0, self.now
            return
        thing.state = "running"
        for letter in stopped:
            letter.state, letter.available_at = "planned", self.now

    @rule(target=taken, limit=st.integers(1, 2))
    def take_effects(self, limit: int) -> object:
        return multiple(*self._take_effects(limit))

    def _take_effects(self, limit: int) -> list[EffectRow]:
        free = {
            (thing.reference, letter.step): letter
            for thing in self.model.values()
            for number, letter in enumerate(thing.letters)
            if letter.state == "planned"
            and letter.available_at <= self.now
            and (letter.lease_until is None or letter.lease_until < self.now)
            and all(earlier.state == "delivered" for earlier in thing.letters[:number])
        }
        found = work.take_effects(self.ledger, limit, now=self.now)
        assert len(found) == min(limit, len(free))
        names = {identifier: reference for reference, identifier in self.ids.items()}
        for effect in found:
            letter = free[names[effect.item_id], effect.step]
            letter.attempt, letter.fence = letter.attempt + 1, letter.fence + 1
            letter.lease_until = self.now + LEASE
            assert (effect.attempt, effect.fence) == (letter.attempt, letter.fence)
        return found

    @rule(effect=taken)
    def deliver(self, effect: EffectRow) -> None:
        thing, letter = self._letter(effect)
        accepted = work.deliver(self.ledger, effect, now=self.now)
        assert accepted is (letter.state == "planned" and letter.fence == effect.fence)
        if accepted:
            letter.state, letter.lease_until = "delivered", None
            if all(each.state == "delivered" for each in thing.letters):
                assert thing.verdict is not None
                thing.state = thing.verdict

    @rule(effect=taken, wait_s=st.integers(0, 60))
    def postpone(self, effect: EffectRow, wait_s: int) -> None:
        _, letter = self._letter(effect)
        until = self.now + seconds(wait_s)
        with self.ledger.write() as connection:
            accepted = effects.later(connection, effect, "no answer", available_at=until)
        assert accepted is (letter.state == "planned" and letter.fence == effect.fence)
        if accepted:
            letter.available_at, letter.lease_until = until, None

    @rule(effect=consumes(taken), state=st.sampled_from([EffectState.REFUSED, EffectState.UNKNOWN]))
    def stop(self, effect: EffectRow, state: EffectState) -> None:
        thing, letter = self._letter(effect)
        with self.ledger.write() as connection:
            accepted = effects.stopped(connection, effect, state, "no such account", now=self.now)
        assert accepted is (letter.state == "planned" and letter.fence == effect.fence)
        if accepted:
            letter.state, letter.lease_until = state.value, None
            thing.state = "waiting_for_person"

    @invariant()
    def the_ledger_is_as_the_model_says(self) -> None:
        if not hasattr(self, "ledger"):
            return
        columns = ("reference", "state", "attempt", "fence", "urgency", "lease_until")
        query = sa.select(*(tables.work_items.c[name] for name in columns)).order_by(tables.work_items.c.seq)
        with self.ledger.read() as connection:
            found = [tuple(row) for row in connection.execute(query)]
        assert found == [tuple(getattr(thing, name) for name in columns) for thing in self.model.values()]

    @invariant()
    def effects_are_as_the_model_says_and_none_is_there_twice(self) -> None:
        if not hasattr(self, "ledger"):
            return
        e, w = tables.effects, tables.work_items
        query = sa.select(w.c.reference, e.c.step, e.c.state, e.c.attempt, e.c.fence).join(w, w.c.id == e.c.item_id)
        with self.ledger.read() as connection:
            found = sorted(tuple(row) for row in connection.execute(query))
        expected = [
            (thing.reference, each.step, each.state, each.attempt, each.fence)
            for thing in self.model.values()
            for each in thing.letters
        ]
        assert found == sorted(expected)

    @invariant()
    def states_follow_each_other_legally_and_fences_only_rise(self) -> None:
        if not hasattr(self, "ledger"):
            return
        for reference, thing in self.model.items():
            state, fence = self.before.get(reference, ("queued", 0))
            assert thing.state == state or (state, thing.state) in LEGAL
            assert thing.fence >= fence
            assert 0 <= thing.attempt <= MOST_ATTEMPTS
            self.before[reference] = (thing.state, thing.fence)

    @invariant()
    def the_audit_chain_holds(self) -> None:
        if hasattr(self, "ledger"):
            with self.ledger.read() as connection:
                assert verification.verify(connection).intact

    def _owns(self, claim: Claim) -> bool:
        thing = self.model[claim.reference]
        return thing.fence == claim.fence and thing.lease_until is not None

    def _letter(self, effect: EffectRow) -> tuple[Thing, Letter]:
        reference = next(name for name, identifier in self.ids.items() if identifier == effect.item_id)
        thing = self.model[reference]
        return thing, next(letter for letter in thing.letters if letter.step == effect.step)


@contextmanager
def _maybe_conflict(allowed: bool) -> Iterator[None]:
    if allowed:
        yield
    else:
        with pytest.raises(ConflictError):
            yield


@pytest.mark.parametrize("lives", [6, pytest.param(100, marks=pytest.mark.integration)])
def test_the_state_machine(sqlite_template: Path, tmp_path: Path, lives: int) -> None:
    class Machine(ItemMachine):
        template = sqlite_template
        place = tmp_path

    bounded = settings(
        max_examples=lives, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
    )
    check_all_rules = run_state_machine_as_test
    check_all_rules(Machine, settings=bounded)
