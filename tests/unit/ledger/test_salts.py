"""Every item has a salt of its own; items from before salts get one with the migration."""

from __future__ import annotations

import importlib
import json

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from samdrift_platform.digest import keyed_digest_of
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.tables import audit_events, work_items
from samdrift_testing import work


def salts(ledger: Ledger) -> list[str]:
    with ledger.read() as connection:
        return list(connection.execute(sa.select(work_items.c.salt).order_by(work_items.c.seq)).scalars())


def test_every_new_item_has_a_salt_of_its_own_corrections_too(ledger: Ledger) -> None:
    work.submit(ledger, "a", [work.item("1", number=1), work.item("2", number=1)])
    work.submit(ledger, "b", [work.item("1", number=2)])  # contradicts the first
    found = salts(ledger)
    assert len(found) == len(set(found)) == 3
    assert all(len(bytes.fromhex(salt)) == 16 for salt in found)


def test_the_chain_holds_no_plain_digest_of_what_was_decided(ledger: Ledger) -> None:
    work.submit(ledger, "a", [work.item("1", number=1)])
    claimed = work.claim_one(ledger)
    work.complete(ledger, claimed)
    with ledger.read() as connection:
        text = connection.execute(
            sa.select(audit_events.c.details).where(audit_events.c.action == "item.done")
        ).scalar()
    details = json.loads(str(text))
    assert claimed.salt == salts(ledger)[0]
    assert details["input"] == keyed_digest_of(claimed.salt, {"number": 1})
    assert details["result"] == keyed_digest_of(claimed.salt, {"sum": 2})


def test_the_migration_gives_old_items_their_salts(ledger: Ledger) -> None:
    work.submit(ledger, "a", [work.item("1"), work.item("2")])
    migration = importlib.import_module("samdrift_platform.ledger.migrations.versions.0002_governance")
    with ledger.write() as connection:
        connection.execute(sa.update(work_items).values(salt=""))
        with Operations.context(MigrationContext.configure(connection)):
            migration._give_salts()
    found = salts(ledger)
    assert len(set(found)) == 2
    assert all(len(bytes.fromhex(salt)) == 16 for salt in found)
