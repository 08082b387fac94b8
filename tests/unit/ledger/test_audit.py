from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from samdrift_platform.cpr import mask_value
from samdrift_platform.ledger import audit, verification
from samdrift_platform.ledger.audit import GENESIS, Event
from samdrift_platform.ledger.database import Ledger, LedgerRefusedError
from samdrift_platform.ledger.verification import Verification
from samdrift_testing.work import NOW, seconds, undone

#: Rows in the chain that is tampered with.
ROWS = 9
COLUMNS = ("seq", "at", "actor", "action", "subject", "details")


def record(ledger: Ledger, number: int = ROWS) -> None:
    for n in range(1, number + 1):
        event = Event(actor="olga", action="item.done", subject=f"item:{n % 3}", details={"n": n, "ø": ["é", None]})
        with ledger.write() as connection:
            audit.append(connection, [event], now=NOW + seconds(n))


def verify(ledger: Ledger) -> Verification:
    with ledger.read() as connection:
        return verification.verify(connection)


def tamper(ledger: Ledger, *statements: str) -> None:
    """What somebody does who owns the database: drop the triggers, then anything."""
    triggers = (
        ["DROP TRIGGER audit_events_append_only ON audit_events"]
        if ledger.engine.dialect.name == "postgresql"
        else ["DROP TRIGGER audit_events_no_update", "DROP TRIGGER audit_events_no_delete"]
    )
    with ledger.engine.begin() as connection:
        for statement in (*triggers, *statements):
            connection.execute(sa.text(statement))


def raw_rows(ledger: Ledger) -> Sequence[Any]:
    with ledger.engine.begin() as connection:
        query = f"SELECT {', '.join(COLUMNS)}, hash FROM audit_events ORDER BY seq"
        return connection.execute(sa.text(query)).all()


def hash_by_hand(previous: str, row: Sequence[Any]) -> str:
    """The rule of the chain, written a second time."""
    quoted = [json.dumps(part, ensure_ascii=False) for part in (previous, *row)]
    return hashlib.sha256(("[" + ",".join(quoted) + "]").encode("utf-8")).hexdigest()


def test_an_empty_chain_is_intact(ledger: Ledger) -> None:
    assert verify(ledger) == Verification(rows=0)


def test_every_hash_is_that_of_the_row_and_the_hash_before(ledger: Ledger) -> None:
    record(ledger)
    previous = GENESIS
    for *row, stored in raw_rows(ledger):
        previous = hash_by_hand(previous, row)
        assert stored == previous
    assert verify(ledger) == Verification(rows=ROWS)


def test_events_are_read_back_as_they_were(ledger: Ledger) -> None:
    record(ledger)
    with ledger.read() as connection:
        about = audit.events_of(connection, "item:1")
        newest = audit.latest(connection, limit=2)
    assert [found.seq for found in about] == [1, 4, 7]
    assert [found.seq for found in newest] == [9, 8]
    assert newest[0].details == {"n": 9, "ø": ["é", None]}


def test_times_are_hashed_in_utc_whatever_their_zone(ledger: Ledger) -> None:
    copenhagen = timezone(timedelta(hours=1))
    with ledger.write() as connection:
        audit.append(connection, [Event(actor="a", action="b", subject="c")], now=NOW.astimezone(copenhagen))
    assert raw_rows(ledger)[0].at == NOW.isoformat()


def test_a_transaction_that_is_rolled_back_leaves_no_gap(ledger: Ledger) -> None:
    record(ledger, 2)
    with undone(ledger) as connection:
        audit.append(connection, [Event(actor="a", action="b", subject="c")], now=NOW)
    record(ledger, 2)
    assert verify(ledger) == Verification(rows=4)


def forge(ledger: Ledger, seq: int, *, after: str) -> str:
    """An INSERT of a row whose own hash is right after the hash `after`."""
    row = (seq, NOW.isoformat(), "mallory", "item.done", "item:9", "{}")
    values = ", ".join(f"'{part}'" if isinstance(part, str) else str(part) for part in row)
    return f"INSERT INTO audit_events ({', '.join(COLUMNS)}, hash) VALUES ({values}, '{hash_by_hand(after, row)}')"


def swap(first: int, second: int) -> list[str]:
    return [
        f"UPDATE audit_events SET seq = -1 WHERE seq = {first}",
        f"UPDATE audit_events SET seq = {first} WHERE seq = {second}",
        f"UPDATE audit_events SET seq = {second} WHERE seq = -1",
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'2020-01-01T00:00:00+00:00'"),
        ("actor", "'mallory'"),
        ("action", "'item.failed'"),
        ("subject", "'item:99'"),
        ("details", "'{}'"),
        ("hash", f"'{'f' * 64}'"),
    ],
)
@pytest.mark.parametrize("seq", [1, 5, ROWS])
def test_a_changed_column_is_named_by_its_row(ledger: Ledger, column: str, value: str, seq: int) -> None:
    record(ledger)
    tamper(ledger, f"UPDATE audit_events SET {column} = {value} WHERE seq = {seq}")
    found = verify(ledger)
    assert (found.intact, found.first_bad_seq, found.rows) == (False, seq, seq - 1)


