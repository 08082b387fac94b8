from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid5

import pytest

from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import effects, endings
from samdrift_platform.ledger.database import Ledger, LedgerRefusedError
from samdrift_platform.ledger.effects import EffectState
from samdrift_platform.ledger.endings import EFFECTS, effect_key
from samdrift_testing.work import (
    LEASE,
    NOW,
    TENANT,
    WORKLOAD,
    claim,
    claim_one,
    complete,
    deliver,
    item,
    look,
    seconds,
    submit,
    take_effect,
    take_effects,
)

AFTER_LEASE = NOW + LEASE + seconds(1)


def plan(ledger: Ledger, reference: str, *steps: str) -> UUID:
    submit(ledger, reference, [item(reference)])
    claimed = claim_one(ledger)
    assert complete(ledger, claimed, steps=steps)
    return claimed.id


def test_the_key_is_the_same_on_every_machine_and_differs_by_every_part() -> None:
    assert effect_key("w", "t", "r", "s") == uuid5(EFFECTS, "w\x1ft\x1fr\x1fs")
    assert str(effect_key("w", "t", "r", "s")) == "ee353650-28c4-5fb1-b0b3-efa4618926ad"
    assert len({effect_key(*parts) for parts in ("abcd", "bacd", "abdc", "abce")}) == 4


def test_an_effect_is_planned_with_its_key_before_anyone_can_take_it(ledger: Ledger) -> None:
    identifier = plan(ledger, "x", "tell")
    with ledger.read() as connection:
        (planned,) = effects.of_item(connection, identifier)
    assert planned.key == effect_key(WORKLOAD, TENANT, "x", "tell")
    assert (planned.state, planned.attempt, planned.request) == ("planned", 0, {"step": "tell"})


def test_effects_of_an_item_are_delivered_in_order_and_the_last_ends_it(ledger: Ledger) -> None:
    identifier = plan(ledger, "x", "first", "second", "third")
    seen = []
    for number in range(3):
        (effect,) = take_effects(ledger, now=NOW)
        assert take_effects(ledger, now=NOW) == [], "the next waits for this one"
        assert look(ledger, identifier).state == "running"
        assert deliver(ledger, effect, {"number": number}, now=NOW + seconds(number))
        seen.append(effect.step)
    found = look(ledger, identifier)
    assert seen == ["first", "second", "third"]
    assert (found.state, found.finished_at) == ("done", NOW + seconds(2))
    with ledger.read() as connection:
        assert [effect.answer for effect in effects.of_item(connection, identifier)] == [
            {"number": 0},
            {"number": 1},
            {"number": 2},
        ]


def test_effects_of_different_items_do_not_wait_for_each_other(ledger: Ledger) -> None:
    for reference in "xyz":
        plan(ledger, reference, "tell")
    assert len(take_effects(ledger)) == 3


def test_a_lease_that_ran_out_returns_the_effect_with_the_attempt_counted(ledger: Ledger) -> None:
    plan(ledger, "x", "tell")
    zombie = take_effect(ledger)
    assert zombie.attempt == 1
    assert take_effects(ledger, now=NOW + LEASE) == []
    owner = take_effect(ledger, now=AFTER_LEASE)
    assert (owner.key, owner.attempt) == (zombie.key, 2)
    assert owner.fence > zombie.fence


def test_a_zombie_delivery_can_record_nothing(ledger: Ledger) -> None:
    identifier = plan(ledger, "x", "tell")
    zombie = take_effect(ledger)
    owner = take_effect(ledger, now=AFTER_LEASE)
    with ledger.write() as connection:
        assert not effects.delivered(connection, zombie, {}, now=AFTER_LEASE)
        assert not effects.later(connection, zombie, "late", available_at=AFTER_LEASE)
        assert not effects.stopped(connection, zombie, EffectState.REFUSED, "late", now=AFTER_LEASE)
    assert look(ledger, identifier).state == "running"
    assert deliver(ledger, owner, now=AFTER_LEASE)
    assert not deliver(ledger, owner, now=AFTER_LEASE)
    assert look(ledger, identifier).state == "done"


