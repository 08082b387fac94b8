from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from samdrift_platform.contract import Benefit, Verdict
from samdrift_platform.errors import ConflictError, NotFoundError
from samdrift_platform.ledger import audit, benefits, effects, endings
from samdrift_platform.ledger.database import Ledger, LedgerRefusedError
from samdrift_platform.ledger.endings import LONGEST_WAIT, back_off
from samdrift_platform.ledger.queue import MOST_ATTEMPTS
from samdrift_testing.work import (
    LEASE,
    NOW,
    WORKLOAD,
    all_items,
    claim,
    claim_one,
    complete,
    completion,
    deliver,
    expire,
    fail,
    item,
    look,
    seconds,
    states,
    submit,
    take_effect,
    take_effects,
)


def cancel(ledger: Ledger, identifier: UUID) -> None:
    with ledger.write() as connection:
        endings.cancel(connection, identifier, actor="olga", now=NOW)


def retry(ledger: Ledger, identifier: UUID) -> None:
    with ledger.write() as connection:
        endings.retry(connection, identifier, actor="olga", now=NOW)


def effect_states(ledger: Ledger, identifier: UUID) -> list[str]:
    with ledger.read() as connection:
        return [str(effect.state) for effect in effects.of_item(connection, identifier)]


def actions(ledger: Ledger, identifier: UUID) -> list[str]:
    with ledger.read() as connection:
        return [record.action for record in audit.events_of(connection, f"item:{identifier}")]


@pytest.mark.parametrize(
    ("verdict", "ended"), [(Verdict.DONE, True), (Verdict.REJECTED, True), (Verdict.WAITING_FOR_PERSON, False)]
)
@pytest.mark.parametrize("steps", [(), ("tell",)], ids=["without effects", "with an effect"])
def test_an_item_ends_with_its_verdict(ledger: Ledger, verdict: Verdict, ended: bool, steps: Sequence[str]) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    assert complete(ledger, claimed, verdict=verdict, reason="because", steps=steps, now=NOW + seconds(1))
    if steps:
        assert look(ledger, claimed.id).state == "running"
        assert deliver(ledger, take_effect(ledger, now=NOW + seconds(1)), now=NOW + seconds(2))
    found = look(ledger, claimed.id)
    assert (found.state, found.reason, found.result) == (verdict.value, "because", {"sum": 2})
    assert (found.finished_at is not None) is ended
    assert found.models == {"tally": "1@sha256:ab"}
    assert actions(ledger, claimed.id)[-1] == f"item.{verdict}"


