"""What is known of each message: a mail server cannot be asked whether it has one, so it is written down beforehand.

A row per recipient stands, committed, before the first byte of a message is sent. It is removed when the server refused
the message, and marked when it took it. A row that is neither was interrupted between the two: nobody can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID, uuid5

import sqlalchemy as sa

from samdrift_energy_forecast.tables import mail
from samdrift_platform.ledger.database import Ledger, take_turns

_MESSAGES = UUID("0f6d1a2e-8f0c-5a7e-9a31-6f3f6a1c2b44")


class Handing(StrEnum):
    """How far a message has come for one recipient."""

    #: It was begun; whether the server has it is not known (yet).
    SENDING = "sending"
    #: The server answers for it.
    ACCEPTED = "accepted"


def message_of(version: str, recipients: Iterable[str]) -> UUID:
    """The message about one plan version to one list of recipients: whoever orders it, it is the same one."""
    return uuid5(_MESSAGES, "\n".join([version, *sorted(recipients)]))


@dataclass(frozen=True)
class MailJournal:
    """The table of messages in one ledger."""

    ledger: Ledger

    def of(self, message: UUID, recipients: Sequence[str]) -> dict[str, Handing]:
        """Recipient -> how far the message has come, of those for whom it was begun."""
        with self.ledger.read() as connection:
            rows = connection.execute(sa.select(mail.c.recipient, mail.c.state).where(mail.c.message == message)).all()
        states = {digest: Handing(state) for digest, state in rows}
        return {each: states[_digest(each)] for each in recipients if _digest(each) in states}

    def begin(self, message: UUID, recipients: Sequence[str], *, now: datetime) -> bool:
        """Write down that sending begins; False when it was begun for one of them by somebody else."""
        digests = [_digest(each) for each in recipients]
        held = sa.select(mail.c.recipient).where(mail.c.message == message, mail.c.recipient.in_(digests))
        rows = [
            {"message": message, "recipient": digest, "state": Handing.SENDING, "changed_at": now} for digest in digests
        ]
        with self.ledger.write() as connection:
            take_turns(connection, f"mail {message}")
            if connection.execute(held).first() is not None:
                return False
            connection.execute(sa.insert(mail), rows)
        return True

    def accepted(self, message: UUID, recipients: Sequence[str], *, now: datetime) -> None:
        """The server answers for the message to these, for whom it was begun."""
        update = sa.update(mail).where(_begun(message, recipients))
        with self.ledger.write() as connection:
            connection.execute(update.values(state=Handing.ACCEPTED, changed_at=now))

    def forget(self, message: UUID, recipients: Sequence[str]) -> None:
        """The server did not take the message to these, for whom it was begun: it may be sent again."""
        with self.ledger.write() as connection:
            connection.execute(sa.delete(mail).where(_begun(message, recipients)))

    def settle(self, message: UUID, *, arrived: bool, now: datetime) -> int:
        """A person found out what became of a message whose sending was cut off; for how many recipients it was open.

        One that did not arrive is sent again when its effect is tried again.
        """
        open_ = sa.and_(mail.c.message == message, mail.c.state == Handing.SENDING)
        change = sa.update(mail).values(state=Handing.ACCEPTED, changed_at=now) if arrived else sa.delete(mail)
        with self.ledger.write() as connection:
            return connection.execute(change.where(open_)).rowcount


def _begun(message: UUID, recipients: Sequence[str]) -> sa.ColumnElement[bool]:
    digests = [_digest(each) for each in recipients]
    return sa.and_(mail.c.message == message, mail.c.recipient.in_(digests), mail.c.state == Handing.SENDING)


def _digest(recipient: str) -> str:
    return sha256(recipient.encode()).hexdigest()
