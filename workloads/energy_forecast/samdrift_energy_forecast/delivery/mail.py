"""Plans by e-mail: one message for each plan version and recipient list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid5

from samdrift_energy_forecast.delivery.kept_plan import kept_plan
from samdrift_energy_forecast.delivery.message import written
from samdrift_energy_forecast.tables import mail
from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import ReceiverRefusedError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.mail.journal import MailJournal
from samdrift_platform.mail.receiver import MailReceiver, Outgoing
from samdrift_platform.mail.server import MailServer

_MESSAGES = UUID("0f6d1a2e-8f0c-5a7e-9a31-6f3f6a1c2b44")


def message_of(version: str, recipients: Iterable[str]) -> UUID:
    """The message about one plan version to one list of recipients: whoever orders it, it is the same one."""
    return uuid5(_MESSAGES, "\n".join([version, *sorted(recipients)]))


def journal(ledger: Ledger) -> MailJournal:
    """What is known of the messages with plans."""
    return MailJournal(ledger, mail)


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


class PlanMailReceiver(MailReceiver):
    """Sends plans."""

    def __init__(self, server: MailServer, journal: MailJournal, store: Store) -> None:
        """The plans lie in `store`."""
        super().__init__(server, journal)
        self.store = store

    def outgoing(self, key: UUID, request: JsonObject) -> Outgoing:
        """The same message for the same plan version and recipients, whichever effect asks."""
        asked = MailRequest.of(request)
        return Outgoing(message=asked.message, to=asked.to)

    def written(self, outgoing: Outgoing, request: JsonObject, now: datetime) -> bytes:
        """The plan as a message; ReceiverRefusedError when it is over already."""
        plan = kept_plan(self.store, MailRequest.of(request).plan)
        if plan.ends <= now:
            raise ReceiverRefusedError("The plan was over before it could be sent.")
        return written(plan, outgoing.to, sender=self.server.sender, message=outgoing.message, now=now)

    def answer(self, outgoing: Outgoing, *, accepted: int, refused: Sequence[str]) -> JsonObject:
        """With the addresses that were refused: they stand in the building's description and are to be corrected."""
        return {"message": str(outgoing.message), "accepted": accepted, "refused": list(refused)}
