"""Sends stored messages by e-mail: the request names the object that holds text, attachments and recipients."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import ReceiverRefusedError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.mail.journal import MailJournal
from samdrift_platform.mail.message import MessageFaultError, finished, recipients
from samdrift_platform.mail.receiver import MailReceiver, Outgoing
from samdrift_platform.mail.server import MailServer
from samdrift_platform.pseudonyms import pseudonym
from samdrift_rpa.receivers.stored import stored_bytes
from samdrift_rpa.tables import mail


def journal(ledger: Ledger) -> MailJournal:
    """What is known of the messages of processes. Citizens' addresses stand in it as pseudonyms."""
    return MailJournal(ledger, mail, lambda address: pseudonym("email", address.lower()))


class StoredMailReceiver(MailReceiver):
    """Sends the message that `request["message"]` names, as `samdrift_platform.mail.message.compose` makes it.

    Its Message-ID is the effect's key: the same on every attempt, and unlike that of any other effect.
    """

    def __init__(self, server: MailServer, journal: MailJournal, objects: Store) -> None:
        """The messages lie in `objects`."""
        super().__init__(server, journal)
        self._objects = objects

    def outgoing(self, key: UUID, request: JsonObject) -> Outgoing:
        """To whom the stored message is addressed; ReceiverRefusedError where that cannot be read."""
        try:
            return Outgoing(message=key, to=recipients(stored_bytes(self._objects, request, "message")))
        except MessageFaultError as error:
            raise ReceiverRefusedError(error.message) from error

    def written(self, outgoing: Outgoing, request: JsonObject, now: datetime) -> bytes:
        """The stored message with sender, date and Message-ID."""
        stored = stored_bytes(self._objects, request, "message")
        return finished(stored, sender=self.server.sender, message=outgoing.message, now=now)
