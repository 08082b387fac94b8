"""The mail server as the operator's settings name it. The password comes from a file and is never shown."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from samdrift_energy_forecast import settings
from samdrift_platform.errors import SettingError

_HIGHEST_PORT = 65_535


class Security(StrEnum):
    """How a connection is protected."""

    #: In the clear at first, then TLS (RFC 3207); without it nothing is sent.
    STARTTLS = "starttls"
    #: TLS from the first byte (RFC 8314).
    TLS = "tls"
    #: Never: for a mail server on this machine.
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail is handed over (RFC 5321, RFC 6409), and as whom."""

    host: str
    port: int
    sender: str
    security: Security = Security.STARTTLS
    #: Empty: the server does not ask who we are.
    user: str = ""
    password: str = field(default="", repr=False)
    #: Certificate authorities, PEM; empty: the public ones.
    ca_file: str = ""

    def trust(self) -> ssl.SSLContext:
        """What a protected connection is made with: the server's certificate and name are checked.

        Raises:
            SettingError: the file of the authorities holds no certificates.
        """
        try:
            return ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:  # ssl.SSLError is one
            raise SettingError(f"{settings.SMTP_CA.name}: {self.ca_file!r} holds no certificates.") from error


def mail_server() -> MailServer | None:
    """The mail server of the settings; None when none is named.

    Raises:
        SettingError: a setting that cannot be used; the password is not repeated.
    """
    host = settings.SMTP_HOST.value()
    if not host:
        return None
    found = MailServer(
        host=host,
        port=_port(),
        sender=_sender(),
        security=_security(),
        user=settings.SMTP_USER.value(),
        password=_password(),
        ca_file=settings.SMTP_CA.value(),
    )
    if found.user and found.security is Security.NONE:
        raise SettingError(
            f"{settings.SMTP_USER.name} is set, and {settings.SMTP_SECURITY.name} is none: the password would travel "
            "in the clear. Use starttls or tls."
        )
    if found.security is not Security.NONE:
        found.trust()
    return found


def _port() -> int:
    text = settings.SMTP_PORT.value()
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _HIGHEST_PORT):
        raise SettingError(f"{settings.SMTP_PORT.name}={text!r} is not a port: a whole number from 1 to 65535.")
    return int(text)


def _security() -> Security:
    text = settings.SMTP_SECURITY.value()
    if text not in set(Security):
        raise SettingError(f"{settings.SMTP_SECURITY.name}={text!r}; it must be {', '.join(Security)}.")
    return Security(text)


def _sender() -> str:
    text = settings.MAIL_FROM.value()
    name, at, domain = text.partition("@")
    if not (name and at and domain and text.isascii() and text.isprintable() and not set(text) & set(" <>,;")):
        raise SettingError(f"{settings.MAIL_FROM.name} must be one address, such as plans@example.org.")
    return text


def _password() -> str:
    path = settings.SMTP_PASSWORD_FILE.value()
    if bool(path) is not bool(settings.SMTP_USER.value()):
        raise SettingError(f"{settings.SMTP_USER.name} and {settings.SMTP_PASSWORD_FILE.name} belong together.")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{settings.SMTP_PASSWORD_FILE.name}: {path!r} cannot be read.") from error
