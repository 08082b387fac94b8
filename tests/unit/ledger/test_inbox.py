from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from samdrift_platform.contract import Question, Verdict
from samdrift_platform.errors import ConflictError, InputError, NotFoundError
from samdrift_platform.ledger import audit, effects, endings, inbox, queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.inbox import Asked, Filter, Ruling
from samdrift_platform.ledger.queue import Claim
from samdrift_platform.question import Choice, DecisionField, FieldKind
from samdrift_testing import asking
from samdrift_testing.work import (
    NOW,
    WORKLOAD,
    claim,
    claim_one,
    completion,
    deliver,
    item,
    look,
    seconds,
    submit,
    take_effect,
)

WHY = DecisionField(name="why", label={"da": "Hvorfor", "en": "Why"}, kind=FieldKind.TEXT)
AMOUNT = DecisionField(
    name="amount", label={"da": "Beløb", "en": "Amount"}, kind=FieldKind.NUMBER, required=False, proposed=12
)
QUESTION = Question(
    code="pay",
    title={"da": "Skal det betales?", "en": "Shall it be paid?"},
    choices=(
        Choice(code="yes", label={"da": "Ja", "en": "Yes"}, fields=(AMOUNT,)),
        Choice(code="no", label={"da": "Nej", "en": "No"}, fields=(WHY,)),
    ),
    answer_within=timedelta(hours=2),
)


def asked(ledger: Ledger, question: Question = QUESTION, steps: tuple[str, ...] = ()) -> Claim:
    """An item that waits for a person, its effects so far delivered."""
    submit(ledger, "A")
    claimed = claim_one(ledger)
    record(ledger, claimed, question, steps)
    for _ in steps:
        assert deliver(ledger, take_effect(ledger), {"case": "17"})
    return claimed


def record(ledger: Ledger, claimed: Claim, question: Question | None, steps: tuple[str, ...]) -> None:
    verdict = Verdict.WAITING_FOR_PERSON if question else Verdict.DONE
    made = completion(claimed.reference, verdict=verdict, steps=steps)
    made = replace(made, outcome=replace(made.outcome, question=question))
    with ledger.write() as connection:
        assert endings.complete(connection, WORKLOAD, [(claimed, made)], now=NOW) == []


def decide(ledger: Ledger, identifier: UUID, choice: str = "yes", by: str = "karen", **fields: Any) -> Asked:
    with ledger.write() as connection:
        ruling = Ruling(question="pay", choice=choice, fields=fields, comment="seen")
        return inbox.decide(connection, identifier, ruling, actor=by, now=NOW + seconds(60))


def test_what_is_asked_waits_until_it_is_decided_and_then_goes_on_at_once(ledger: Ledger) -> None:
    claimed = asked(ledger)
    submit(ledger, "B", [item("b", deadline=NOW + seconds(1))])
    with ledger.read() as connection:
        (waits,) = inbox.waiting(connection)
    assert (waits.item_id, waits.question, waits.due) == (claimed.id, QUESTION, NOW + timedelta(hours=2))
    decided = decide(ledger, claimed.id, amount=3)
    assert decided.decision is not None
    assert (decided.decision.choice, decided.decision.fields) == ("yes", {"amount": 3})
    first, _ = claim(ledger, 2, now=NOW + seconds(61))
    assert (first.id, first.rounds, first.attempt) == (claimed.id, 1, 1)
    assert first.earlier.decision("pay") == decided.decision
    with ledger.read() as connection:
        assert inbox.waiting(connection) == []


def test_a_decided_item_passes_a_backlog_that_has_aged_to_the_top(ledger: Ledger) -> None:
    claimed = asked(ledger)
    submit(ledger, "B", [item(f"b {n}", deadline=NOW) for n in range(3)])
    for hours in range(1, 4):
        with ledger.write() as connection:
            queue.age(connection, now=NOW + timedelta(hours=hours))
    asking.decide(ledger, claimed.id, "no", why="Paid before.", now=NOW + timedelta(hours=4))
    with ledger.read() as connection:
        head = queue.head(connection, WORKLOAD, now=NOW + timedelta(hours=4))
    assert head is not None
    assert not head.fresh, "it goes alone, so that it does not wait for the rest of a batch"
    (first,) = claim(ledger, now=NOW + timedelta(hours=4))
    assert (first.id, first.urgency) == (claimed.id, 0)


def test_later_rounds_plan_only_what_is_new_and_know_what_was_answered(ledger: Ledger) -> None:
    claimed = asked(ledger, steps=("open",))
    assert look(ledger, claimed.id).state == "waiting_for_person"
    decide(ledger, claimed.id)
    again = claim_one(ledger, now=NOW + seconds(61))
    assert again.earlier.answers == {"open": {"case": "17"}}
    record(ledger, again, None, ("open", "pay"))
    assert look(ledger, claimed.id).state == "running"
    assert deliver(ledger, take_effect(ledger))
    assert look(ledger, claimed.id).state == "done"
    with ledger.read() as connection:
        assert [(e.step, e.ordinal) for e in effects.of_item(connection, claimed.id)] == [("open", 0), ("pay", 1)]


