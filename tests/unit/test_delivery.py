from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
import structlog

from samdrift_platform.contract import JsonObject
from samdrift_platform.delivery import LEASE, MOST_ATTEMPTS, THREADS, Delivery
from samdrift_platform.ledger import effects, endings, inbox, processes, tables
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.endings import effect_key
from samdrift_platform.ledger.inbox import Ruling
from samdrift_testing.receivers import PERSONAL, Act, CrashError, ScriptedReceiver
from samdrift_testing.work import WORKLOAD, claim_one, complete, item, look, submit

Logs = list[MutableMapping[str, Any]]


@dataclass
class Post:
    """A delivery over a receiver, and a clock that only the test moves."""

    ledger: Ledger
    receiver: ScriptedReceiver
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def plan(self, *steps: str, reference: str = "x") -> UUID:
        submit(self.ledger, reference, [item(reference)], now=self.now)
        claimed = claim_one(self.ledger, now=self.now)
        complete(self.ledger, claimed, steps=steps, now=self.now)
        return claimed.id

    def step(self, *, later: timedelta = timedelta()) -> int:
        self.now += later
        return Delivery(self.ledger, {WORKLOAD: {"board": self.receiver}}).step(now=self.now)

    def all_steps(self) -> None:
        """Until nothing is left to do, however long the back-off."""
        for _ in range(50):
            if not self.step() and not self.step(later=timedelta(hours=1)):
                return
        raise AssertionError("the delivery does not come to an end")

    def effects(self, identifier: UUID) -> list[EffectRow]:
        with self.ledger.read() as connection:
            return effects.of_item(connection, identifier)


@pytest.fixture
def post(ledger: Ledger) -> Post:
    return Post(ledger, ScriptedReceiver())


@pytest.fixture
def logs() -> Iterator[Logs]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def script(post: Post, *acts: Act, asked: tuple[Act, ...] = ()) -> None:
    post.receiver = ScriptedReceiver(*acts, asked=asked)


def test_the_first_attempt_does_not_ask(post: Post) -> None:
    identifier = post.plan("tell")
    assert post.step() == 1
    assert post.receiver.calls == ["deliver"]
    assert post.receiver.done == [effect_key(WORKLOAD, "demo", "x", "tell")]
    (effect,) = post.effects(identifier)
    assert (effect.state, effect.answer) == ("delivered", {"ok": True})
    assert look(post.ledger, identifier).state == "done"
    assert post.step() == 0


def test_effects_happen_in_order(post: Post) -> None:
    post.plan("first", "second", "third")
    post.all_steps()
    assert post.receiver.done == [effect_key(WORKLOAD, "demo", "x", step) for step in ("first", "second", "third")]


@pytest.mark.parametrize("act", [Act.TRY_AGAIN, Act.FALL_OVER])
def test_what_did_not_happen_is_asked_about_and_made(post: Post, act: Act) -> None:
    script(post, act)
    identifier = post.plan("tell")
    post.all_steps()
    assert post.receiver.calls == ["deliver", "find", "deliver"]
    assert len(post.receiver.done) == 1
    assert look(post.ledger, identifier).state == "done"


@pytest.mark.parametrize("act", [Act.DONE_BUT_TRY_AGAIN, Act.DONE_BUT_FALL_OVER])
def test_what_happened_though_it_did_not_look_so_is_not_repeated(post: Post, act: Act) -> None:
    script(post, act)
    identifier = post.plan("tell")
    post.all_steps()
    assert post.receiver.calls == ["deliver", "find"]
    assert len(post.receiver.done) == 1
    assert look(post.ledger, identifier).state == "done"


def test_after_a_crash_between_call_and_record_the_receiver_is_asked(post: Post) -> None:
    script(post, Act.DONE_BUT_CRASH)
    identifier = post.plan("tell")
    with pytest.raises(CrashError):
        post.step()
    assert post.step(later=LEASE) == 0, "the crashed delivery's lease still runs"
    assert post.step(later=timedelta(seconds=1)) == 1
    assert post.receiver.calls == ["deliver", "find"]
    assert len(post.receiver.done) == 1
    assert look(post.ledger, identifier).state == "done"


def test_a_refusal_is_left_to_a_person_at_once(post: Post) -> None:
    script(post, Act.REFUSE)
    identifier = post.plan("tell", "file")
    post.all_steps()
    assert post.receiver.calls == ["deliver"]
    found = look(post.ledger, identifier)
    assert (found.state, found.reason) == ("waiting_for_person", "tell at board: no such account")
    assert [effect.state for effect in post.effects(identifier)] == ["refused", "planned"]


def test_while_nobody_can_tell_nothing_is_repeated(post: Post) -> None:
    script(post, Act.DONE_BUT_TRY_AGAIN, asked=(Act.CANNOT_TELL, Act.CANNOT_TELL))
    identifier = post.plan("tell")
    post.all_steps()
    assert post.receiver.calls == ["deliver", "find", "find", "find"]
    assert len(post.receiver.done) == 1
    assert look(post.ledger, identifier).state == "done"