def test_a_postponed_effect_waits_and_keeps_its_error(ledger: Ledger) -> None:
    identifier = plan(ledger, "x", "tell")
    with ledger.write() as connection:
        effect = effects.claim(connection, [WORKLOAD], limit=1, lease=LEASE, now=NOW)[0]
        assert effects.later(connection, effect, "no answer\0", available_at=NOW + seconds(30))
    with ledger.read() as connection:
        (waiting,) = effects.of_item(connection, identifier)
    assert (waiting.state, waiting.error, waiting.attempt) == ("planned", "no answer", 1)
    assert take_effects(ledger, now=NOW + seconds(29)) == []
    assert take_effect(ledger, now=NOW + seconds(30)).attempt == 2


@pytest.mark.parametrize("state", [EffectState.REFUSED, EffectState.UNKNOWN])
def test_a_refused_or_unknown_effect_leaves_the_item_to_a_person_and_stops_the_rest(
    ledger: Ledger, state: EffectState
) -> None:
    identifier = plan(ledger, "x", "tell", "file")
    effect = take_effect(ledger)
    with ledger.write() as connection:
        assert effects.stopped(connection, effect, state, "no such account", now=NOW)
    found = look(ledger, identifier)
    assert found.state == "waiting_for_person"
    assert found.reason == "tell at board: no such account"
    assert found.finished_at is None
    assert take_effects(ledger, now=AFTER_LEASE) == []


def test_a_step_cannot_be_planned_twice(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    with pytest.raises(LedgerRefusedError):
        complete(ledger, claimed, steps=["tell", "tell"])
    assert look(ledger, claimed.id).state == "running"


def test_eight_deliveries_at_once_never_hold_the_same_effect(ledger: Ledger) -> None:
    submit(ledger, "A", [item(f"x{n}") for n in range(80)])
    for claimed in claim(ledger, 80):
        complete(ledger, claimed, steps=["tell"])
    barrier = Barrier(8)

    def work(number: int) -> list[UUID]:
        mine: list[UUID] = []
        barrier.wait(timeout=30)
        while taken := take_effects(ledger, 1 + number % 3):
            mine += [effect.key for effect in taken]
            assert all(deliver(ledger, effect) for effect in taken)
        return mine

    with ThreadPoolExecutor(8) as pool:
        held = [key for mine in pool.map(work, range(8)) for key in mine]
    assert len(held) == len(set(held)) == 80


def test_cancelling_and_delivering_at_once_never_withdraws_what_was_attempted(ledger: Ledger) -> None:
    submit(ledger, "A", [item(f"x{n}") for n in range(40)])
    claimed = claim(ledger, 40)
    for each in claimed:
        complete(ledger, each, steps=["tell", "file"])
    barrier = Barrier(2)

    def cancel_all() -> int:
        barrier.wait(timeout=30)
        cancelled = 0
        for each in claimed:
            try:
                with ledger.write() as connection:
                    endings.cancel(connection, each.id, actor="olga", now=NOW)
                cancelled += 1
            except ConflictError:
                continue
        return cancelled

    def take_all() -> set[UUID]:
        barrier.wait(timeout=30)
        taken = set()
        for _ in range(40):
            taken |= {effect.item_id for effect in take_effects(ledger, 1)}
        return taken

    with ThreadPoolExecutor(2) as pool:
        cancelling, taking = pool.submit(cancel_all), pool.submit(take_all)
        cancelled, taken = cancelling.result(), taking.result()
    assert cancelled + len(taken) == 40
    for each in claimed:
        with ledger.read() as connection:
            found = [str(effect.state) for effect in effects.of_item(connection, each.id)]
        if each.id in taken:
            assert found == ["planned", "planned"]
            assert look(ledger, each.id).state == "running"
        else:
            assert found == ["withdrawn", "withdrawn"]
            assert look(ledger, each.id).state == "cancelled"
