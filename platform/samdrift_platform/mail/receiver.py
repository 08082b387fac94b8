"""A receiver that hands messages to a mail server, each recipient's once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from samdrift_platform.contract import JsonObject
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError, UnavailableError
from samdrift_platform.mail.handing_over import HandedOver, hand_over
from samdrift_platform.mail.journal import Handing, MailJournal
from samdrift_platform.mail.server import MailServer


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """Which message goes to whom. The same request gives the same one, whoever asks and however often."""

    message: UUID
    to: tuple[str, ...]


class BegunElsewhereError(CannotTellError):
    """Another delivery sends this same message now. It is asked about later."""


class MailReceiver(ABC):
    """Hands messages to a mail server, each recipient's once.

    A recipient whom the server does not take now is tried again, without sending to the others a second time. A
    workload says what is sent to whom: it derives from this.
    """

    def __init__(self, server: MailServer, journal: MailJournal) -> None:
        """Send by `server`, and keep `journal` of it."""
        self.server, self.journal = server, journal

    @abstractmethod
    def outgoing(self, key: UUID, request: JsonObject) -> Outgoing:
        """Which message the effect `key` asks for, and to whom."""

    @abstractmethod
    def written(self, outgoing: Outgoing, request: JsonObject, now: datetime) -> bytes:
        """The message with CRLF line ends, ready for SMTP, with `outgoing.message` in its Message-ID."""

    def answer(self, outgoing: Outgoing, *, accepted: int, refused: Sequence[str]) -> JsonObject:
        """What the ledger keeps; addresses stay out of it."""
        said: dict[str, JsonValue] = {"message": str(outgoing.message), "accepted": accepted, "refused": len(refused)}
        return said

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Send the message to all who do not have it yet; the answer says for how many the mail server answers.

        The effect's key is not handed over: a mail server keeps none. Message-ID (RFC 5322) is the message's own.
        """
        asked = self.outgoing(key, request)
        settled = self._settled(asked)
        left = [each for each in asked.to if each not in settled]
        said = self._sent(asked, request, left) if left else HandedOver()
        if said.postponed:
            raise TryAgainError(f"The mail server does not take the message for {len(said.postponed)} recipients now.")
        accepted = [each for each in asked.to if each not in said.refused]
        if not accepted:
            raise ReceiverRefusedError("The mail server refuses every recipient. Correct the addresses.")
        return self.answer(asked, accepted=len(accepted), refused=said.refused)

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """The answer when all have it; None when it may be sent; CannotTellError where sending was cut off."""
        asked = self.outgoing(key, request)
        if len(self._settled(asked)) < len(asked.to):
            return None
        return self.answer(asked, accepted=len(asked.to), refused=[])

    def did_not_happen(self, key: UUID, request: JsonObject) -> None:
        """A person looked for the message that was cut off, and it had not arrived: it is sent again."""
        try:
            self.journal.settle(self.outgoing(key, request).message, arrived=False, now=datetime.now(UTC))
        except UnavailableError as error:
            raise TryAgainError(error.message) from error

    def _settled(self, asked: Outgoing) -> set[str]:
        """Who has the message for certain."""
        known = self._known(asked)
        if Handing.SENDING in known.values():
            raise CannotTellError(
                "Sending was cut off before the mail server answered. Look for the message "
                f"<{asked.message}@{self.server.domain}> at the mail server or with a recipient, then say whether it "
                "arrived."
            )
        return set(known)

    def _known(self, asked: Outgoing) -> Mapping[str, Handing]:
        try:
            return self.journal.of(asked.message, asked.to)
        except UnavailableError as error:
            raise TryAgainError(error.message) from error

    def _sent(self, asked: Outgoing, request: Mapping[str, Any], left: Sequence[str]) -> HandedOver:
        mail = self.written(asked, request, datetime.now(UTC))
        begun: list[str] = []

        def begin(taken: Sequence[str]) -> None:
            self._begin(asked.message, taken)
            begun.extend(taken)

        try:
            said = hand_over(self.server, left, mail, begin)
        except (TryAgainError, ReceiverRefusedError):
            self._forget(asked.message, begun)
            raise
        self._accepted(asked.message, said.accepted)
        return said

    def _begin(self, message: UUID, taken: Sequence[str]) -> None:
        try:
            begun = self.journal.begin(message, taken, now=datetime.now(UTC))
        except UnavailableError as error:
            raise TryAgainError(error.message) from error
        if not begun:
            raise BegunElsewhereError

    def _forget(self, message: UUID, begun: Sequence[str]) -> None:
        if not begun:
            return
        try:
            self.journal.forget(message, begun)
        except UnavailableError as error:
            raise CannotTellError("The ledger went away while the mail server refused the message.") from error

    def _accepted(self, message: UUID, taken: Sequence[str]) -> None:
        if not taken:
            return
        try:
            self.journal.accepted(message, taken, now=datetime.now(UTC))
        except UnavailableError as error:
            raise CannotTellError("The ledger went away while the mail server took the message.") from error
