"""Decisions among everything else that may happen to an item, against a model of it in plain Python.

The workload here asks twice (the first time two people) and does something outside before, between and after. However
decisions, cancelling, retries, crashes, late workers, stops of the workload and effects that fail are interleaved: an
item goes on exactly when enough people agree, and in the end each thing was done outside once, or not at all.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from samdrift_platform.contract import Effect, Outcome, Verdict
from samdrift_platform.effect_question import Settlement
from samdrift_platform.errors import ConflictError, NotFoundError
from samdrift_platform.ledger import effects, endings, escalating, inbox, verification
from samdrift_platform.ledger.asked import Ruling
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.question import Choice, Question
from samdrift_testing import work
from samdrift_testing.postgresql import PostgreSQL
from samdrift_testing.work import LEASE, NOW, WORKLOAD, seconds

ENDED = ("done", "rejected", "failed", "cancelled")
PEOPLE = ("karen", "lars", "mette")
YES, NO = (Choice(code=code, label={"da": code, "en": code}) for code in ("yes", "no"))
FIRST = Question(code="first", title={"da": "1", "en": "1"}, choices=(YES, NO), people=2)
SECOND = Question(code="second", title={"da": "2", "en": "2"}, choices=(YES, NO), answer_within=timedelta(minutes=5))
BY_HAND = Question(code="by_hand", title={"da": "3", "en": "3"}, choices=(YES,))


def process(claim: Claim, *, stopped: bool) -> Completion:
    """What the workload makes of an item: a pure function of what was decided."""
    first, second = (claim.earlier.decision(question.code) for question in (FIRST, SECOND))
    steps, verdict, asked = ["open"], Verdict.WAITING_FOR_PERSON, None
    if stopped and claim.earlier.decision("by_hand") is None:
        steps, asked = [], BY_HAND
    elif first is None:
        asked = FIRST
    elif first.choice == "no":
        steps, verdict = ["open", "refuse"], Verdict.REJECTED
    elif second is None:
        steps, asked = ["open", "reserve"], SECOND
    else:
        steps, verdict = ["open", "reserve", "pay" if second.choice == "yes" else "release"], Verdict.DONE
    outcome = Outcome(reference=claim.reference, verdict=verdict, reason="because", question=asked)
    planned = [Effect(step=step, receiver="board", request={}) for step in steps]
    return Completion(outcome=outcome, effects=planned)


@dataclass
class Thing:
    """An item as the model sees it."""

    state: str = "queued"
    fence: int = 0
    #: Code of the open question that the workload asked.
    asks: str = ""
    given: dict[str, str] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    #: Step -> state, in order.
    effects: dict[str, str] = field(default_factory=dict)
    verdict: str = ""
    given_up: bool = False

    @property
    def stopped(self) -> str:
        """The step that a person must settle."""
        return next((step for step, state in self.effects.items() if state in ("unknown", "refused")), "")

    @property
    def next_effect(self) -> str:
        return next((step for step, state in self.effects.items() if state != "delivered"), "")

    @property
    def decidable(self) -> bool:
        return self.state == "waiting_for_person" and bool(self.asks) and not self.stopped

    def end_round(self) -> None:
        """All effects are delivered: the verdict is the state."""
        if self.state == "running" and self.verdict and not self.next_effect:
            self.state = self.verdict


class InboxMachine(RuleBasedStateMachine):
    """Rules do the same to the ledger and to the model; invariants compare them."""

    #: Opens a fresh ledger until the life is over.
    opened: ClassVar[Callable[[], AbstractContextManager[Ledger]]]
    held = Bundle("held")

    @initialize(number=st.integers(1, 3))
    def open(self, number: int) -> None:
        self.life = ExitStack()
        self.ledger = self.life.enter_context(type(self).opened())
        self.now = NOW
        names = [f"item {n}" for n in range(number)]
        work.submit(self.ledger, "all", [work.item(name) for name in names], now=self.now)
        self.ids: dict[str, UUID] = {found.reference: found.id for found in work.all_items(self.ledger)}
        self.model = {name: Thing() for name in names}
        #: What really happened outside.
        self.world: Counter[tuple[str, str]] = Counter()

    def teardown(self) -> None:
        if not hasattr(self, "ledger"):
            return
        with self.life:
            self.everything_comes_to_an_end()

    @rule(target=held, stopped=st.booleans(), late=st.booleans())
    def work_on_the_next(self, stopped: bool, late: bool) -> Any:
        """Claim and complete; `late`: the lease is lost meanwhile, and the claim is a zombie's."""
        claims = work.claim(self.ledger, now=self.now)
        for claim in claims:
            thing = self.model[claim.reference]
            assert thing.state == "queued"
            assert {d.question: d.choice for d in claim.earlier.decisions} == thing.decided
            assert set(claim.earlier.answers) == {s for s, state in thing.effects.items() if state == "delivered"}
            thing.state, thing.fence = "running", claim.fence
            if late:
                self.all_workers_crash()
            else:
                self.complete(claim, stopped=stopped)
        return multiple(*claims)

    @rule(claim=held, stopped=st.booleans())
    def complete(self, claim: Claim, stopped: bool) -> None:
        made = process(claim, stopped=stopped)
        thing = self.model[claim.reference]
        ours = thing.state == "running" and thing.fence == claim.fence and not thing.verdict
        with self.ledger.write() as connection:
            refused = endings.complete(connection, WORKLOAD, [(claim, made)], now=self.now)
        assert (refused == []) is ours
        if ours:
            self.outcome(thing, made)

    def outcome(self, thing: Thing, made: Completion) -> None:
        thing.verdict = made.outcome.verdict.value
        thing.effects |= {each.step: "planned" for each in made.effects if each.step not in thing.effects}
        if made.outcome.question is not None and made.outcome.question.code not in thing.decided:
            if thing.asks != made.outcome.question.code:
                thing.given = {}
            thing.asks = made.outcome.question.code
        thing.end_round()

    @rule()
    def all_workers_crash(self) -> None:
        self.now += LEASE + seconds(1)
        work.expire(self.ledger, now=self.now)
        for thing in self.model.values():
            if thing.state == "running" and not thing.verdict:
                thing.state, thing.fence = "queued", thing.fence + 1
        self.forgive_attempts()

    def forgive_attempts(self) -> None:
        """Items that crashed too often have failed; the model need not count."""
        for name, found in work.states(self.ledger).items():
            if found == "failed" and self.model[name].state == "queued":
                self.model[name].state = "failed"

    @rule(ends=st.sampled_from(["ok", "unknown", "lost", "refused", "later"]))
    def deliver(self, ends: str) -> None:
        """`unknown`: it happened and nobody knows; `lost`: it did not and nobody knows."""
        for effect in work.take_effects(self.ledger, 1, now=self.now):
            name = next(name for name, identifier in self.ids.items() if identifier == effect.item_id)
            thing = self.model[name]
            assert effect.step == thing.next_effect
            if ends in ("ok", "unknown"):
                self.world[name, effect.step] += 1
            with self.ledger.write() as connection:
                if ends == "ok":
                    assert effects.delivered(connection, effect, {"step": effect.step}, now=self.now)
                    thing.effects[effect.step] = "delivered"
                elif ends == "later":
                    effects.later(connection, effect, "busy", available_at=self.now)
                else:
                    state = EffectState.REFUSED if ends == "refused" else EffectState.UNKNOWN
                    assert effects.stopped(connection, effect, state, "no answer", now=self.now)
                    thing.effects[effect.step], thing.state = str(state), "waiting_for_person"
            thing.end_round()

    @rule(data=st.data(), person=st.sampled_from(PEOPLE), choice=st.sampled_from(["yes", "no"]))
    def decide(self, data: st.DataObject, person: str, choice: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        code = data.draw(st.sampled_from(["first", "second", "by_hand"]))
        thing = self.model[name]
        allowed = thing.decidable and thing.asks == code
        choice = "yes" if code == "by_hand" else choice
        with refused_unless(allowed):
            self.rule_on(name, Ruling(question=code, choice=choice), person)
        if not allowed:
            return
        thing.given.pop(person, None)
        thing.given[person] = choice
        if Counter(thing.given.values())[choice] >= (2 if code == "first" else 1):
            thing.decided[code] = choice
            thing.state, thing.asks, thing.given, thing.verdict = "queued", "", {}, ""
            thing.fence += 1

    @rule(data=st.data(), person=st.sampled_from(PEOPLE), how=st.sampled_from(["truth", "ask_again", "give_up"]))
    def settle(self, data: st.DataObject, person: str, how: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        thing = self.model[name]
        step = thing.stopped
        if not step:
            return
        refused = thing.effects[step] == "refused"
        happened = self.world[name, step] > 0
        told = {
            "truth": Settlement.HAPPENED if happened else Settlement.MAKE,
            "ask_again": Settlement.HAPPENED if happened else Settlement.MAKE if refused else Settlement.ASK_AGAIN,
            "give_up": Settlement.GIVE_UP,
        }[how]
        self.tell(name, told, person)
        if told is Settlement.GIVE_UP:
            thing.effects[step], thing.state, thing.asks, thing.given_up = "given_up", "failed", "", True
            thing.effects |= {s: "withdrawn" for s, state in thing.effects.items() if state == "planned"}
            return
        thing.effects[step] = "delivered" if told is Settlement.HAPPENED else "planned"
        thing.state = "running"
        thing.end_round()

    def tell(self, name: str, told: Settlement, person: str) -> None:
        with self.ledger.read() as connection:
            asked = inbox.now_asked(connection, self.ids[name])
        assert asked is not None
        choice = next(each for each in asked.question.choices if each.code == told)
        fields = {each.name: "looked" for each in choice.fields if each.required}
        self.rule_on(name, Ruling(question=asked.question.code, choice=told, fields=fields), person)

    def rule_on(self, name: str, ruling: Ruling, person: str) -> None:
        with self.ledger.write() as connection:
            inbox.decide(connection, self.ids[name], ruling, actor=person, now=self.now)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        thing = self.model[name]
        try:
            with self.ledger.write() as connection:
                endings.cancel(connection, self.ids[name], actor="olga", now=self.now)
        except ConflictError:
            assert thing.state in ("done", "rejected", "failed", "cancelled") or thing.effects, (
                "nothing was seen outside"
            )
            return
        assert self.world[name, "open"] == 0, "what was seen outside is not cancelled"
        thing.state, thing.asks, thing.fence = "cancelled", "", thing.fence + 1
        thing.effects = dict.fromkeys(thing.effects, "withdrawn")

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model)))
        thing = self.model[name]
        allowed = (thing.state == "failed" and not thing.given_up) or bool(
            thing.state == "waiting_for_person" and thing.stopped and self.world[name, thing.stopped] == 0
        )
        if thing.stopped and not allowed:
            return  # its receiver would say that it happened, which `deliver` here does not
        with refused_unless(allowed), self.ledger.write() as connection:
            endings.retry(connection, self.ids[name], actor="olga", now=self.now)
        if allowed and thing.state == "failed":
            thing.state = "queued"
        elif allowed:
            thing.effects[thing.stopped], thing.state = "planned", "running"

    @rule(after_s=st.sampled_from([1.0, 400.0]))
    def time_passes(self, after_s: float) -> None:
        self.now += seconds(after_s)
        with self.ledger.write() as connection:
            found = escalating.overdue(connection, now=self.now)
            assert escalating.escalate(connection, found, now=self.now) == len(found)
            assert escalating.overdue(connection, now=self.now) == [], "each is escalated once"

    @invariant()
    def the_ledger_is_as_the_model_says(self) -> None:
        if not hasattr(self, "ledger"):
            return
        assert work.states(self.ledger) == {name: thing.state for name, thing in self.model.items()}
        with self.ledger.read() as connection:
            for name, thing in self.model.items():
                found = {each.step: str(each.state) for each in effects.of_item(connection, self.ids[name])}
                assert found == thing.effects

    @invariant()
    def the_inbox_holds_exactly_what_can_be_decided(self) -> None:
        if not hasattr(self, "ledger"):
            return
        with self.ledger.read() as connection:
            found = Counter(each.item_id for each in inbox.waiting(connection))
            number = inbox.count(connection)
        expected = [self.ids[name] for name, thing in self.model.items() if thing.decidable or thing.stopped]
        assert found == Counter(expected)
        assert number == len(expected)

    @invariant()
    def nothing_happened_twice(self) -> None:
        assert not hasattr(self, "world") or max(self.world.values(), default=0) <= 1

    def everything_comes_to_an_end(self) -> None:
        """Once everybody does their part every item ends, with everything done outside that was decided, once."""
        for _ in range(60):
            self.work_on_the_next(stopped=False, late=False)
            self.all_workers_crash()
            self.deliver("ok")
            for name, thing in self.model.items():
                if thing.stopped:
                    self.tell_the_truth(name, thing)
                elif thing.decidable:
                    self.all_decide(name, thing)
            if all(thing.state in ENDED for thing in self.model.values()):
                break
        for name, thing in self.model.items():
            assert thing.state in ENDED, (name, thing)
            if thing.state == "done":
                wanted = "pay" if thing.decided["second"] == "yes" else "release"
                assert {s for (n, s), done in self.world.items() if n == name and done} == {"open", "reserve", wanted}
        with self.ledger.read() as connection:
            assert verification.verify(connection).intact

    def tell_the_truth(self, name: str, thing: Thing) -> None:
        step, happened = thing.stopped, self.world[name, thing.stopped] > 0
        self.tell(name, Settlement.HAPPENED if happened else Settlement.MAKE, "karen")
        thing.effects[step], thing.state = ("delivered" if happened else "planned"), "running"
        thing.end_round()

    def all_decide(self, name: str, thing: Thing) -> None:
        code = thing.asks
        for person in ("karen", "lars") if code == "first" else ("karen",):
            if thing.state == "waiting_for_person":
                self.rule_on(name, Ruling(question=code, choice="yes"), person)
                with self.ledger.read() as connection:
                    if inbox.now_asked(connection, self.ids[name]) is not None:
                        continue
            thing.decided[code], thing.state, thing.asks, thing.given, thing.verdict = "yes", "queued", "", {}, ""
            thing.fence += 1
            return


