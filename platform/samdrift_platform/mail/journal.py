"""What is known of each message: a mail server cannot be asked whether it has one, so it is written down beforehand.

A row per recipient stands, committed, before the first byte of a message is sent. It is removed when the server refused
the message, and marked when it took it. A row that is neither was interrupted between the two: nobody can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from samdrift_platform.ledger.database import Ledger, take_turns
from samdrift_platform.ledger.tables import UtcTime, effects, work_items


class Handing(StrEnum):
    """How far a message has come for one recipient."""

    #: It was begun; whether the server has it is not known (yet).
    SENDING = "sending"
    #: The server answers for it.
    ACCEPTED = "accepted"


def journal_table(name: str, metadata: sa.MetaData, *, of: str) -> sa.Table:
    """A workload's own table of messages; `of` says what a message is about and so gives its Message-ID."""
    return sa.Table(
        name,
        metadata,
        sa.Column("message", sa.Uuid, primary_key=True, comment=of),
        sa.Column("recipient", sa.String(64), primary_key=True, comment="stands for the address, which is not kept"),
        sa.Column(
            "state", sa.String(10), nullable=False, comment="sending: nobody knows yet; accepted: the server has it"
        ),
        sa.Column("changed_at", UtcTime, nullable=False),
        comment="messages as they are handed to the mail server: a row stands before the first byte of one is sent",
    )


def erase_mail(connection: sa.Connection, table: sa.Table) -> int:
    """Remove the messages of erased items from a table whose messages are effects' keys; how many rows.

    Such an effect is not made again: its request is erased, too.
    """
    erased = (
        sa.exists()
        .where(effects.c.key == table.c.message, effects.c.item_id == work_items.c.id)
        .where(work_items.c.erased_at.is_not(None))
    )
    return connection.execute(sa.delete(table).where(erased)).rowcount


def digest_of_address(address: str) -> str:
    """SHA-256 of an address that is no secret: it stands in the ledger already."""
    return sha256(address.encode()).hexdigest()


@dataclass(frozen=True)
class MailJournal:
    """The table of messages in one ledger."""

    ledger: Ledger
    #: As `journal_table` makes it.
    table: sa.Table
    #: What stands for an address, 64 characters: a keyed pseudonym where the address is a citizen's.
    stands_for: Callable[[str], str] = digest_of_address

    def of(self, message: UUID, recipients: Sequence[str]) -> dict[str, Handing]:
        """Recipient -> how far the message has come, of those for whom it was begun."""
        mail = self.table
        with self.ledger.read() as connection:
            rows = connection.execute(sa.select(mail.c.recipient, mail.c.state).where(mail.c.message == message)).all()
        states = {digest: Handing(state) for digest, state in rows}
        return {each: states[self.stands_for(each)] for each in recipients if self.stands_for(each) in states}

    def begin(self, message: UUID, recipients: Sequence[str], *, now: datetime) -> bool:
        """Write down that sending begins; False when it was begun for one of them by somebody else."""
        mail = self.table
        digests = [self.stands_for(each) for each in recipients]
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
        update = sa.update(self.table).where(self._begun(message, recipients))
        with self.ledger.write() as connection:
            connection.execute(update.values(state=Handing.ACCEPTED, changed_at=now))

    def forget(self, message: UUID, recipients: Sequence[str]) -> None:
        """The server did not take the message to these, for whom it was begun: it may be sent again."""
        with self.ledger.write() as connection:
            connection.execute(sa.delete(self.table).where(self._begun(message, recipients)))

    def settle(self, message: UUID, *, arrived: bool, now: datetime) -> int:
        """A person found out what became of a message whose sending was cut off; for how many recipients it was open.

        One that did not arrive is sent again when its effect is tried again.
        """
        mail = self.table
        open_ = sa.and_(mail.c.message == message, mail.c.state == Handing.SENDING)
        change = sa.update(mail).values(state=Handing.ACCEPTED, changed_at=now) if arrived else sa.delete(mail)
        with self.ledger.write() as connection:
            return connection.execute(change.where(open_)).rowcount

    def _begun(self, message: UUID, recipients: Sequence[str]) -> sa.ColumnElement[bool]:
        mail = self.table
        digests = [self.stands_for(each) for each in recipients]
        return sa.and_(mail.c.message == message, mail.c.recipient.in_(digests), mail.c.state == Handing.SENDING)
