"""Objections: counted from the moment they are recorded, kept as history, and naming nobody."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from samdrift_platform.contract import Item
from samdrift_platform.errors import InputError, NotFoundError
from samdrift_platform.ledger import audit, endings, objections, queue, shadow_runs, verification
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.objections import Objection
from samdrift_platform.ledger.tables import audit_events, effects, scores
from samdrift_platform.ledger.tables import shadow_runs as shadow_runs_table
from samdrift_registry.deployments import Slot
from samdrift_testing.work import LEASE, NOW, WORKLOAD, claim, complete, completion, deployed, seconds, submit

SHE, ANOTHER = "ab" * 32, "cd" * 32


def about(reference: str, subject: str | None) -> Item:
    return Item(reference=reference, payload={"number": 1}, subject=subject)


def object_(ledger: Ledger, subject: str = SHE, workload: str = WORKLOAD) -> tuple[Objection, bool]:
    with ledger.write() as connection:
        return objections.record(connection, workload, subject, actor="olga", now=NOW)


def withdraw(ledger: Ledger, subject: str = SHE) -> Objection:
    with ledger.write() as connection:
        return objections.withdraw(connection, WORKLOAD, subject, actor="pia", now=NOW + seconds(60))


def claimed(ledger: Ledger) -> dict[str, bool]:
    return {each.reference: each.objected for each in claim(ledger, 10)}


def test_a_claim_says_whose_item_no_model_may_see(ledger: Ledger) -> None:
    submit(ledger, "S", [about("hers", SHE), about("another's", ANOTHER), about("nobody's", None)])
    object_(ledger)
    assert claimed(ledger) == {"hers": True, "another's": False, "nobody's": False}


def test_an_objection_against_another_workload_is_another_matter(ledger: Ledger) -> None:
    submit(ledger, "S", [about("hers", SHE)])
    object_(ledger, workload="rpa")
    assert claimed(ledger) == {"hers": False}


def test_it_counts_for_what_was_submitted_before_it_and_no_longer_once_withdrawn(ledger: Ledger) -> None:
    submit(ledger, "S", [about("before", SHE)])
    object_(ledger)
    assert claimed(ledger) == {"before": True}
    withdraw(ledger)
    submit(ledger, "T", [about("after", SHE)])
    assert claimed(ledger) == {"after": False}


def test_an_attempt_that_comes_back_is_asked_about_again(ledger: Ledger) -> None:
    submit(ledger, "S", [about("hers", SHE)])
    assert claimed(ledger) == {"hers": False}
    object_(ledger)
    with ledger.write() as connection:
        queue.release_expired(connection, now=NOW + seconds(100))
    (again,) = claim(ledger, now=NOW + seconds(101))
    assert (again.attempt, again.objected) == (2, True)


def test_recorded_twice_it_is_one_and_withdrawn_it_stays_as_history(ledger: Ledger) -> None:
    first, is_new = object_(ledger)
    assert (object_(ledger), is_new) == ((first, False), True)
    ended = withdraw(ledger)
    assert (ended.id, ended.withdrawn_by) == (first.id, "pia")
    second, _ = object_(ledger)
    with ledger.read() as connection:
        assert objections.history(connection, WORKLOAD, SHE) == [ended, second]
        assert objections.counts(connection) == {WORKLOAD: 1}
    withdraw(ledger)
    with pytest.raises(NotFoundError):
        withdraw(ledger)


@pytest.mark.parametrize("number", ["2512489996", "AB" * 32, "", SHE + "0"])
def test_only_a_pseudonym_is_taken_and_nothing_else_is_quoted(ledger: Ledger, number: str) -> None:
    with pytest.raises(InputError) as caught:
        object_(ledger, number)
    assert "2512489996" not in caught.value.message
    with pytest.raises(InputError):
        submit(ledger, "S", [about("hers", number)])


def test_the_audit_chain_says_that_and_by_whom_but_not_about_whom(ledger: Ledger) -> None:
    made, _ = object_(ledger)
    withdraw(ledger)
    with ledger.read() as connection:
        told = audit.events_of(connection, f"objection:{made.id}")
        everything = json.dumps([list(map(str, row)) for row in connection.execute(sa.select(audit_events))])
        assert verification.verify(connection).intact
    assert [(each.action, each.actor) for each in told] == [
        ("objection.recorded", "olga"),
        ("objection.withdrawn", "pia"),
    ]
    assert SHE not in everything


def test_what_a_model_decided_before_is_listed_and_not_changed(ledger: Ledger) -> None:
    submit(ledger, "S", [about("decided", SHE), about("waits", SHE), about("another's", ANOTHER)])
    (taken,) = claim(ledger)
    complete(ledger, taken)
    object_(ledger)
    with ledger.read() as connection:
        found = objections.concerned(connection, WORKLOAD, SHE)
    assert [(each.reference, str(each.state), bool(each.models)) for each in found] == [
        ("waits", "queued", False),
        ("decided", "done", True),
    ]


def test_what_a_model_finds_while_she_objects_is_dropped(ledger: Ledger) -> None:
    submit(ledger, "S", [about("hers", SHE), about("another's", ANOTHER)])
    claims = claim(ledger, 2)
    object_(ledger)
    with ledger.write() as connection:
        made = [(each, completion(each.reference, steps=["tell"], scores={"lesion": 1.0})) for each in claims]
        assert endings.complete(connection, WORKLOAD, made, now=NOW) == []
        kept = [row.item_id for row in connection.execute(sa.select(scores))]
        planned = [row.item_id for row in connection.execute(sa.select(effects))]
    hers = next(each for each in claims if each.subject == SHE)
    assert set(kept) == set(planned) == {each.id for each in claims} - {hers.id}
    (again,) = claim(ledger, 2)
    assert (again.id, again.objected, again.attempt, again.fence) == (hers.id, True, 1, hers.fence + 2)
    assert complete(ledger, again, decided_by=[], safe=True, objected=True)
    assert not complete(ledger, hers), "the first worker's claim is void"
    with ledger.read() as connection:
        actions = [event.action for event in audit.events_of(connection, f"item:{hers.id}")]
        assert verification.verify(connection).intact
    assert actions == ["item.objected_meanwhile", "item.done"]


def test_the_outcome_of_an_objected_item_is_told_to_auditors(ledger: Ledger) -> None:
    submit(ledger, "S", [about("hers", SHE)])
    object_(ledger)
    (taken,) = claim(ledger)
    complete(ledger, taken, decided_by=[], safe=True, objected=True)
    with ledger.read() as connection:
        (event,) = [e for e in audit.events_of(connection, f"item:{taken.id}") if e.action == "item.done"]
    assert (event.details["safe"], event.details["objected"], event.details["models"]) == (True, True, {})


def test_no_shadow_sees_an_item_whose_person_objected_meanwhile(ledger: Ledger) -> None:
    shadow = deployed("tally", 2, Slot.SHADOW)
    submit(ledger, "S", [about("hers", SHE), about("another's", ANOTHER)])
    for taken in claim(ledger, 2):
        with ledger.write() as connection:
            shadow_runs.plan(connection, WORKLOAD, [taken.id], [shadow], NOW)
        complete(ledger, taken)
    object_(ledger)
    with ledger.write() as connection:
        found = shadow_runs.claim(connection, WORKLOAD, shadow, limit=10, lease=LEASE, now=NOW)
        states = dict(connection.execute(sa.select(shadow_runs_table.c.item_id, shadow_runs_table.c.state)).all())
        left = shadow_runs.head(connection, "q", WORKLOAD, shadow, now=NOW)
    assert [each.reference for each in found] == ["another's"]
    assert sorted(states.values()) == ["planned", "withdrawn"]
    assert left is None
    assert completion("x").objected is False
