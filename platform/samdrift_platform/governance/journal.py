"""The journal of statements as governance reads and adds to it: every signature checked, nothing missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from samdrift_platform.ledger import statements as kept
from samdrift_platform.ledger.database import Ledger, take_turns
from samdrift_registry.deployments import Deployment, Slot, current
from samdrift_registry.errors import JournalBrokenError, TransitionError
from samdrift_registry.keys import SigningKey, signing_key, trusted_keys
from samdrift_registry.lifecycle import Standing, standing
from samdrift_registry.people import Person, people
from samdrift_registry.statements import Kind, SignedStatement, Statement, sign_statement

#: The statements of which governance is a fold.
GOVERNING = tuple(kind for kind in Kind if kind is not Kind.CHECKPOINT)
DEPLOYING = (Kind.DEPLOYED, Kind.CLEARED)
#: All that the kill switch needs: a row that somebody edited elsewhere must not keep anyone from stopping a workload.
STOPPING = (Kind.STOPPED, Kind.RESUMED)
_TICK = timedelta(microseconds=1)


class Journal:
    """All statements of one installation."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        """Read from `ledger`, trust and sign with the keys below `home`."""
        self._ledger = ledger
        self._keys = home / "keys"

    def read(self, kinds: Sequence[Kind] = GOVERNING) -> list[SignedStatement]:
        """The statements of these kinds, checked, oldest first. Raises as `load` does."""
        with self._ledger.read() as connection:
            return load(connection, self._keys, kinds)

    def newest(self) -> int:
        """Number of the last row."""
        with self._ledger.read() as connection:
            return kept.newest_seq(connection)

    @contextmanager
    def turn(self, now: datetime, kinds: Sequence[Kind] = GOVERNING) -> Iterator[Turn]:
        """One transaction in which nobody else adds a statement. Raises as `load` does.

        The key is read within it: a rotation takes turns too, and ends the old key only after its last turn.
        """
        with self._ledger.write() as connection:
            take_turns(connection, kept.TURN)
            key = signing_key(self._keys)
            signed = load(connection, self._keys, kinds)
            yield Turn(connection=connection, key=key, signed=signed, moment=_moment(signed, now))


@dataclass(kw_only=True)
class Turn:
    """The journal in the hands of one act."""

    connection: sa.Connection
    key: SigningKey
    signed: list[SignedStatement]
    #: When the act happens: later than every statement so far, so that their order is signed too.
    moment: datetime

    @property
    def statements(self) -> list[Statement]:
        """All so far, this act's own included."""
        return [each.statement for each in self.signed]

    @property
    def people(self) -> Mapping[str, Person]:
        """Sign-in subject -> person."""
        return people(self.statements)

    def standing(self, name: str, version: int) -> Standing:
        """Where a version stands now."""
        return standing(self.statements, name, version, self.moment)

    def registered(self, name: str, version: int) -> Standing:
        """As `standing`; TransitionError when it has no signed manifest."""
        stands = self.standing(name, version)
        if stands.digest is None:
            raise TransitionError(f"{stands} has no signed manifest. {' '.join(stands.blocked)}")
        return stands

    def statement(self, statement_id: str) -> Statement:
        """The statement of that id."""
        return next(each for each in self.statements if each.id == statement_id)

    def newest(self, kind: Kind, subject: str) -> Statement | None:
        """The last statement of that kind about `subject`."""
        found = [each for each in self.statements if (each.kind, each.subject) == (kind, subject)]
        return max(found, key=lambda each: each.made_at, default=None)

    def keep(
        self, kind: Kind, subject: str, facts: Mapping[str, Any], *, by: str, digest: str | None = None
    ) -> Statement:
        """Sign a statement and add it."""
        statement = Statement(kind=kind, subject=subject, digest=digest, facts=facts, made_at=self.moment, made_by=by)
        signed = sign_statement(statement, self.key)
        kept.add(self.connection, signed, now=self.moment)
        self.signed.append(signed)
        self.moment += _TICK
        return statement


def load(connection: sa.Connection, keys: Path, kinds: Sequence[Kind]) -> list[SignedStatement]:
    """The statements of these kinds, each checked against the trusted keys, oldest first.

    Raises:
        StatementUnreadableError, UnknownKeyError, BadSignatureError: a row is not what was signed here.
        JournalBrokenError: a row was removed, put in, or moved.
    """
    trusted = trusted_keys(keys)
    signed = kept.of_kinds(connection, kinds)
    for each in signed:
        each.check(trusted)
    _compare([each.statement.id for each in signed], kept.announced(connection, kinds))
    return signed


def load_deployments(connection: sa.Connection, home: Path) -> dict[tuple[str, Slot], Deployment]:
    """(model, slot) -> what serves there, all signatures checked.

    Ask `ledger.statements.newest_seq` first: while it stands still, so do the deployments.

    Raises:
        VerificationError: a statement was changed, removed or put in by somebody without the key.
    """
    return current(each.statement for each in load(connection, home / "keys", DEPLOYING))


def _compare(rows: Sequence[str], announced: Sequence[str]) -> None:
    if list(rows) == list(announced):
        return
    faults = (*_told("is missing", set(announced) - set(rows)), *_told("was put in", set(rows) - set(announced)))
    raise JournalBrokenError.about(", ".join(faults) or "the statements are not in the order in which they were made")


def _told(fault: str, ids: Iterable[str]) -> Iterator[str]:
    return (f"statement {each} {fault}" for each in sorted(ids))


def _moment(signed: Iterable[SignedStatement], now: datetime) -> datetime:
    """`now`, or just after the newest statement where a clock was set back or runs behind another machine's."""
    newest = max((each.statement.made_at for each in signed), default=now - _TICK)
    return max(now, newest + _TICK)
