from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from samdrift_platform.contract import Item
from samdrift_platform.errors import ConflictError, InputError, NotFoundError
from samdrift_platform.ledger import items, submissions, tables
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.submissions import Request
from samdrift_testing.work import NOW, all_items, claim_one, complete, item, request, seconds, states, submit


def send(ledger: Ledger, sent: Request) -> tuple[UUID, bool]:
    with ledger.write() as connection:
        return submissions.submit(connection, sent, now=NOW)


def test_the_same_reference_with_the_same_content_gives_the_first_answer(ledger: Ledger) -> None:
    first, new = send(ledger, request("A"))
    again, newer = send(ledger, request("A"))
    assert (new, newer) == (True, False)
    assert first == again
    assert states(ledger) == {"A/1": "queued"}


def test_the_same_reference_with_other_content_is_a_conflict_and_changes_nothing(ledger: Ledger) -> None:
    submit(ledger, "A")
    with pytest.raises(ConflictError, match="'A'") as caught:
        submit(ledger, "A", [item("A/2")], document={"about": "something else"})
    assert caught.value.field == "reference"
    assert states(ledger) == {"A/1": "queued"}


def test_the_same_key_under_another_reference_gives_the_first_answer(ledger: Ledger) -> None:
    first, _ = send(ledger, request("A", idempotency_key="k"))
    again, new = send(ledger, request("B", document={"about": "A"}, idempotency_key="k"))
    assert (again, new) == (first, False)


def test_the_same_key_with_other_content_is_a_conflict(ledger: Ledger) -> None:
    submit(ledger, "A", idempotency_key="k")
    with pytest.raises(ConflictError):
        submit(ledger, "B", idempotency_key="k")


def test_a_key_used_for_another_workload_is_a_conflict_though_the_document_is_the_same(ledger: Ledger) -> None:
    submit(ledger, "A", idempotency_key="k")
    with pytest.raises(ConflictError):
        submit(ledger, "A", idempotency_key="k", workload="counting")


def test_a_reference_and_a_key_of_two_different_submissions_are_a_conflict(ledger: Ledger) -> None:
    submit(ledger, "A", idempotency_key="a")
    submit(ledger, "B", idempotency_key="b")
    with pytest.raises(ConflictError):
        submit(ledger, "A", idempotency_key="b")


def test_a_repeat_with_a_new_key_is_the_first_submission(ledger: Ledger) -> None:
    first, _ = send(ledger, request("A", idempotency_key="a"))
    assert send(ledger, request("A", idempotency_key="b")) == (first, False)


def test_references_are_apart_by_workload_and_by_tenant(ledger: Ledger) -> None:
    for other in (request("A"), request("A", workload="counting"), request("A", tenant="other")):
        assert send(ledger, other)[1]
    assert len(all_items(ledger)) == 3


def test_sixteen_senders_at_once_make_one_submission(ledger: Ledger) -> None:
    barrier = Barrier(16)

    def race(number: int) -> tuple[UUID, bool]:
        barrier.wait(timeout=30)
        return send(ledger, request("A", [item(f"A/{n}") for n in range(5)], idempotency_key="k"))

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(race, range(16)))
    assert len({identifier for identifier, _ in answers}) == 1
    assert sum(new for _, new in answers) == 1
    assert len(all_items(ledger)) == 5


def test_senders_who_name_the_same_items_in_another_order_do_not_block_each_other(ledger: Ledger) -> None:
    barrier = Barrier(8)
    names = [f"shared/{n}" for n in range(60)]

    def race(number: int) -> UUID:
        found = [item(name) for name in (names if number % 2 else reversed(names))]
        barrier.wait(timeout=30)
        return send(ledger, request(f"S{number}", found))[0]

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(race, range(8)))
    assert len(all_items(ledger)) == 60
    with ledger.read() as connection:
        assert [submissions.get(connection, identifier).total for identifier in sent] == [60] * 8


def test_an_item_that_a_later_submission_names_again_belongs_to_both_and_is_worked_on_once(ledger: Ledger) -> None:
    first = submit(ledger, "A", [item("x"), item("y")])
    second = submit(ledger, "B", [item("y"), item("z")])
    assert states(ledger) == {"x": "queued", "y": "queued", "z": "queued"}
    with ledger.read() as connection:
        for identifier, names in ((first, ["x", "y"]), (second, ["y", "z"])):
            assert [found.reference for found in items.find(connection, submission_id=identifier)] == names


