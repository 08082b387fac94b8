"""Statements, signatures and checkpoints held to the chain: whatever is changed, removed or put in is named."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from samdrift_platform.ledger import audit, checkpoints, statements, tables, verification
from samdrift_platform.ledger.audit import GENESIS, Event, chained
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.verification import Verification
from samdrift_registry.errors import StatementUnreadableError
from samdrift_registry.keys import SigningKey, TrustedKeys, signing_key, trusted_keys
from samdrift_registry.statements import Kind, SignedStatement, Statement, sign_statement
from samdrift_testing.work import NOW, seconds


@dataclass(frozen=True, kw_only=True)
class Keys:
    first: SigningKey
    second: SigningKey
    trusted: TrustedKeys


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    first, second = map(signing_key, folders)
    trusted = TrustedKeys(keys={**trusted_keys(folders[0]).keys, **trusted_keys(folders[1]).keys})
    return Keys(first=first, second=second, trusted=trusted)


def stated(number: int, key: SigningKey) -> SignedStatement:
    kind, at = (Kind.DECLARED, Kind.APPROVED)[number % 2], NOW + seconds(number)
    facts = {"purpose": f"reason {number} ø"}
    return sign_statement(
        Statement(kind=kind, subject=f"model:cow/{number}", facts=facts, made_at=at, made_by="anna"), key
    )


def record(ledger: Ledger, keys: Keys) -> None:
    """Ten events, four statements, a second signature, and a checkpoint before and after."""
    for number in range(1, 5):
        with ledger.write() as connection:
            audit.append(connection, [Event(actor="olga", action="item.done", subject=f"item:{number}")], now=NOW)
            statements.add(connection, stated(number, keys.first), now=NOW)
        if number == 2:
            mark(ledger, keys)
    with ledger.write() as connection:
        statements.add_signature(connection, stated(1, keys.second), actor="registrar", now=NOW)
    mark(ledger, keys)


def mark(ledger: Ledger, keys: Keys) -> SignedStatement | None:
    with ledger.write() as connection:
        return checkpoints.checkpoint(connection, keys.first, now=NOW)


def verify(ledger: Ledger, keys: Keys | None, kept: Sequence[SignedStatement] = ()) -> Verification:
    with ledger.read() as connection:
        return verification.verify(connection, keys.trusted if keys else None, kept=kept)


def tamper(ledger: Ledger, *changes: str) -> None:
    """What somebody does who owns the database."""
    with ledger.engine.begin() as connection:
        for trigger in _triggers(connection):
            connection.exec_driver_sql(trigger)
        for change in changes:
            connection.exec_driver_sql(change)


def _triggers(connection: sa.Connection) -> Iterator[str]:
    if connection.dialect.name == "postgresql":
        for table in ("audit_events", "statements", "signatures"):
            yield f"DROP TRIGGER {table}_append_only ON {table}"
        yield "ALTER TABLE signatures DROP CONSTRAINT fk_signatures_statement_statements"
    else:
        yield "PRAGMA foreign_keys=OFF"
        for table in ("audit_events", "statements", "signatures"):
            yield f"DROP TRIGGER {table}_no_update"
            yield f"DROP TRIGGER {table}_no_delete"


def test_a_record_that_nobody_touched_is_intact(ledger: Ledger, keys: Keys) -> None:
    record(ledger, keys)
    assert verify(ledger, keys) == Verification(rows=11, statements=6, checkpoints=2)
    assert verify(ledger, None).intact


def test_nothing_is_signed_when_nothing_has_happened_since(ledger: Ledger, keys: Keys) -> None:
    assert mark(ledger, keys) is None
    record(ledger, keys)
    assert mark(ledger, keys) is None


def test_a_checkpoint_is_due_an_hour_after_the_last_if_something_has_happened(ledger: Ledger, keys: Keys) -> None:
    def due(late: float) -> bool:
        with ledger.read() as connection:
            return checkpoints.is_due(connection, now=NOW + seconds(late))

    def happen() -> None:
        with ledger.write() as connection:
            audit.append(connection, [Event(actor="olga", action="item.done", subject="item:1")], now=NOW)

    assert not due(0)
    happen()
    assert due(0)
    mark(ledger, keys)
    assert not due(3600)
    happen()
    assert not due(3599)
    assert due(3600)


def test_a_checkpoint_is_kept_when_it_is_due_and_not_before(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.write() as connection:
        audit.append(connection, [Event(actor="olga", action="item.done", subject="item:1")], now=NOW)
    kept = [checkpoints.keep(ledger, tmp_path / "keys", now=NOW + seconds(late)) for late in (0, 10, 3600)]
    assert [each is not None for each in kept] == [True, False, False]  # the last: nothing has happened since
    with ledger.write() as connection:
        audit.append(connection, [Event(actor="olga", action="item.done", subject="item:2")], now=NOW + seconds(20))
    assert checkpoints.keep(ledger, tmp_path / "keys", now=NOW + seconds(30)) is None
    assert checkpoints.keep(ledger, tmp_path / "keys", now=NOW + seconds(3600)) is not None
    with ledger.read() as connection:
        assert verification.verify(connection, trusted_keys(tmp_path / "keys")).checkpoints == 2


def test_signing_a_checkpoint_again_is_something_that_happened(ledger: Ledger, keys: Keys) -> None:
    record(ledger, keys)
    with ledger.write() as connection:
        again = sign_statement(checkpoints.kept(connection)[-1].statement, keys.second)
        statements.add_signature(connection, again, actor="registrar", now=NOW)
    assert mark(ledger, keys) is not None
    assert verify(ledger, keys).intact


def test_a_checkpoint_signs_number_and_hash_of_the_last_event(ledger: Ledger, keys: Keys) -> None:
    with ledger.write() as connection:
        audit.append(connection, [Event(actor="olga", action="item.done", subject="item:1")], now=NOW)
        head = connection.execute(sa.select(tables.audit_head)).one()
    signed = mark(ledger, keys)
    assert signed is not None
    assert signed.check(keys.trusted).facts == {"seq": 1, "hash": head.hash}
    with ledger.read() as connection:
        taken = checkpoints.to_bytes(checkpoints.kept(connection))
    assert checkpoints.from_bytes(taken) == [signed]
    with pytest.raises(StatementUnreadableError):
        checkpoints.from_bytes(taken.replace(b'"seq":1', b'"seq":2 '))


FAULTS = {
    "a statement removed": (
        ["DELETE FROM signatures WHERE seq = 2", "DELETE FROM statements WHERE seq = 2"],
        4,
        "statement 2 (declared of model:cow/2) was removed",
    ),
    "a statement altered": (
        ["UPDATE statements SET document = replace(document, 'reason 2', 'reason 3') WHERE seq = 2"],
        4,
        "statement 2 (declared of model:cow/2) was changed",
    ),
    "a statement moved": (["UPDATE statements SET seq = 77 WHERE seq = 2"], 4, "statement 2"),
    "a signature removed": (["DELETE FROM signatures WHERE seq = 1"], 2, "signature 1 was removed"),
    "a newer signature removed": (["DELETE FROM signatures WHERE seq = 6"], 10, "signature 6 was removed"),
    "two signatures swapped": (
        [
            "UPDATE signatures SET seq = -1 WHERE seq = 1",
            "UPDATE signatures SET seq = 1 WHERE seq = 6",
            "UPDATE signatures SET seq = 6 WHERE seq = -1",
        ],
        2,
        "signature 1 was changed",
    ),
    "a checkpoint altered": (
        ["UPDATE statements SET document = replace(document, '\"seq\":4', '\"seq\":3') WHERE kind = 'checkpoint'"],
        5,
        "statement 3 (checkpoint of audit:chain) was changed",
    ),
    "the record of the last row removed": (["DELETE FROM audit_head"], 0, "audit_head"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_what_departs_from_the_chain_is_named(ledger: Ledger, keys: Keys, kind: str) -> None:
    changes, seq, why = FAULTS[kind]
    record(ledger, keys)
    tamper(ledger, *changes)
    for trusted in (keys, None):
        found = verify(ledger, trusted)
        assert not found.intact
        assert found.first_bad_seq == seq
        assert why in found.why


def test_a_statement_that_no_event_tells_of_is_named(ledger: Ledger, keys: Keys) -> None:
    record(ledger, keys)
    other = stated(9, keys.first).statement
    with ledger.write() as connection:
        row = {"id": other.id, "kind": "approved", "subject": other.subject, "document": other.canonical().decode()}
        connection.execute(sa.insert(tables.statements).values(**row))
    found = verify(ledger, keys)
    assert (found.intact, found.first_bad_seq) == (False, None)
    assert "statement 7 (approved of model:cow/9) is told of by no event" in found.why


def test_a_statement_put_in_with_its_event_by_somebody_without_a_key_is_named(
    ledger: Ledger, keys: Keys, tmp_path: Path
) -> None:
    record(ledger, keys)
    forged = stated(9, signing_key(tmp_path / "mallory"))
    with ledger.write() as connection:
        statements.add(connection, forged, now=NOW)
    assert verify(ledger, None).intact  # nothing but the signature tells
    found = verify(ledger, keys)
    assert found.first_bad_seq == 12
    assert "statement 7 (approved of model:cow/9) was not signed here" in found.why


def written_anew(ledger: Ledger) -> list[str]:
    """A whole new chain in which `item:1` is `item:9`, with all hashes right."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(tables.audit_events).order_by(tables.audit_events.c.seq)).all()
    previous, changes = GENESIS, []
    for seq, at, actor, action, subject, details, _ in rows:
        now = "item:9" if subject == "item:1" else subject
        previous = chained(previous, seq, at, actor, action, now, details)
        changes.append(f"UPDATE audit_events SET subject = '{now}', hash = '{previous}' WHERE seq = {seq}")
    return [*changes, f"UPDATE audit_head SET hash = '{previous}'"]


