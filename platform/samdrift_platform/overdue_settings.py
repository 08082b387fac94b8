"""Settings of the messages about overdue decisions."""

from __future__ import annotations

from samdrift_platform.mail.settings import mail_settings
from samdrift_platform.setting import Setting

MAIL = mail_settings("SAMDRIFT_ESCALATION", what="messages about overdue decisions")
TO = Setting(
    name="SAMDRIFT_ESCALATION_TO",
    default="",
    help="E-mail addresses, separated by commas, that are told when decisions are overdue. Empty: nobody is.",
)
PORTAL = Setting(
    name="SAMDRIFT_ESCALATION_PORTAL",
    default="",
    help="Where people reach the portal, such as https://samdrift.example.org, for the link. Empty: host and port.",
)
#: In the order in which they are listed.
ALL = (TO, PORTAL, *MAIL.all)
