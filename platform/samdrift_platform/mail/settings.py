"""What an operator says about the mail server of one workload, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from samdrift_platform.errors import SettingError
from samdrift_platform.mail.server import HIGHEST_PORT, MailServer, Security
from samdrift_platform.setting import Setting

if TYPE_CHECKING:
    from samdrift_platform.credentials import Credential


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """The variables of one workload."""

    #: Empty: nothing is sent by e-mail.
    host: Setting
    port: Setting
    security: Setting
    user: Setting
    #: Where the password lies.
    password: Setting
    ca: Setting
    sender: Setting

    @property
    def all(self) -> tuple[Setting, ...]:
        """In the order in which they are listed."""
        return tuple(getattr(self, each.name) for each in fields(self))


def mail_settings(prefix: str, *, what: str) -> MailSettings:
    """The variables `<prefix>_SMTP_HOST` and so on, for a workload that sends `what`."""
    return MailSettings(
        host=Setting(name=f"{prefix}_SMTP_HOST", default="", help=f"Mail server that sends {what}. Empty: none are."),
        port=Setting(name=f"{prefix}_SMTP_PORT", default="587", help="Port of the mail server."),
        security=Setting(
            name=f"{prefix}_SMTP_SECURITY",
            default="starttls",
            help="starttls (RFC 3207), tls (from the first byte, mostly port 465), or none, for a mail server on this "
            "machine.",
        ),
        user=Setting(
            name=f"{prefix}_SMTP_USER", default="", help="Who we are to the mail server. Empty: it does not ask."
        ),
        password=Setting(
            name=f"{prefix}_SMTP_PASSWORD",
            default="",
            help="Where that user's password lies, `env:NAME` or `file:/path`; never the password itself.",
        ),
        ca=Setting(
            name=f"{prefix}_SMTP_CA",
            default="",
            help="PEM file of the authorities that sign the mail server's certificate; the public ones when empty.",
        ),
        sender=Setting(
            name=f"{prefix}_MAIL_FROM", default="", help=f"Address that {what} are sent from, such as post@example.org."
        ),
    )


def mail_server(names: MailSettings, credential: Callable[[], Credential | None]) -> MailServer | None:
    """The mail server of the settings; None when none is named.

    Args:
        names: the variables.
        credential: makes what opens the password, where there is a user.

    Raises:
        SettingError: a setting that cannot be used; the password is not repeated.
    """
    host = names.host.value()
    if not host:
        return None
    found = MailServer(
        host=host,
        port=_port(names.port),
        sender=_sender(names.sender),
        security=_security(names.security),
        user=names.user.value(),
        credential=_password(names, credential),
        ca_file=names.ca.value(),
    )
    if found.user and found.security is Security.NONE:
        raise SettingError(
            f"{names.user.name} is set, and {names.security.name} is none: the password would travel in the clear. "
            "Use starttls or tls."
        )
    if found.security is not Security.NONE:
        _check_trust(found, names.ca)
    return found


def _check_trust(server: MailServer, ca: Setting) -> None:
    try:
        server.trust()
    except SettingError as error:
        raise SettingError(f"{ca.name}: {error.message}") from error


def _password(names: MailSettings, credential: Callable[[], Credential | None]) -> Credential | None:
    if bool(names.password.value()) is not bool(names.user.value()):
        raise SettingError(f"{names.user.name} and {names.password.name} belong together.")
    found = credential()
    if found is not None:
        found.check()
    return found


def _port(setting: Setting) -> int:
    text = setting.value()
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= HIGHEST_PORT):
        raise SettingError(f"{setting.name}={text!r} is not a port: a whole number from 1 to 65535.")
    return int(text)


def _security(setting: Setting) -> Security:
    text = setting.value()
    if text not in set(Security):
        raise SettingError(f"{setting.name}={text!r}; it must be {', '.join(Security)}.")
    return Security(text)


def _sender(setting: Setting) -> str:
    text = setting.value()
    name, at, domain = text.partition("@")
    if not (name and at and domain and text.isascii() and text.isprintable() and not set(text) & set(" <>,;")):
        raise SettingError(f"{setting.name} must be one address, such as post@example.org.")
    return text
