"""A message as a process composes it and stores it, and as it is sent: who sent it, when, under which Message-ID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from uuid import UUID

from samdrift_platform.errors import InputError

#: Set when the message is sent, whatever was composed: nobody writes in another's name.
_OURS = ("From", "Sender", "Reply-To", "Date", "Message-ID", "Bcc", "Return-Path", "Auto-Submitted")


class MessageFaultError(InputError):
    """What is stored is no message with recipients (RFC 5322). The process that composed it must mend it."""


def compose(
    *, to: Sequence[str], subject: str, text: str, attachments: Mapping[str, tuple[bytes, str]] | None = None
) -> bytes:
    """A message to be stored and named in an effect's request; a process composes it.

    Args:
        to: addresses.
        subject: one line.
        text: plain text.
        attachments: file name -> bytes and media type.
    """
    mail = EmailMessage(policy=SMTP)
    mail["To"] = ", ".join(to)
    mail["Subject"] = " ".join(subject.split())  # no header of somebody's own
    mail.set_content(text, cte="quoted-printable")
    for name, (data, media_type) in (attachments or {}).items():
        main, _, sub = media_type.partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def recipients(stored: bytes) -> tuple[str, ...]:
    """The addresses in To and Cc, each once, in their order.

    Raises:
        MessageFaultError: there are none, or it is no message.
    """
    mail = _parsed(stored)
    try:
        named = getaddresses([str(header) for name in ("To", "Cc") for header in mail.get_all(name, [])])
    except (MessageError, ValueError) as error:
        raise MessageFaultError from error
    found = tuple(dict.fromkeys(address for _, address in named if "@" in address))
    if not found:
        raise MessageFaultError
    return found


def finished(stored: bytes, *, sender: str, message: UUID, now: datetime) -> bytes:
    """The stored message as it is sent, with CRLF line ends; `message` gives its Message-ID, `now` (aware) its date."""
    mail = _parsed(stored)
    for name in _OURS:
        del mail[name]
    mail["From"] = sender
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice comes back
    return mail.as_bytes(policy=SMTP)


def _parsed(stored: bytes) -> EmailMessage:
    return message_from_bytes(stored, policy=SMTP)