def test_a_failed_attempt_comes_back_after_its_back_off_with_the_error_as_reason(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    fail(ledger, claimed, "out of chalk")
    found = look(ledger, claimed.id)
    assert (found.state, found.reason) == ("queued", "out of chalk")
    assert claim(ledger, now=NOW + back_off(1) - seconds(0.1)) == []
    assert claim_one(ledger, now=NOW + back_off(1)).attempt == 2


def test_a_success_forgets_the_error_of_the_attempt_before(ledger: Ledger) -> None:
    submit(ledger, "A")
    fail(ledger, claim_one(ledger))
    claimed = claim_one(ledger, now=NOW + seconds(5))
    assert complete(ledger, claimed)
    assert look(ledger, claimed.id).reason is None


def test_back_off_doubles_up_to_its_limit() -> None:
    waits = [back_off(attempt) for attempt in range(1, 40)]
    assert waits[:4] == [timedelta(seconds=s) for s in (1, 2, 4, 8)]
    assert max(waits) == waits[-1] == LONGEST_WAIT
    assert waits == sorted(waits)


def test_the_last_attempt_that_fails_ends_the_item(ledger: Ledger) -> None:
    submit(ledger, "A")
    now = NOW
    for _ in range(MOST_ATTEMPTS):
        claimed = claim_one(ledger, now=now)
        fail(ledger, claimed, now=now)
        now += LONGEST_WAIT
    found = look(ledger, claimed.id)
    assert (found.state, found.attempt, found.reason) == ("failed", MOST_ATTEMPTS, "out of chalk")
    assert actions(ledger, claimed.id) == ["item.attempt_failed"] * (MOST_ATTEMPTS - 1) + ["item.failed"]


def test_an_error_text_that_no_database_holds_is_made_to_fit(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    fail(ledger, claimed, "a\0b\ud800" + "c" * 5000)
    reason = look(ledger, claimed.id).reason
    assert reason is not None
    assert reason.startswith("ab?c")
    assert len(reason) == 2000


@pytest.mark.parametrize("result", [{"value": float("nan")}, {"name": "a\0b"}, {"name": "\ud800"}, {"when": object()}])
def test_a_result_that_is_not_plain_is_refused_whole(ledger: Ledger, result: dict[str, object]) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    with pytest.raises((LedgerRefusedError, TypeError, ValueError)):
        complete(ledger, claimed, result=result, steps=["tell"])
    assert look(ledger, claimed.id).state == "running"
    assert effect_states(ledger, claimed.id) == []
    assert complete(ledger, claimed), "the claim is still good"


def test_one_late_claim_does_not_spoil_the_others_of_its_batch(ledger: Ledger) -> None:
    submit(ledger, "A", [item("x"), item("y")])
    first, second = claim(ledger, 2)
    cancel(ledger, first.id)
    with ledger.write() as connection:
        finished = [(claimed, completion(claimed.reference, steps=["tell"])) for claimed in (first, second)]
        late = endings.complete(connection, WORKLOAD, finished, now=NOW)
    assert late == [first]
    assert effect_states(ledger, first.id) == []
    assert effect_states(ledger, second.id) == ["planned"]


@pytest.mark.parametrize("steps", [(), ("tell", "file")], ids=["without effects", "with effects"])
def test_a_queued_or_running_item_can_be_cancelled(ledger: Ledger, steps: Sequence[str]) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    if steps:
        complete(ledger, claimed, steps=steps)
    cancel(ledger, claimed.id)
    found = look(ledger, claimed.id)
    assert (found.state, found.finished_at) == ("cancelled", NOW)
    assert effect_states(ledger, claimed.id) == ["withdrawn"] * len(steps)
    assert take_effects(ledger) == []
    assert not complete(ledger, claimed), "its worker's result comes too late"
    assert expire(ledger, now=NOW + LEASE * 2) == 0
    assert claim(ledger, now=NOW + LEASE * 2) == []


def test_an_item_of_which_something_was_seen_outside_cannot_be_cancelled(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    complete(ledger, claimed, steps=["tell", "file"])
    effect = take_effect(ledger)
    with pytest.raises(ConflictError, match="A/1"):
        cancel(ledger, claimed.id)
    assert effect_states(ledger, claimed.id) == ["planned", "planned"]
    assert deliver(ledger, effect)
    with pytest.raises(ConflictError):
        cancel(ledger, claimed.id)
    assert look(ledger, claimed.id).state == "running"


def test_an_item_that_has_ended_cannot_be_cancelled(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    complete(ledger, claimed)
    with pytest.raises(ConflictError, match="done"):
        cancel(ledger, claimed.id)
    with pytest.raises(NotFoundError):
        cancel(ledger, UUID(int=7))


def test_cancelling_a_submission_leaves_what_others_sent_too_and_what_was_seen(ledger: Ledger) -> None:
    mine = submit(ledger, "A", [item("seen"), item("shared"), item("planned"), item("queued")])
    submit(ledger, "B", [item("shared"), item("theirs")])
    seen, _shared, planned = claim(ledger, 3)
    complete(ledger, seen, steps=["tell"])
    complete(ledger, planned, steps=["tell"], now=NOW + seconds(1))
    take_effect(ledger)
    with ledger.write() as connection:
        assert endings.cancel_submission(connection, mine, actor="olga", now=NOW) == 2
    assert states(ledger) == {
        "seen": "running",
        "shared": "running",
        "planned": "cancelled",
        "queued": "cancelled",
        "theirs": "queued",
    }
    assert effect_states(ledger, planned.id) == ["withdrawn"]
    assert effect_states(ledger, seen.id) == ["planned"]


def test_only_a_failed_item_is_retried_with_fresh_attempts(ledger: Ledger) -> None:
    submit(ledger, "A")
    now = NOW
    for _ in range(MOST_ATTEMPTS):
        claimed = claim_one(ledger, now=now)
        with pytest.raises(ConflictError, match="running"):
            retry(ledger, claimed.id)
        fail(ledger, claimed, now=now)
        now += LONGEST_WAIT
    retry(ledger, claimed.id)
    found = look(ledger, claimed.id)
    assert (found.state, found.attempt, found.reason, found.finished_at) == ("queued", 0, None, None)
    again = claim_one(ledger, now=now)
    assert again.attempt == 1
    assert again.fence > claimed.fence
    assert not complete(ledger, claimed, now=now), "the token of the first life is worth nothing"
    assert complete(ledger, again, now=now)
    with pytest.raises(ConflictError, match="done"):
        retry(ledger, again.id)


def test_benefits_are_totalled_by_measure_and_method(ledger: Ledger) -> None:
    minutes = Benefit(measure="time", quantity=4.5, unit="min", method="stopwatch, 20 cases")
    cost = Benefit(measure="electricity", quantity=0.25, unit="kWh", method="CPU seconds")
    submit(ledger, "A", [item("x"), item("y"), item("z")])
    for claimed in claim(ledger, 2):
        complete(ledger, claimed, saved=[minutes], spent=[cost])
    guess = Benefit(measure="time", quantity=1, unit="min", method="a guess")
    complete(ledger, claim_one(ledger), saved=[minutes, guess])
    with ledger.read() as connection:
        found = {(t.kind, t.measure, t.unit, t.method): (t.quantity, t.items) for t in benefits.totals(connection)}
    assert found == {
        ("saved", "time", "min", "stopwatch, 20 cases"): (13.5, 3),
        ("saved", "time", "min", "a guess"): (1.0, 1),
        ("spent", "electricity", "kWh", "CPU seconds"): (0.5, 2),
    }


def test_a_late_result_brings_no_benefit(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    cancel(ledger, claimed.id)
    complete(ledger, claimed, saved=[Benefit(measure="time", quantity=1, unit="min", method="a guess")])
    with ledger.read() as connection:
        assert benefits.totals(connection) == []
    assert [found.result for found in all_items(ledger)] == [{}]