TAMPERINGS: dict[str, tuple[Callable[[Ledger, list[Any]], list[str]], int]] = {
    "deleted first": (lambda ledger, rows: ["DELETE FROM audit_events WHERE seq = 1"], 1),
    "deleted in the middle": (lambda ledger, rows: ["DELETE FROM audit_events WHERE seq = 4"], 4),
    "deleted and closed up": (
        lambda ledger, rows: [
            "DELETE FROM audit_events WHERE seq = 4",
            *(f"UPDATE audit_events SET seq = {n - 1} WHERE seq = {n}" for n in range(5, ROWS + 1)),
        ],
        4,
    ),
    "deleted tail": (lambda ledger, rows: ["DELETE FROM audit_events WHERE seq > 6"], 7),
    "deleted all": (lambda ledger, rows: ["DELETE FROM audit_events"], 1),
    "swapped": (lambda ledger, rows: swap(3, 6), 3),
    "inserted before the first": (lambda ledger, rows: [forge(ledger, 0, after=GENESIS)], 0),
    "inserted in the middle": (
        lambda ledger, rows: [
            *(f"UPDATE audit_events SET seq = {n + 1} WHERE seq = {n}" for n in range(ROWS, 4, -1)),
            forge(ledger, 5, after=rows[3].hash),
        ],
        6,
    ),
    "appended behind our back": (lambda ledger, rows: [forge(ledger, ROWS + 1, after=rows[-1].hash)], ROWS + 1),
    "head moved back": (
        lambda ledger, rows: [f"UPDATE audit_head SET seq = {ROWS - 1}, hash = '{rows[-2].hash}'"],
        ROWS,
    ),
    "head's hash changed": (lambda ledger, rows: [f"UPDATE audit_head SET hash = '{'0' * 64}'"], ROWS),
    "changed and its own hash mended": (
        lambda ledger, rows: [
            "DELETE FROM audit_events WHERE seq = 5",
            forge(ledger, 5, after=rows[3].hash),
        ],
        6,
    ),
    "last one changed and its own hash mended": (
        lambda ledger, rows: [
            f"DELETE FROM audit_events WHERE seq = {ROWS}",
            forge(ledger, ROWS, after=rows[-2].hash),
        ],
        ROWS,
    ),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_tampering_is_found_and_the_first_bad_row_named(ledger: Ledger, kind: str) -> None:
    make, first_bad = TAMPERINGS[kind]
    record(ledger)
    tamper(ledger, *make(ledger, list(raw_rows(ledger))))
    found = verify(ledger)
    assert not found.intact
    assert found.first_bad_seq == first_bad
    assert found.why


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_events SET actor = 'mallory' WHERE seq = 2", "DELETE FROM audit_events WHERE seq = 2"]
)
def test_the_database_itself_refuses_to_change_the_chain(ledger: Ledger, statement: str) -> None:
    record(ledger, 3)
    with pytest.raises(LedgerRefusedError), ledger.write() as connection:
        connection.execute(sa.text(statement))
    assert verify(ledger) == Verification(rows=3)


def test_writers_at_once_make_one_chain_and_readers_always_see_it_whole(ledger: Ledger) -> None:
    stop = threading.Event()

    def write(number: int) -> None:
        for n in range(25):
            events = [Event(actor=f"writer {number}", action="item.done", subject=f"item:{n}")] * (1 + n % 3)
            with ledger.write() as connection:
                audit.append(connection, events, now=NOW)

    def read() -> list[Verification]:
        found = [verify(ledger)]
        while not stop.is_set():
            found.append(verify(ledger))
        return found

    with ThreadPoolExecutor(7) as pool:
        reading = pool.submit(read)
        list(pool.map(write, range(6)))
        stop.set()
    assert all(found.intact for found in reading.result())
    assert verify(ledger) == Verification(rows=6 * sum(1 + n % 3 for n in range(25)))


DIGEST = "sha256:" + "0101901234" * 6 + "abcd"


@pytest.mark.parametrize(
    "details",
    [
        {"result": DIGEST, "note": "010190-1234"},
        {"010190-1234": DIGEST},
        {"note": f'{DIGEST}"0101901234'},
        {"note": f"0101901234 {DIGEST}"},
        {"note": f"{DIGEST} 0101901234"},
        {"note": [DIGEST, "0101901234", f"1@{DIGEST}"]},
    ],
)
def test_numbers_beside_digests_are_masked_and_digests_stay(sqlite_ledger: Ledger, details: dict[str, Any]) -> None:
    with sqlite_ledger.write() as connection:
        audit.append(connection, [Event(actor="olga", action="a", subject="item:1", details=details)], now=NOW)
        (event,) = audit.events_of(connection, "item:1")
    assert event.details == mask_value(details) != details
