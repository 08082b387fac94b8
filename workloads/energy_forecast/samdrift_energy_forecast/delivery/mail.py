"""Plans by e-mail: one message for each plan version and recipient list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from samdrift_energy_forecast.delivery.handing_over import HandedOver, hand_over
from samdrift_energy_forecast.delivery.kept_plan import kept_plan
from samdrift_energy_forecast.delivery.mail_journal import Handing, MailJournal, message_of
from samdrift_energy_forecast.delivery.mail_server import MailServer
from samdrift_energy_forecast.delivery.message import written
from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError, UnavailableError


@dataclass(frozen=True, kw_only=True)
class MailRequest:
    """What the effect asks for, as it stands in the ledger."""

    plan: str
    version: str
    to: tuple[str, ...]

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        """Read an effect's request."""
        return cls(plan=request["plan"], version=request["version"], to=tuple(request["to"]))

    @property
    def message(self) -> UUID:
        """Which message it is."""
        return message_of(self.version, self.to)


@dataclass(frozen=True, kw_only=True)
class MailReceiver:
    """Hands plans to a mail server, each recipient's message once.

    A recipient whom the server does not take now is tried again, without sending to the others a second time.
    """

    server: MailServer
    store: Store
    journal: MailJournal

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Send the plan to all who do not have it yet; the answer says for how many the mail server answers.

        The effect's key is not handed over: a mail server keeps none. Message-ID (RFC 5322) is the message's own.
        """
        asked = MailRequest.of(request)
        left = [each for each in asked.to if each not in self._settled(asked)]
        said = self._sent(asked, left) if left else HandedOver()
        if said.postponed:
            raise TryAgainError(f"The mail server does not take the plan for {len(said.postponed)} recipients now.")
        accepted = [each for each in asked.to if each not in said.refused]
        if not accepted:
            raise ReceiverRefusedError("The mail server refuses every recipient. Correct the building's addresses.")
        return _answer(asked, accepted=len(accepted), refused=list(said.refused))

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """The answer when all have the plan; None when it may be sent; CannotTellError where sending was cut off."""
        asked = MailRequest.of(request)
        if len(self._settled(asked)) < len(asked.to):
            return None
        return _answer(asked, accepted=len(asked.to), refused=[])

    def _settled(self, asked: MailRequest) -> set[str]:
        """Who has the message for certain."""
        known = self._known(asked)
        if Handing.SENDING in known.values():
            raise CannotTellError(
                "Sending was cut off before the mail server answered. Look for the message "
                f"<{asked.message}@{self._domain}> at the mail server or with a recipient, then say on the plan's page "
                "whether it arrived."
            )
        return set(known)

    def _known(self, asked: MailRequest) -> dict[str, Handing]:
        try:
            return self.journal.of(asked.message, asked.to)
        except UnavailableError as error:
            raise TryAgainError(error.message) from error

    def _sent(self, asked: MailRequest, left: Sequence[str]) -> HandedOver:
        plan, now = kept_plan(self.store, asked.plan), datetime.now(UTC)
        if plan.ends <= now:
            raise ReceiverRefusedError("The plan was over before it could be sent.")
        mail = written(plan, asked.to, sender=self.server.sender, message=asked.message, now=now)
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

    @property
    def _domain(self) -> str:
        return self.server.sender.partition("@")[2]


class BegunElsewhereError(CannotTellError):
    """Another delivery sends this same message now. It is asked about later."""


def _answer(asked: MailRequest, *, accepted: int, refused: list[str]) -> JsonObject:
    return {"message": str(asked.message), "accepted": accepted, "refused": list(refused)}