def test_a_round_without_new_effects_ends_at_once(ledger: Ledger) -> None:
    claimed = asked(ledger, steps=("open",))
    decide(ledger, claimed.id)
    record(ledger, claim_one(ledger, now=NOW + seconds(61)), None, ("open",))
    assert look(ledger, claimed.id).state == "done"


def test_four_eyes_are_two_people_who_say_the_same(ledger: Ledger) -> None:
    claimed = asked(ledger, replace(QUESTION, people=2))
    assert decide(ledger, claimed.id, amount=3).decision is None
    for same in ("karen", "Karen", "KAREN "):
        assert decide(ledger, claimed.id, by=same, amount=3).decision is None, "the same person again"
    assert decide(ledger, claimed.id, by="lars", amount=4).decision is None, "another amount"
    agreed = decide(ledger, claimed.id, by="lars", amount=3).decision
    assert agreed is not None
    assert agreed.people == ("KAREN ", "lars")


def test_a_decision_is_made_once(ledger: Ledger) -> None:
    claimed = asked(ledger)
    decide(ledger, claimed.id)
    with pytest.raises(ConflictError, match="decided by karen"):
        decide(ledger, claimed.id, by="lars")


def test_nothing_can_be_decided_while_effects_are_still_delivered(ledger: Ledger) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    record(ledger, claimed, QUESTION, ("open",))
    with pytest.raises(ConflictError, match="does not wait"):
        decide(ledger, claimed.id)


def test_a_cancelled_item_asks_nobody(ledger: Ledger) -> None:
    claimed = asked(ledger)
    with ledger.write() as connection:
        endings.cancel(connection, claimed.id, actor="olga", now=NOW)
    with ledger.read() as connection:
        assert inbox.waiting(connection) == []
    with pytest.raises(ConflictError, match="cancelled"):
        decide(ledger, claimed.id)


@pytest.mark.parametrize(
    ("choice", "fields"),
    [("perhaps", {}), ("no", {}), ("no", {"why": 3}), ("yes", {"amount": "3"}), ("yes", {"why": "x"})],
)
def test_a_decision_must_fit_its_question(ledger: Ledger, choice: str, fields: dict[str, Any]) -> None:
    claimed = asked(ledger)
    with pytest.raises(InputError):
        decide(ledger, claimed.id, choice, **fields)
    assert look(ledger, claimed.id).state == "waiting_for_person"


def test_what_nobody_asked_cannot_be_decided(ledger: Ledger) -> None:
    submit(ledger, "A")
    with pytest.raises(NotFoundError):
        decide(ledger, claim_one(ledger).id)