def test_a_chain_that_was_written_anew_departs_from_the_checkpoint(ledger: Ledger, keys: Keys) -> None:
    record(ledger, keys)
    tamper(ledger, *written_anew(ledger))
    found = verify(ledger, keys)
    assert found.first_bad_seq == 4
    assert "the rows up to 4 are not those of the checkpoint of 2026-11-24 08:00 UTC" in found.why


def test_checkpoints_that_an_auditor_kept_show_even_what_the_owner_of_the_key_did(ledger: Ledger, keys: Keys) -> None:
    with ledger.write() as connection:
        audit.append(connection, [Event(actor="olga", action="item.done", subject="item:1")] * 3, now=NOW)
    signed = mark(ledger, keys)
    assert signed is not None
    assert verify(ledger, keys, [signed]).intact
    tamper(
        ledger,
        "DELETE FROM signatures",
        "DELETE FROM statements",
        "DELETE FROM audit_events",
        f"UPDATE audit_head SET seq = 0, hash = '{GENESIS}'",
    )
    assert verify(ledger, keys).intact
    ended = TrustedKeys(keys=keys.trusted.keys, ends=dict.fromkeys(keys.trusted.keys, NOW))
    with ledger.read() as connection:
        found = verification.verify(connection, ended, kept=[signed])
    assert "was signed at row 3, but the chain ends at 0" in found.why