@pytest.mark.parametrize("act", [Act.CANNOT_TELL, Act.FALL_OVER])
def test_when_nobody_can_ever_tell_a_person_decides(post: Post, act: Act) -> None:
    script(post, Act.DONE_BUT_TRY_AGAIN, asked=(act,) * 100)
    identifier = post.plan("tell")
    post.all_steps()
    assert post.receiver.calls == ["deliver"] + ["find"] * (MOST_ATTEMPTS - 1)
    (effect,) = post.effects(identifier)
    assert (effect.state, effect.attempt) == ("unknown", MOST_ATTEMPTS)
    assert look(post.ledger, identifier).state == "waiting_for_person"


def test_a_receiver_that_is_down_for_a_night_gets_it_in_the_morning(post: Post) -> None:
    script(post, *[Act.TRY_AGAIN] * (3 * MOST_ATTEMPTS))
    identifier = post.plan("tell")
    post.all_steps()
    assert len(post.receiver.done) == 1
    assert look(post.ledger, identifier).state == "done"


def test_a_person_who_looked_has_the_receiver_asked_again(post: Post) -> None:
    script(post, Act.DONE_BUT_TRY_AGAIN, asked=(Act.CANNOT_TELL,) * (MOST_ATTEMPTS - 1))
    identifier = post.plan("tell")
    post.all_steps()
    assert look(post.ledger, identifier).state == "waiting_for_person"
    with post.ledger.write() as connection:
        endings.retry(connection, identifier, actor="olga", now=post.now)
    post.all_steps()
    assert post.receiver.calls[-1] == "find"
    assert len(post.receiver.done) == 1
    assert look(post.ledger, identifier).state == "done"


def test_what_was_refused_is_taken_when_a_person_has_set_the_receiver_right(post: Post) -> None:
    script(post, Act.REFUSE)
    identifier = post.plan("tell", "file")
    post.all_steps()
    with post.ledger.write() as connection:
        endings.retry(connection, identifier, actor="olga", now=post.now)
    post.all_steps()
    assert post.receiver.calls == ["deliver", "find", "deliver", "deliver"]
    assert len(post.receiver.done) == 2
    assert look(post.ledger, identifier).state == "done"


def test_a_receiver_that_is_down_is_asked_again_with_growing_pauses(post: Post) -> None:
    script(post, *[Act.TRY_AGAIN] * 4)
    post.plan("tell")
    waits = []
    while not post.receiver.done:
        assert post.step() == 1
        again = _available_at(post)
        waits.append(round((again - datetime.now(UTC)).total_seconds()))
        post.now = again + timedelta(seconds=1)
    assert waits[:4] == [1, 2, 4, 8]


def test_an_unknown_receiver_is_a_refusal(post: Post) -> None:
    identifier = post.plan("tell")
    assert Delivery(post.ledger, {WORKLOAD: {}}).step(now=post.now) == 1
    reason = look(post.ledger, identifier).reason
    assert reason is not None
    assert "'board'" in reason


def test_an_answer_that_cannot_be_recorded_is_not_asked_for_again(post: Post) -> None:
    post.receiver.answer = {"value": float("nan")}
    identifier = post.plan("tell")
    post.all_steps()
    assert len(post.receiver.done) == 1
    assert [effect.state for effect in post.effects(identifier)] == ["unknown"]
    assert look(post.ledger, identifier).state == "waiting_for_person"


def test_a_delivery_that_slept_too_long_does_not_call(post: Post) -> None:
    identifier = post.plan("tell")
    post.now -= LEASE  # it took the effect a whole lease ago, by the clock on the wall
    _make_available(post)
    assert post.step() == 1
    assert post.receiver.calls == []
    assert post.step(later=LEASE + timedelta(seconds=1)) == 1
    assert post.receiver.calls == ["find", "deliver"]
    assert look(post.ledger, identifier).state == "done"


def test_what_an_unexpected_error_says_is_neither_logged_nor_recorded(post: Post, logs: Logs) -> None:
    script(post, Act.FALL_OVER)
    identifier = post.plan("tell")
    post.step()
    (effect,) = post.effects(identifier)
    assert effect.error == "the receiver failed with RuntimeError"
    assert logs
    assert PERSONAL not in repr(logs)


def test_a_cancelled_item_is_not_delivered(post: Post) -> None:
    identifier = post.plan("tell")
    with post.ledger.write() as connection:
        endings.cancel(connection, identifier, actor="olga", now=post.now)
    post.all_steps()
    assert post.receiver.calls == []


