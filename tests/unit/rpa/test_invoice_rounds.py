"""Invoices through the ledger: asked, decided by one or by two, posted and answered once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from samdrift_platform.ledger import effects, inbox
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectRow
from samdrift_platform.ledger.inbox import Ruling
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.tables import metadata
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.generator import Sale, Sold, write
from samdrift_rpa.invoices.process import process
from samdrift_testing.robots import Robots, robots
from samdrift_testing.work import NOW

CHAIR = Sold(name="Samtale med Xavier Opdigtet", quantity=Decimal(4), price=Decimal("312.50"))
SALE = Sale(number="T-1", lines=(CHAIR,))
DEAR = replace(SALE, number="T-2", lines=(replace(CHAIR, price=Decimal(62_500)),))
PRIVATE = (
    write(replace(SALE, number="T-3"))
    .replace(b'"DK:CVR">DK99000007<', b'"DK:CPR">0101010101<')
    .replace("Fiktiv leverandør 1".encode(), b"Yrsa Opdigtet")
)


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger]:
    """On SQLite: what differs between databases is tested where it is made."""
    with closing(Ledger(sqlite_url)) as ledger:
        yield ledger


@pytest.fixture
def desk(ledger: Ledger, engine: Engine) -> Robots:
    made = robots(ledger, process, post_voucher={"voucher_id": "V000001"}, send_answer={"transmission_id": "D000002"})
    made.engine = {"invoices": engine}
    return made


def sent(desk: Robots, *contents: bytes) -> list[WorkItem]:
    cases = [{"document": desk.store.put(content)} for content in contents]
    desk.submit("morning", "invoices", cases)
    desk.work()
    return desk.items()


def item(desk: Robots, item_id: UUID) -> WorkItem:
    (found,) = [each for each in desk.items() if each.id == item_id]
    return found


def rule(desk: Robots, item_id: UUID, actor: str, choice: str, **fields: Any) -> None:
    with desk.ledger.write() as connection:
        inbox.decide(
            connection, item_id, Ruling(question="approval", choice=choice, fields=fields), actor=actor, now=NOW
        )


def effects_of(desk: Robots, item_id: UUID) -> list[EffectRow]:
    with desk.ledger.read() as connection:
        return effects.of_item(connection, item_id)


def test_two_people_approve_and_it_is_posted_and_answered_once(desk: Robots) -> None:
    (dear,) = sent(desk, write(DEAR))
    assert (dear.state, effects_of(desk, dear.id)) == ("waiting_for_person", [])
    rule(desk, dear.id, "anna", "approve")
    assert desk.work() == 0
    rule(desk, dear.id, "anna", "approve")  # the same person again is still one
    assert desk.work() == 0
    rule(desk, dear.id, "bent", "approve")
    assert desk.work() == 1
    assert (desk.deliver(), desk.work()) == (2, 0)
    made = effects_of(desk, dear.id)
    assert [(effect.step, effect.state) for effect in made] == [
        ("post_voucher", "delivered"),
        ("send_answer", "delivered"),
    ]
    assert item(desk, dear.id).state == "done"


def test_what_one_person_refuses_is_answered_in_their_words_once(desk: Robots) -> None:
    (foreign,) = sent(desk, write(replace(SALE, currency="EUR")))
    rule(desk, foreign.id, "anna", "reject", reason_code="FIN", reason="Vi betaler i kroner.")
    assert (desk.work(), desk.deliver(), desk.work()) == (1, 1, 0)
    (answer,) = effects_of(desk, foreign.id)
    told = json.loads(desk.store.get(str(answer.request["answer"])))
    assert (told["response_code"], told["description"]) == ("BusinessReject", "Vi betaler i kroner.")
    found = item(desk, foreign.id)
    assert (found.state, found.result["exception"]["code"]) == ("rejected", "refused_fin")


def test_nothing_personal_is_in_the_database(desk: Robots) -> None:
    """Every text of every table: neither a private supplier, nor what a line says about somebody."""
    _, _, private = sent(desk, write(SALE), write(DEAR), PRIVATE)
    rule(desk, private.id, "anna", "approve")
    desk.work()
    desk.deliver()
    with desk.ledger.read() as connection:
        rows = [str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(sa.select(table))]
    for personal in ("0101010101", "010101-0101", "Yrsa", "Xavier"):
        assert not [row for row in rows if personal in row], personal
    assert len(rows) > 10
