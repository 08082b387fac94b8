"""Hands one message to a mail server, step by step, so that after any fault it is known whether it was handed over.

Until the line with a single dot is sent, the server has promised nothing and keeps nothing (RFC 5321, section 4.1.1.4):
every fault before it is safe to try again. Its answer to that line decides; a connection that breaks between the two is
the one case in which nobody can tell.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from samdrift_platform.errors import (
    CannotTellError,
    ReceiverRefusedError,
    SettingError,
    TryAgainError,
    UnavailableError,
)
from samdrift_platform.mail.server import MailServer, Security

#: Longest wait for one answer, seconds, and for a whole call: the platform gives a call 30 s.
ANSWER_S, CALL_S = 10.0, 22.0
#: Called with the recipients that the server took, before anything of the message is sent.
BeforeData = Callable[[Sequence[str]], None]
_OK, _GO_ON, _TEMPORARY, _PERMANENT = 2, 3, 4, 5
_BREAKS = (smtplib.SMTPServerDisconnected, OSError, EOFError)


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """What the server said of each recipient."""

    #: It answers for the message to these.
    accepted: tuple[str, ...] = ()
    #: It will not take the message to these, now or later (5yz).
    refused: tuple[str, ...] = ()
    #: It will not take it now (4yz); nothing was sent to these.
    postponed: tuple[str, ...] = ()


@dataclass
class _Sorted:
    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)


def hand_over(server: MailServer, recipients: Sequence[str], message: bytes, before_data: BeforeData) -> HandedOver:
    """Send `message` (with CRLF line ends) to those of `recipients` that the server takes; ends within CALL_S.

    Raises:
        TryAgainError: nothing was handed over: the server is away, busy or not to be trusted.
        ReceiverRefusedError: it will not take the message, from us or at all.
        CannotTellError: the whole message was sent, and no answer came.
    """
    with _session(server) as smtp:
        _expect(_asked(smtp.mail, server.sender), "the sender")
        found = _sorted(smtp, recipients)
        if found.accepted:
            before_data(tuple(found.accepted))
            _send(smtp, message)
    return HandedOver(accepted=tuple(found.accepted), refused=tuple(found.refused), postponed=tuple(found.postponed))


@contextmanager
def _session(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A connection that is protected and signed in as `server` says, and shut when its time is over."""
    smtp = _unconnected(server)
    watch = threading.Timer(CALL_S, _shut, [smtp])  # time-outs count from the last byte, and a peer may drip
    watch.daemon = True
    watch.start()
    try:
        _open(smtp, server)
        yield smtp
        with suppress(smtplib.SMTPException, OSError):  # the message is answered for: how we part decides nothing
            smtp.quit()
    finally:
        watch.cancel()
        smtp.close()


def _unconnected(server: MailServer) -> smtplib.SMTP:
    if server.security is not Security.TLS:
        return smtplib.SMTP(timeout=ANSWER_S)
    try:
        return smtplib.SMTP_SSL(timeout=ANSWER_S, context=server.trust())
    except SettingError as error:
        raise TryAgainError(error.message) from error


def _open(smtp: smtplib.SMTP, server: MailServer) -> None:
    try:
        _expect(_connected(smtp, server), "the connection")
        smtp.ehlo_or_helo_if_needed()
        if server.security is Security.STARTTLS:
            smtp.starttls(context=server.trust())
            smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password())
    except (SettingError, UnavailableError) as error:
        raise TryAgainError(error.message) from error
    except smtplib.SMTPNotSupportedError as error:
        raise TryAgainError("The mail server offers no STARTTLS, or no sign-in: nothing was sent.") from error
    except smtplib.SMTPAuthenticationError as error:
        raise TryAgainError(f"The mail server does not let us in ({error.smtp_code}): check user and password.") from (
            error
        )
    except smtplib.SMTPResponseException as error:
        raise TryAgainError(f"The mail server answered {error.smtp_code}, and nothing was sent.") from error
    except ssl.SSLError as error:
        raise TryAgainError(f"The mail server cannot be trusted ({error.reason}); nothing was sent.") from error
    except (smtplib.SMTPException, *_BREAKS) as error:
        raise TryAgainError(f"The mail server does not answer ({type(error).__name__}); nothing was sent.") from error


def _connected(smtp: smtplib.SMTP, server: MailServer) -> tuple[int, bytes]:
    # The name that TLS checks; given to the constructor, it would connect before the watch runs.
    smtp._host = server.host  # type: ignore[attr-defined]  # typeshed leaves it out
    return smtp.connect(server.host, server.port)


def _sorted(smtp: smtplib.SMTP, recipients: Sequence[str]) -> _Sorted:
    found = _Sorted()
    for recipient in recipients:
        if not recipient.isascii():  # RFC 6531 is not spoken
            found.refused.append(recipient)
            continue
        code, _ = _asked(smtp.rcpt, recipient)
        by_class = {_OK: found.accepted, _PERMANENT: found.refused}
        by_class.get(code // 100, found.postponed).append(recipient)
    return found


def _send(smtp: smtplib.SMTP, message: bytes) -> None:
    _expect(_asked(smtp.docmd, "DATA"), "the message", wanted=_GO_ON)
    body = re.sub(rb"(?m)^\.", b"..", message)  # RFC 5321, section 4.5.2
    try:
        smtp.send(body if body.endswith(b"\r\n") else body + b"\r\n")
    except _BREAKS as error:
        raise TryAgainError("The connection broke before the message was whole; nothing was handed over.") from error
    try:
        smtp.send(b".\r\n")
        answer = smtp.getreply()
    except (*_BREAKS, smtplib.SMTPException) as error:
        raise CannotTellError("The connection broke before the mail server answered for the message.") from error
    if answer[0] // 100 not in (_OK, _TEMPORARY, _PERMANENT):
        raise CannotTellError(f"The mail server answered {answer[0]} to the message, which means nothing.")
    _expect(answer, "the message")


def _asked(command: Callable[[str], tuple[int, bytes]], argument: str) -> tuple[int, bytes]:
    try:
        return command(argument)
    except (smtplib.SMTPException, *_BREAKS) as error:
        raise TryAgainError(
            f"The connection to the mail server broke ({type(error).__name__}); nothing was sent."
        ) from (error)


def _expect(answer: tuple[int, bytes], what: str, wanted: int = _OK) -> None:
    """Raise unless the answer is of the wanted class. Its text stays out: it repeats addresses."""
    code = answer[0]
    if code // 100 == _PERMANENT:
        raise ReceiverRefusedError(f"The mail server will not take {what} ({code}).")
    if code // 100 != wanted:
        raise TryAgainError(f"The mail server does not take {what} now ({code}); nothing was handed over.")


def _shut(smtp: smtplib.SMTP) -> None:
    found: socket.socket | None = smtp.sock
    if found is not None:
        with suppress(OSError):  # the other side was first
            found.shutdown(socket.SHUT_RDWR)
