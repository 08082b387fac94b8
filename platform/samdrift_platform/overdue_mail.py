"""Tells by e-mail that decisions are overdue: one message for each alarm, to addresses that an operator has set.

It says of what and where they stand, and nothing about them. The mail server cannot be asked what it has, so each
recipient is written down before (`mail.journal`): a message that was cut off is not sent a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from samdrift_platform.contract import JsonObject
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, SettingError, TryAgainError
from samdrift_platform.escalation import CODE
from samdrift_platform.governance import Governance
from samdrift_platform.governance.alarms import Alarm
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.tables import escalation_mail
from samdrift_platform.mail.journal import MailJournal
from samdrift_platform.mail.message import compose, finished
from samdrift_platform.mail.receiver import MailReceiver, Outgoing
from samdrift_platform.mail.server import MailServer
from samdrift_platform.mail.settings import mail_server
from samdrift_platform.overdue_settings import MAIL, PORTAL, TO
from samdrift_platform.settings import load

#: Namespace of these messages' Message-IDs.
_MESSAGES = UUID("6f0f6a2e-9a0c-4b0e-8a55-8f5b1d1f7c3d")
_SUBJECT = "Samdrift: beslutninger er overskredet / decisions are overdue"
_TEXT = """{da}: beslutninger har ventet længere, end de må. De står øverst i indbakken:
{inbox}

{en}: decisions have waited for longer than they may. They stand on top of the inbox:
{inbox}
"""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a message is made of."""

    #: Address of the portal's page.
    inbox: str
    #: Workload -> what people call it, by language.
    titles: Mapping[str, Mapping[str, str]]


class OverdueMail(MailReceiver):
    """Sends the message about one alarm to each of `to`, once."""

    def __init__(self, server: MailServer, journal: MailJournal, to: Sequence[str], words: Words) -> None:
        """Tell `to` in these words."""
        super().__init__(server, journal)
        self.to, self._words = tuple(to), words

    def outgoing(self, key: UUID, request: JsonObject) -> Outgoing:
        """`key` is the message's own."""
        return Outgoing(message=key, to=self.to)

    def written(self, outgoing: Outgoing, request: JsonObject, now: datetime) -> bytes:
        """Of what, and where they stand."""
        name = str(request["workload"])
        title = {"da": name, "en": name} | dict(self._words.titles.get(name, {}))
        text = _TEXT.format(inbox=self._words.inbox, **title)
        stored = compose(to=outgoing.to, subject=_SUBJECT, text=text)
        return finished(stored, sender=self.server.sender, message=outgoing.message, now=now)


def tell() -> Sequence[str]:
    """One run, as the settings say: a sentence for each open alarm about overdue decisions."""
    from samdrift_platform import plugins
    from samdrift_platform.credentials import credential

    settings = load()
    server = mail_server(MAIL, lambda: credential(MAIL.password, purpose="sign in to the mail server"))
    if server is None:
        raise SettingError(f"{TO.name} is set, and {MAIL.host.name} is not: nobody is told of overdue decisions.")
    workloads = plugins.workloads(plugins.workload_names(settings.workloads))
    titles = {name: workload.title for name, workload in workloads.items()}
    words = Words(inbox=f"{PORTAL.value() or settings.url}/inbox", titles=titles)
    with closing(Ledger(settings.ledger_url)) as ledger:
        journal = MailJournal(ledger, escalation_mail)
        mail = OverdueMail(server, journal, addresses(), words)
        return list(told(mail, Governance(ledger, settings.home).alarms()))


def addresses() -> list[str]:
    """Who is told."""
    return [each.strip() for each in TO.value().split(",") if each.strip()]


def told(mail: OverdueMail, alarms: Sequence[Alarm]) -> Iterator[str]:
    """Tell of each open alarm of which not everybody has been told; a sentence for each."""
    for alarm in alarms:
        if alarm.code == CODE and alarm.settled is None:
            yield f"{alarm.subject}: {_told(mail, alarm)}"


def _told(mail: OverdueMail, alarm: Alarm) -> str:
    key = uuid5(_MESSAGES, alarm.id)
    request: JsonObject = {"workload": alarm.subject.partition(":")[2]}
    try:
        if mail.find(key, request) is not None:
            return "everybody was told before."
        said = mail.deliver(key, request)
    except (CannotTellError, TryAgainError, ReceiverRefusedError) as error:  # the alarm stands in the portal too
        return error.message
    return f"told {said['accepted']} of {len(mail.to)}."