def test_threads_deliver_side_by_side_until_told_to_stop(post: Post) -> None:
    """As many slow calls as there are threads are in flight together; each happens once; the process reports itself."""
    together = threading.Barrier(THREADS)

    class Slow(ScriptedReceiver):
        def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
            together.wait(timeout=30)
            return super().deliver(key, request)

    post.receiver = Slow()
    identifiers = [post.plan("tell", reference=f"x{n}") for n in range(4)]
    stopping = threading.Event()
    delivery = Delivery(post.ledger, {WORKLOAD: {"board": post.receiver}})
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(delivery.run, stopping, poll_s=0.01)
        while not all(look(post.ledger, identifier).state == "done" for identifier in identifiers):
            assert not running.done()
        stopping.set()
        running.result(timeout=30)
    assert len(post.receiver.done) == len(set(post.receiver.done)) == 4
    with post.ledger.read() as connection:
        (reported,) = processes.all_of(connection)
    assert (reported.name, reported.ready) == ("delivery", True)


def test_a_ledger_that_does_not_answer_is_waited_for(logs: Logs) -> None:
    stopping = threading.Event()
    absent = Ledger("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(Delivery(absent, {WORKLOAD: {}}).run, stopping, poll_s=0.01)
        while not logs:
            assert not running.done()
        stopping.set()
        running.result(timeout=30)
    absent.close()


def _available_at(post: Post) -> datetime:
    with post.ledger.read() as connection:
        available_at: datetime = connection.execute(sa.select(tables.effects.c.available_at)).scalar_one()
        return available_at


def _make_available(post: Post) -> None:
    with post.ledger.write() as connection:
        connection.execute(sa.update(tables.effects).values(available_at=post.now))


def told(post: Post, identifier: UUID, choice: str, **fields: str) -> None:
    """A person settles the stopped effect."""
    with post.ledger.write() as connection:
        (asked,) = inbox.waiting(connection)
        ruling = Ruling(question=asked.question.code, choice=choice, fields=fields)
        inbox.decide(connection, identifier, ruling, actor="karen", now=post.now)


@pytest.mark.parametrize("act", [Act.CANNOT_TELL, Act.FALL_OVER])
def test_what_a_person_says_did_not_happen_is_made_once_though_the_receiver_cannot_tell(post: Post, act: Act) -> None:
    script(post, Act.TRY_AGAIN, asked=(act,) * 100)
    identifier = post.plan("tell")
    post.all_steps()
    told(post, identifier, "make", looked="in their list")
    post.all_steps()
    assert post.receiver.calls == ["deliver", *["find"] * MOST_ATTEMPTS, "deliver"]
    assert len(post.receiver.done) == 1
    assert look(post.ledger, identifier).state == "done"


def test_what_a_person_said_does_not_hold_for_a_call_after_it(post: Post) -> None:
    script(post, Act.TRY_AGAIN, Act.DONE_BUT_TRY_AGAIN, asked=(Act.CANNOT_TELL,) * 100)
    identifier = post.plan("tell")
    post.all_steps()
    told(post, identifier, "make", looked="in their list")
    post.all_steps()
    assert len(post.receiver.done) == 1, "never a blind repeat"
    assert [effect.state for effect in post.effects(identifier)] == ["unknown"]
    told(post, identifier, "happened", seen="it is there now")
    assert look(post.ledger, identifier).state == "done"


def test_what_a_person_said_still_holds_when_the_receiver_could_not_even_be_asked(post: Post) -> None:
    script(post, Act.TRY_AGAIN, asked=(*(Act.CANNOT_TELL,) * (MOST_ATTEMPTS - 1), Act.TRY_AGAIN, Act.CANNOT_TELL))
    identifier = post.plan("tell")
    post.all_steps()
    told(post, identifier, "make", looked="in their list")
    post.all_steps()
    assert len(post.receiver.done) == 1
    assert look(post.ledger, identifier).state == "done"


def test_a_receiver_that_knows_better_than_the_person_is_believed(post: Post) -> None:
    script(post, Act.DONE_BUT_TRY_AGAIN, asked=(Act.CANNOT_TELL,) * (MOST_ATTEMPTS - 1))
    identifier = post.plan("tell")
    post.all_steps()
    told(post, identifier, "make", looked="in the wrong place")
    post.all_steps()
    assert post.receiver.calls[-1] == "find"
    assert len(post.receiver.done) == 1


def test_one_delivery_takes_all_that_there_is_and_then_looks_again(post: Post) -> None:
    identifiers = [post.plan("send", reference=name) for name in ("a", "b", "c")]
    delivery = Delivery(post.ledger, {WORKLOAD: {"board": post.receiver}})
    assert [delivery.step(now=post.now) for _ in range(5)] == [1, 1, 1, 0, 0]
    later = post.plan("send", reference="d")
    assert [delivery.step(now=post.now) for _ in range(2)] == [1, 0]
    assert {effect.state for each in [*identifiers, later] for effect in post.effects(each)} == {"delivered"}