@contextmanager
def refused_unless(allowed: bool) -> Iterator[None]:
    if allowed:
        yield
    else:
        with pytest.raises((ConflictError, NotFoundError)):
            yield


def live(opened: Callable[[], AbstractContextManager[Ledger]], lives: int) -> int:
    """Live so often; the number of ledgers that were lived in to the end."""
    ended = 0

    @contextmanager
    def counted() -> Iterator[Ledger]:
        nonlocal ended
        with opened() as ledger:
            yield ledger
        ended += 1

    machine = type("Machine", (InboxMachine,), {"opened": staticmethod(counted)})
    bounded = settings(max_examples=lives, stateful_step_count=40, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=bounded)
    return ended


@pytest.mark.parametrize("lives", [4, pytest.param(150, marks=pytest.mark.integration)])
def test_decisions_interleaved_with_everything_else(sqlite_template: Path, tmp_path: Path, lives: int) -> None:
    @contextmanager
    def opened() -> Iterator[Ledger]:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            copy = shutil.copy(sqlite_template, Path(folder) / "ledger.db")
            with closing(Ledger(f"sqlite:///{copy}")) as ledger:
                yield ledger

    assert live(opened, lives) >= lives


@pytest.mark.integration
def test_on_postgresql_too(postgresql: PostgreSQL, postgresql_template: str) -> None:
    @contextmanager
    def opened() -> Iterator[Ledger]:
        url = postgresql.create(template=postgresql_template)
        with closing(Ledger(url)) as ledger:
            yield ledger
        postgresql.drop(url)

    assert live(opened, 15) >= 15