def test_a_checkpoint_that_is_handed_in_must_be_signed(ledger: Ledger, keys: Keys, tmp_path: Path) -> None:
    record(ledger, keys)
    statement = Statement(
        kind=Kind.CHECKPOINT, subject="audit:chain", facts={"seq": 1, "hash": "0" * 64}, made_at=NOW, made_by="mallory"
    )
    found = verify(ledger, keys, [sign_statement(statement, signing_key(tmp_path / "mallory"))])
    assert "handed in does not hold" in found.why


# One flipped byte anywhere.

COLUMNS = [
    (table.name, column.name, isinstance(column.type, sa.Integer | sa.BigInteger))
    for table in (tables.audit_events, tables.audit_head, tables.statements, tables.signatures)
    for column in table.columns
]


@pytest.fixture(scope="module")
def recorded(sqlite_template: Path, keys: Keys, module_path: Path) -> Path:
    path = module_path / "ledger.db"
    shutil.copy(sqlite_template, path)
    ledger = Ledger(f"sqlite:///{path}")
    record(ledger, keys)
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        for table in ("audit_events", "statements", "signatures"):
            connection.execute(f"DROP TRIGGER {table}_no_update")
    return path


def flip(path: Path, table: str, column: str, row: int, place: int, bit: int) -> int:
    """Flip one bit of one value; the row's number as it was. Nothing to flip there: the example is skipped."""
    key = "id" if table == "audit_head" else "seq"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        numbers = [number for (number,) in connection.execute(f"SELECT {key} FROM {table} ORDER BY {key}")]
        number: int = numbers[row % len(numbers)]
        query = f"SELECT {column}, CAST({column} AS BLOB) FROM {table} WHERE {key} = ?"
        value, data = connection.execute(query, (number,)).fetchone()
        new: Any
        if isinstance(value, int):
            new, holder = value ^ (1 << bit), "?"
        else:
            changed = bytearray(data)
            changed[place % len(changed)] ^= 1 << bit
            new, holder = bytes(changed), "CAST(? AS TEXT)"
        try:
            connection.execute(f"UPDATE {table} SET {column} = {holder} WHERE {key} = ?", (new, number))
        except sqlite3.IntegrityError:
            assume(False)  # another row has that number
        return number


@pytest.mark.parametrize(("table", "column", "whole"), COLUMNS)
@settings(max_examples=12, deadline=None)
@given(row=st.integers(0, 20), place=st.integers(0, 5000), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_named(
    recorded: Path, keys: Keys, table: str, column: str, whole: bool, row: int, place: int, bit: int
) -> None:
    path = recorded.with_name("flipped.db")
    shutil.copy(recorded, path)
    number = flip(path, table, column, row, place, bit)
    ledger = Ledger(f"sqlite:///{path}")
    found = verify(ledger, keys)
    ledger.close()
    assert not found.intact
    assert named(found, table, column, number)


def named(found: Verification, table: str, column: str, number: int) -> bool:
    """Whether what was found is about that row."""
    if table == "audit_events":
        moved = column == "seq" and found.first_bad_seq is not None and found.first_bad_seq <= number
        return found.first_bad_seq == number or moved
    if table == "audit_head":
        return "audit_head" in found.why or found.first_bad_seq is not None
    return found.why.startswith(f"{table.removesuffix('s')} {number} ")


def test_a_ledger_in_use_stays_readable_after_it_was_verified(ledger: Ledger, keys: Keys) -> None:
    record(ledger, keys)
    with ledger.read() as connection:
        verification.verify(connection, keys.trusted)
        assert [each.subject for each in audit.latest(connection, limit=1)] == ["audit:chain"]
