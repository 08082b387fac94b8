"""A clock that jumps, and a delivery that waits until the calls under way have ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from samdrift_platform.delivery import LEASE, Delivery
from samdrift_platform.ledger import effects
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.wall_clock import TOLERANCE_S, WallClock
from samdrift_testing.receivers import ScriptedReceiver
from samdrift_testing.work import WORKLOAD, claim_one, complete, item, submit

BEGAN = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@dataclass
class Hands:
    """What moves the clock: time that passes, and somebody who sets it."""

    passed_s: float = 0.0
    ahead: timedelta = timedelta()

    def clock(self) -> WallClock:
        return WallClock(lambda: BEGAN + timedelta(seconds=self.passed_s) + self.ahead, lambda: self.passed_s)


@pytest.mark.parametrize(("ahead_s", "noticed"), [(TOLERANCE_S / 2, False), (60, True), (-60, True)])
def test_a_jump_in_either_direction_is_noticed_for_a_time(ahead_s: float, noticed: bool) -> None:
    hands = Hands()
    clock = hands.clock()
    clock.now()
    hands.ahead += timedelta(seconds=ahead_s)
    hands.passed_s += 1
    assert clock.now() == BEGAN + timedelta(seconds=1 + ahead_s)
    assert clock.was_set_within(timedelta(seconds=10)) is noticed
    hands.passed_s += 10
    assert not clock.was_set_within(timedelta(seconds=10))


def test_time_that_passes_is_no_jump_however_long() -> None:
    hands = Hands()
    clock = hands.clock()
    for _ in range(3):
        clock.now()
        hands.passed_s += 86_400
    clock.now()
    assert not clock.was_set_within(timedelta(days=1))


def test_a_call_under_way_is_not_repeated_when_the_clock_is_set_forward(ledger: Ledger) -> None:
    hands, receiver = Hands(), ScriptedReceiver()
    submit(ledger, "S", [item("x")], now=BEGAN)
    complete(ledger, claim_one(ledger, now=BEGAN), steps=["post"], now=BEGAN)
    delivery = Delivery(ledger, {WORKLOAD: {"board": receiver}}, clock=hands.clock())
    with ledger.write() as connection:  # another thread takes it, and is in its call
        assert effects.claim(connection, [WORKLOAD], limit=1, lease=LEASE, now=BEGAN)
    assert delivery.step() == 0
    hands.ahead = timedelta(hours=1)
    hands.passed_s = 1
    assert delivery.step() == 0
    assert receiver.calls == []
    hands.passed_s += LEASE.total_seconds()
    assert delivery.step() == 1
    assert receiver.calls == ["find", "deliver"]
