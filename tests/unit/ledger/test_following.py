from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from samdrift_platform.ledger import audit
from samdrift_platform.ledger.audit import Event
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.following import Follower
from samdrift_testing.work import NOW, all_items, item, submit

HEAD = sa.Table(
    "tally_head",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)


@dataclass
class Table:
    """A table that only notes which items it was told of."""

    ledger: Ledger
    told: list[list[UUID]] = field(default_factory=list)

    def refresh(self, connection: sa.Connection, item_ids: Sequence[UUID]) -> None:
        self.told.append(list(item_ids))

    @property
    def seen(self) -> list[UUID]:
        return [item_id for chunk in self.told for item_id in chunk]

    def follower(self) -> Follower:
        return Follower(name="tally", head=HEAD, refresh=self.refresh)

    def position(self) -> list[int]:
        with self.ledger.read() as connection:
            return list(connection.execute(sa.select(HEAD.c.seq)).scalars())

    def events(self) -> int:
        with self.ledger.read() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM audit_events")).scalar_one())


@pytest.fixture
def table(ledger: Ledger) -> Table:
    HEAD.create(ledger.engine)
    return Table(ledger)


def append(ledger: Ledger, *subjects: str) -> None:
    events = [Event(actor="olga", action="item.seen", subject=subject, details={}) for subject in subjects]
    with ledger.write() as connection:
        audit.append(connection, events, now=NOW)


def test_items_of_submissions_and_of_events_are_told_once_each(table: Table) -> None:
    submit(table.ledger, "first", [item("a"), item("b")])
    (a, b) = [each.id for each in all_items(table.ledger)]
    append(table.ledger, f"item:{a}", f"item:{a}")
    assert table.follower().catch_up(table.ledger) == table.events()
    assert sorted(table.seen) == sorted([a, b])
    assert table.position() == [table.events()]


def test_what_was_looked_at_is_not_looked_at_again(table: Table) -> None:
    submit(table.ledger, "first", [item("a")])
    table.follower().catch_up(table.ledger)
    table.told.clear()
    assert table.follower().catch_up(table.ledger) == 0
    newest = uuid4()
    append(table.ledger, f"item:{newest}")
    assert table.follower().catch_up(table.ledger) == 1
    assert table.told == [[newest]]


def test_subjects_that_name_no_item_are_passed_over(table: Table) -> None:
    append(table.ledger, "model:tally", "item:none", "item:", "person:7", "submission:none")
    assert table.follower().catch_up(table.ledger) == 5
    assert table.seen == []


@pytest.mark.parametrize(("events", "items"), [(1, 1), (2, 3), (3, 2), (100, 100)])
def test_steps_and_chunks_are_bounded_and_leave_nothing_out(table: Table, events: int, items: int) -> None:
    named = [uuid4() for _ in range(7)]
    for item_id in named:
        append(table.ledger, f"item:{item_id}")
    follower = replace(table.follower(), events=events, items=items)
    assert follower.catch_up(table.ledger) == 7
    assert table.seen == named
    assert max(map(len, table.told)) == min(events, items, 7)


def test_a_step_that_fails_is_done_again(table: Table) -> None:
    named = uuid4()
    append(table.ledger, f"item:{named}")

    def broken(connection: sa.Connection, item_ids: Sequence[UUID]) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        replace(table.follower(), refresh=broken).catch_up(table.ledger)
    assert table.position() == []
    table.follower().catch_up(table.ledger)
    assert table.seen == [named]


def test_an_emptied_head_begins_again(table: Table) -> None:
    submit(table.ledger, "first", [item("a")])
    table.follower().catch_up(table.ledger)
    before = table.seen
    with table.ledger.write() as connection:
        connection.execute(sa.delete(HEAD))
    table.told.clear()
    table.follower().catch_up(table.ledger)
    assert table.seen == before


def test_whoever_looks_at_once_takes_turns(table: Table) -> None:
    named = [uuid4() for _ in range(12)]
    append(table.ledger, *(f"item:{item_id}" for item_id in named))
    follower = replace(table.follower(), events=3)
    with ThreadPoolExecutor(4) as pool:
        looked_at = list(pool.map(lambda _: follower.catch_up(table.ledger), range(4)))
    assert sum(looked_at) == 12
    assert sorted(table.seen) == sorted(named)