def test_an_item_that_contradicts_an_earlier_one_is_rejected_visibly(ledger: Ledger) -> None:
    submit(ledger, "A", [item("x", number=1)])
    second = submit(ledger, "B", [item("x", number=2), item("y")])
    with ledger.read() as connection:
        rejected, fine = sorted(
            items.find(connection, submission_id=second), key=lambda found: found.state != "rejected"
        )
        assert submissions.get(connection, second).counts == {"queued": 1, "rejected": 1}
    assert rejected.reference.startswith("x~")
    assert rejected.payload == {"number": 2}
    assert rejected.reason is not None
    assert "submitted before with other content" in rejected.reason
    assert rejected.finished_at == NOW
    assert fine.reference == "y"
    assert next(found for found in all_items(ledger) if found.reference == "x").payload == {"number": 1}


def test_what_was_rejected_may_be_corrected_once(ledger: Ledger) -> None:
    """An invoice that broke a rule is sent again, mended, under its own number; a second mended one contradicts it."""
    submit(ledger, "A", [item("x", number=1)])
    with ledger.write() as connection:
        connection.execute(sa.update(tables.work_items).values(state="rejected"))
    submit(ledger, "B", [item("x", number=2)])
    submit(ledger, "C", [item("x", number=3)])
    submit(ledger, "D", [item("x", number=2)])
    found = {one.payload["number"]: (one.state, one.reference[:2]) for one in all_items(ledger)}
    assert found == {1: ("rejected", "x"), 2: ("queued", "x~"), 3: ("rejected", "x~")}


def test_the_same_contradiction_twice_is_one_row(ledger: Ledger) -> None:
    submit(ledger, "A", [item("x", number=1)])
    submit(ledger, "B", [item("x", number=2)])
    third = submit(ledger, "C", [item("x", number=2)])
    assert len(all_items(ledger)) == 2
    with ledger.read() as connection:
        assert submissions.get(connection, third).counts == {"rejected": 1}


def test_a_repeated_item_reference_in_one_submission_names_the_field(ledger: Ledger) -> None:
    with pytest.raises(InputError, match="'x'") as caught:
        submit(ledger, "A", [item("x"), item("x")])
    assert caught.value.field == "items"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reference": ""}, "reference"),
        ({"reference": "r" * 201}, "reference"),
        ({"idempotency_key": "k" * 201}, "idempotency_key"),
        ({"items": [item("i" * 181)]}, "items"),
        ({"items": [item("")]}, "items"),
        ({"reference": "a\0b"}, "reference"),
        ({"document": {"name": "a\0b"}}, "document"),
        ({"document": {"name": "\ud800"}}, "document"),
        ({"document": {"value": math.nan}}, "document"),
        ({"items": [Item(reference="x", payload={"value": math.inf})]}, "items"),
        ({"items": [Item(reference="x", payload={"\0": 1})]}, "items"),
    ],
)
def test_what_one_of_the_databases_cannot_hold_is_refused_by_both(
    ledger: Ledger, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        send(ledger, replace(request("A"), **changes))
    assert caught.value.field == field
    assert not all_items(ledger)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "\U0001f600", "æøå", "'; drop table work_items; --"])
def test_odd_but_possible_text_comes_back_as_it_was(ledger: Ledger, text: str) -> None:
    submit(ledger, text, [item(text, value=text)], idempotency_key=text)
    (found,) = all_items(ledger)
    assert (found.reference, found.payload) == (text, {"value": text})


def test_counts_follow_the_states(ledger: Ledger) -> None:
    sent = submit(ledger, "A", [item("x"), item("y"), item("z")])
    complete(ledger, claim_one(ledger))
    claim_one(ledger)
    with ledger.read() as connection:
        found = submissions.get(connection, sent)
    assert found.counts == {"done": 1, "running": 1, "queued": 1}
    assert (found.total, found.pending) == (3, 2)


def test_submissions_are_listed_newest_first_by_page(ledger: Ledger) -> None:
    for number in range(5):
        submit(ledger, f"S{number}", now=NOW + seconds(number))
    with ledger.read() as connection:
        page = submissions.find(connection, limit=2, offset=1)
        assert [found.reference for found in page] == ["S3", "S2"]
        assert submissions.find(connection, workload="counting") == []


def test_what_is_not_there_is_named(ledger: Ledger) -> None:
    missing = UUID(int=7)
    with ledger.read() as connection:
        with pytest.raises(NotFoundError, match=str(missing)):
            submissions.get(connection, missing)
        with pytest.raises(NotFoundError, match=str(missing)):
            items.get(connection, missing)