def test_the_chain_names_who_decided_and_not_what_they_wrote(ledger: Ledger) -> None:
    claimed = asked(ledger)
    decide(ledger, claimed.id, "no", why="a private matter")
    with ledger.read() as connection:
        records = audit.events_of(connection, f"item:{claimed.id}")
    assert [(r.actor, r.action) for r in records][-2:] == [("karen", "question.ruled"), ("karen", "item.decided")]
    assert "private" not in str(records)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each came to, all begun at the same moment: its value, or the conflict that it met."""
    barrier = Barrier(len(acts))

    def act(what: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return what()
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def test_of_many_who_decide_at_the_same_moment_one_does(ledger: Ledger) -> None:
    claimed = asked(ledger)
    people = ("karen", "lars", "mette", "niels")
    came = at_once(*(partial(decide, ledger, claimed.id, by=person) for person in people))
    assert sum(isinstance(each, Asked) for each in came) == 1
    with ledger.read() as connection:
        (settled,) = inbox.of_item(connection, claimed.id)
    assert len(settled.given) == 1
    assert look(ledger, claimed.id).state == "queued"


def test_two_who_agree_at_the_same_moment_let_it_go_on_once(ledger: Ledger) -> None:
    claimed = asked(ledger, replace(QUESTION, people=2))
    came = at_once(*(partial(decide, ledger, claimed.id, by=person) for person in ("karen", "lars")))
    assert sum(isinstance(each, Asked) and each.decision is not None for each in came) == 1
    (again,) = claim(ledger, now=NOW + seconds(61))
    assert (again.id, again.rounds) == (claimed.id, 1)


def test_either_it_is_decided_or_it_is_cancelled(ledger: Ledger) -> None:
    claimed = asked(ledger)

    def cancel() -> object:
        with ledger.write() as connection:
            endings.cancel(connection, claimed.id, actor="olga", now=NOW)
        return "cancelled"

    came = at_once(partial(decide, ledger, claimed.id), cancel)
    found = look(ledger, claimed.id)
    # Decided first it is queued, and may still be withdrawn; cancelled first nobody decides.
    assert (found.state == "cancelled") is ("cancelled" in came)
    with ledger.read() as connection:
        (settled,) = inbox.of_item(connection, claimed.id)
    assert (settled.decision is not None) is any(isinstance(each, Asked) for each in came)
    assert settled.closed_at is not None


def test_a_person_who_saw_less_than_there_is_decides_nothing(ledger: Ledger) -> None:
    claimed = asked(ledger, replace(QUESTION, people=2))
    decide(ledger, claimed.id)
    with pytest.raises(ConflictError, match="karen has decided meanwhile"), ledger.write() as connection:
        inbox.decide(connection, claimed.id, Ruling(question="pay", choice="yes"), actor="lars", now=NOW, seen=0)


@pytest.mark.parametrize("state", [EffectState.UNKNOWN, EffectState.REFUSED])
def test_a_stopped_effect_is_settled_before_anything_else_is_decided(ledger: Ledger, state: EffectState) -> None:
    submit(ledger, "A")
    claimed = claim_one(ledger)
    record(ledger, claimed, QUESTION, ("open",))
    with ledger.write() as connection:
        assert effects.stopped(connection, take_effect_in(connection), state, "no answer", now=NOW)
        (waits,) = inbox.waiting(connection)
    assert waits.step == "open"
    with pytest.raises(ConflictError, match="settling"):
        decide(ledger, claimed.id)
    asking.decide(ledger, claimed.id, "happened", code=waits.question.code, seen="It is there.")
    found = look(ledger, claimed.id)
    assert (found.state, found.reason) == ("waiting_for_person", None)
    assert decide(ledger, claimed.id).decision is not None
    again = claim_one(ledger, now=NOW + seconds(61))
    assert [each.question for each in again.earlier.decisions] == ["pay"]
    assert again.earlier.answers == {"open": {"by_person": True}}


def take_effect_in(connection: sa.Connection) -> EffectRow:
    (effect,) = effects.claim(connection, [WORKLOAD], limit=1, lease=timedelta(seconds=9), now=NOW)
    return effect


def test_what_was_given_up_fails_for_good_and_the_rest_is_not_done(ledger: Ledger) -> None:
    item_id = asking.stop(ledger, EffectState.REFUSED, steps=("pay", "answer"))
    asking.decide(ledger, item_id, "give_up", reason="The supplier is no more.")
    assert look(ledger, item_id).state == "failed"
    with ledger.read() as connection:
        assert [str(each.state) for each in effects.of_item(connection, item_id)] == ["given_up", "withdrawn"]
    with pytest.raises(ConflictError, match="gave an effect"), ledger.write() as connection:
        endings.retry(connection, item_id, actor="olga", now=NOW)


def test_asked_again_its_receiver_need_not_be_settled_by_hand(ledger: Ledger) -> None:
    item_id = asking.stop(ledger)
    with ledger.write() as connection:
        endings.retry(connection, item_id, actor="olga", now=NOW)
    with ledger.read() as connection:
        assert inbox.waiting(connection) == []
        (asked,) = inbox.of_item(connection, item_id)
    assert asked.closed_at == NOW
    found = look(ledger, item_id)
    assert (found.state, found.reason) == ("running", None)


def test_an_effect_that_stops_again_is_asked_about_again(ledger: Ledger) -> None:
    item_id = asking.stop(ledger)
    asking.decide(ledger, item_id, "make", looked="In their list.")
    with ledger.write() as connection:
        assert effects.stopped(connection, take_effect_in(connection), EffectState.UNKNOWN, "no answer", now=NOW)
    with ledger.read() as connection:
        codes = [(each.question.code, each.closed_at is None) for each in inbox.of_item(connection, item_id)]
    assert codes == [("effect:pay:1", False), ("effect:pay:2", True)]


def test_filters_and_groups(ledger: Ledger) -> None:
    asking.ask(ledger, reference="one")
    asking.stop(ledger, reference="two")
    with ledger.read() as connection:
        assert [(g.workload, g.lane, g.code, g.number) for g in inbox.groups(connection)] == [
            (WORKLOAD, "", "effect", 1), (WORKLOAD, "", "pay", 1),
        ]  # fmt: skip
        assert [a.reference for a in inbox.waiting(connection, Filter(code="effect"))] == ["two"]
        assert inbox.count(connection, Filter(workload="other")) == 0
        assert inbox.count(connection, now=NOW + timedelta(hours=3)) == 1, "overdue"
