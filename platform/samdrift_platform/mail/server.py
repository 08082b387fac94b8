"""The mail server as an operator's settings name it. The password is opened when it is needed and never shown."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from samdrift_platform.errors import SettingError

if TYPE_CHECKING:
    from samdrift_platform.credentials import Credential

HIGHEST_PORT = 65_535


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
    #: One address.
    sender: str
    security: Security = Security.STARTTLS
    #: Empty: the server does not ask who we are.
    user: str = ""
    credential: Credential | None = field(default=None, compare=False)
    #: Certificate authorities, PEM; empty: the public ones.
    ca_file: str = ""

    @property
    def domain(self) -> str:
        """Of the sender: the right-hand side of Message-IDs (RFC 5322, section 3.6.4)."""
        return self.sender.partition("@")[2]

    def password(self) -> str:
        """What the user signs in with, as it is now; empty where there is none.

        Raises:
            CredentialError: it cannot be read.
            UnavailableError: the read cannot be recorded.
        """
        return self.credential.open().reveal() if self.credential is not None else ""

    def trust(self) -> ssl.SSLContext:
        """What a protected connection is made with: the server's certificate and name are checked.

        Raises:
            SettingError: the file of the authorities holds no certificates.
        """
        try:
            return ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:  # ssl.SSLError is one
            raise SettingError(f"{self.ca_file!r} holds no certificates of authorities.") from error
