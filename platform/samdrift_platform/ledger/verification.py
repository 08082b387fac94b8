"""Holds the whole record to itself: every event to its hash, every statement to its event, checkpoints to the chain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from samdrift_platform.ledger.audit import GENESIS, chained
from samdrift_platform.ledger.journal_check import Fault, JournalCheck
from samdrift_platform.ledger.statements import SIGNED_AGAIN, STATED
from samdrift_platform.ledger.tables import audit_events, audit_head, statements

if TYPE_CHECKING:
    from samdrift_registry.keys import TrustedKeys
    from samdrift_registry.statements import SignedStatement


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What `verify` found: how much holds, and the first thing that does not."""

    #: Events that hold, from the first on.
    rows: int
    #: Statements compared with the chain, and checkpoints among them.
    statements: int = 0
    checkpoints: int = 0
    #: The first bad event, where the fault is one of an event or can be told by one.
    first_bad_seq: int | None = None
    why: str = ""

    @property
    def intact(self) -> bool:
        """Nothing was changed, removed or put in."""
        return not self.why


@dataclass(frozen=True, kw_only=True)
class _Mark:
    """The hash that a checkpoint says an event had."""

    seq: int
    hash: str
    #: "the checkpoint of 2026-11-24 12:00 UTC"
    told: str


def verify(
    connection: sa.Connection, trusted: TrustedKeys | None = None, *, kept: Sequence[SignedStatement] = ()
) -> Verification:
    """Recompute every hash from the first row on; compare statements, signatures and checkpoints with the chain.

    Time grows with the events; memory only with the statements. A fault of the chain is told before one of a statement.

    Args:
        connection: one consistent view (`Ledger.read`).
        trusted: the keys by which signatures are checked; None: they are only compared with the chain. Without them,
            whoever can write the whole database can write a whole new record.
        kept: checkpoints that an auditor took away earlier: against whoever owns both database and key.
    """
    with _bytes_as_they_are(connection):
        marks = [*_marks(connection), *map(_mark, kept)]
        journal = JournalCheck(trusted)
        hashes: dict[int, str] = dict.fromkeys((mark.seq for mark in marks), "")
        found = _walk(connection, journal, hashes)
        if not found.intact:
            return found
        fault = _foreign(kept, trusted) or journal.compare(connection) or _rewritten(marks, hashes, found.rows)
        counted = replace(found, statements=journal.statements, checkpoints=len(marks) - len(kept))
        return replace(counted, first_bad_seq=fault.seq, why=fault.why) if fault else counted


def _walk(connection: sa.Connection, journal: JournalCheck, hashes: dict[int, str]) -> Verification:
    """Recompute the chain, let `journal` hear of statements, and fill in the hashes of the rows that are asked for."""
    head = _head(connection)
    if isinstance(head, str):
        return Verification(rows=0, first_bad_seq=0, why=head)
    last, last_hash = head
    previous, good = GENESIS, 0
    query = sa.select(audit_events).order_by(audit_events.c.seq).execution_options(yield_per=2000)
    with connection.execute(query) as rows:
        for seq, *columns, stored in rows:
            previous = chained(previous, seq, *columns)
            if why := _fault(seq, good + 1, last, matches=previous == stored):
                bad = min(seq, good + 1) if isinstance(seq, int) else good + 1
                return Verification(rows=good, first_bad_seq=bad, why=why)
            good = seq
            if seq in hashes:
                hashes[seq] = previous
            _, _, action, subject, details = columns
            if action.startswith(STATED) or action == SIGNED_AGAIN:
                journal.hear(seq, action, subject, details)
    return _end(good, previous, last, last_hash)


def _end(good: int, previous: str, last: int, last_hash: str) -> Verification:
    if good < last:
        return Verification(rows=good, first_bad_seq=good + 1, why=f"rows {good + 1} to {last} are missing")
    if previous != last_hash:
        return Verification(rows=good, first_bad_seq=last, why=f"row {last} is not the one that was recorded last")
    return Verification(rows=good)


def _head(connection: sa.Connection) -> tuple[int, str] | str:
    """Number and hash of the last row; or what is wrong with the record of it."""
    rows = connection.execute(sa.select(audit_head)).all()
    if len(rows) != 1 or rows[0].id != 1 or not isinstance(rows[0].seq, int):
        return "the record of which row came last (audit_head) was changed or removed"
    return rows[0].seq, rows[0].hash


def _fault(seq: object, expected: int, last: int, *, matches: bool) -> str:
    if not isinstance(seq, int) or seq > expected:
        return f"row {expected} is missing"
    if seq < expected or seq > last:
        return f"row {seq} was not recorded by the ledger"
    return "" if matches else f"row {seq} does not match its hash"


def _rewritten(marks: Sequence[_Mark], hashes: Mapping[int, str], last: int) -> Fault | None:
    """What shows that a chain which agrees with itself is not the one that was signed."""
    for mark in sorted(marks, key=lambda each: each.seq):
        if mark.seq > last:
            return Fault(seq=last + 1, why=f"{mark.told} was signed at row {mark.seq}, but the chain ends at {last}")
        if hashes[mark.seq] != mark.hash:
            return Fault(seq=mark.seq, why=f"the rows up to {mark.seq} are not those of {mark.told}: written anew")
    return None


def _marks(connection: sa.Connection) -> Iterator[_Mark]:
    """The checkpoints in the table; one that cannot be read is named by the comparison with the chain."""
    query = sa.select(statements.c.document).where(statements.c.kind == "checkpoint").order_by(statements.c.seq)
    for text in connection.execute(query).scalars():
        try:
            document = json.loads(text)
            yield _mark_of(document["facts"], document["made_at"])
        except (ValueError, KeyError, TypeError):
            continue


def _mark(checkpoint: SignedStatement) -> _Mark:
    return _mark_of(checkpoint.statement.facts, checkpoint.statement.made_at.isoformat())


def _mark_of(facts: Mapping[str, Any], made_at: str) -> _Mark:
    told = f"the checkpoint of {made_at[:16].replace('T', ' ')} UTC"
    return _Mark(seq=int(facts["seq"]), hash=str(facts["hash"]), told=told)


def _foreign(kept: Sequence[SignedStatement], trusted: TrustedKeys | None) -> Fault | None:
    """What is wrong with the checkpoints that were handed in."""
    from samdrift_registry.errors import VerificationError

    if trusted is None:
        return None
    believed = trusted.without_ends()  # who hands it in vouches for it, and no copy is ever signed again
    for each in kept:
        try:
            each.check(believed)
        except VerificationError as error:
            return Fault(seq=None, why=f"{_mark(each).told} that was handed in does not hold: {error.message}")
    return None


@contextmanager
def _bytes_as_they_are(connection: sa.Connection) -> Iterator[None]:
    """SQLite's driver stops at a byte that is not UTF-8; read it as it is, so that its row can be named."""
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.text_factory = lambda data: data.decode(errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str
