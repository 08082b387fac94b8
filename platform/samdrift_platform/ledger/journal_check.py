"""Holds the tables of statements and signatures to what the audit chain says was written into them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from samdrift_platform.ledger.statements import STATED
from samdrift_platform.ledger.tables import signatures, statements

if TYPE_CHECKING:
    from samdrift_registry.keys import TrustedKeys


_UNTOLD = "is told of by no event: it was put in, or the end of the chain was cut off"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that does not agree with the chain."""

    #: The event that tells of it; None: no event does.
    seq: int | None
    why: str


@dataclass(frozen=True, kw_only=True)
class _Stated:
    """A statement as its event tells of it."""

    seq: int
    id: str
    kind: str
    subject: str

    def named(self, row: int) -> str:
        return f"statement {row} ({self.kind} of {self.subject})"


@dataclass(frozen=True, kw_only=True)
class _Signed:
    """A signature as its event tells of it."""

    seq: int
    statement: str
    key_id: str
    signature: str


class JournalCheck:
    """Hears the events about statements, then looks at the tables."""

    def __init__(self, trusted: TrustedKeys | None) -> None:
        """Check the newest signature of every statement against `trusted`; None: only compare with the chain."""
        self._trusted = trusted
        self._stated: dict[int, _Stated] = {}
        self._signed: dict[int, _Signed] = {}
        self._mute: Fault | None = None

    @property
    def statements(self) -> int:
        """How many the chain tells of."""
        return len(self._stated)

    def hear(self, seq: int, action: str, subject: str, details: str) -> None:
        """Take in an event `statement.…` or `signature.added`, in the chain's order."""
        try:
            told = json.loads(details)
            signed = _Signed(seq=seq, statement=told["statement"], key_id=told["key"], signature=told["signature"])
            if action.startswith(STATED):
                kind = action.removeprefix(STATED)
                self._stated[int(told["row"])] = _Stated(seq=seq, id=signed.statement, kind=kind, subject=subject)
            self._signed[int(told["signature_row"])] = signed
        except (ValueError, KeyError, TypeError):
            self._mute = self._mute or Fault(seq=seq, why=f"row {seq} does not say which statement it is about")

    def compare(self, connection: sa.Connection) -> Fault | None:
        """The first thing in which the tables depart from what was heard, by the events' order."""
        faults = [*self._statement_faults(connection), *self._signature_faults(connection)]
        faults += [self._mute] if self._mute else []
        return min(faults, key=lambda fault: (fault.seq is None, fault.seq or 0), default=None)

    def _statement_faults(self, connection: sa.Connection) -> Iterator[Fault]:
        heard = dict(self._stated)
        documents: dict[str, str] = {}
        for row in _rows(connection, statements):
            told = heard.pop(row.seq, None)
            if told is None:
                yield Fault(seq=None, why=f"statement {row.seq} ({row.kind} of {row.subject}) {_UNTOLD}")
            elif (row.id, row.kind, row.subject) != (told.id, told.kind, told.subject) or _id(row.document) != told.id:
                yield Fault(seq=told.seq, why=f"{told.named(row.seq)} was changed")
            else:
                documents[row.id] = row.document
        for number, told in heard.items():
            yield Fault(seq=told.seq, why=f"{told.named(number)} was removed")
        yield from self._forgeries(documents)

    def _signature_faults(self, connection: sa.Connection) -> Iterator[Fault]:
        heard = dict(self._signed)
        for row in _rows(connection, signatures):
            told = heard.pop(row.seq, None)
            if told is None:
                yield Fault(seq=None, why=f"signature {row.seq} {_UNTOLD}")
            elif (row.statement, row.key_id, row.signature) != (told.statement, told.key_id, told.signature):
                yield Fault(seq=told.seq, why=f"signature {row.seq} was changed")
        for number, told in heard.items():
            yield Fault(seq=told.seq, why=f"signature {number} was removed")

    def _forgeries(self, documents: dict[str, str]) -> Iterator[Fault]:
        """Statements whose newest signature does not hold: written by somebody without a trusted key."""
        if self._trusted is None:
            return
        newest = {each.statement: each for _, each in sorted(self._signed.items())}
        for row, told in self._stated.items():
            if told.id in documents and (why := _refusal(self._trusted, newest.get(told.id), documents[told.id])):
                yield Fault(seq=told.seq, why=f"{told.named(row)} was not signed here: {why}")


def _rows(connection: sa.Connection, table: sa.Table) -> sa.CursorResult[Any]:
    return connection.execute(sa.select(table).order_by(table.c.seq).execution_options(yield_per=1000))


def _id(document: object) -> str:
    return "sha256:" + hashlib.sha256(str(document).encode(errors="surrogateescape")).hexdigest()


def _refusal(trusted: TrustedKeys, signed: _Signed | None, document: str) -> str:
    from samdrift_registry.errors import VerificationError

    if signed is None:
        return "it has no signature"
    try:
        trusted.check(signed.key_id, bytes.fromhex(signed.signature), document.encode())
    except (VerificationError, ValueError) as error:
        return str(error)
    return ""
