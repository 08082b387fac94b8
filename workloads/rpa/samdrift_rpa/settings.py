"""What the operator may set for this workload, read from the environment when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samdrift_platform.errors import SettingError
from samdrift_platform.mail.settings import mail_settings
from samdrift_platform.setting import Setting

if TYPE_CHECKING:
    from samdrift_rpa.web.recording import Keep

RULES = Setting(
    name="SAMDRIFT_RPA_RULES",
    default="",
    help="Folder with official rules and schemas: `oioubl/xslt-<version>/`, `peppol/xslt-<version>/`, `ubl-xsd/`, "
    "`memo/`. Empty: what `samdrift rpa rules install` installed, else `$SAMDRIFT_DATA/rpa` when that folder has them, "
    "else our own small rule set.",
)
RULES_CPU_S = Setting(
    name="SAMDRIFT_RPA_RULES_CPU_S",
    default="25",
    help="CPU seconds that official rules may take over one large document, at most 300. What takes them longer gets "
    "no verdict, and as an invoice waits for a person.",
)
POLICY = Setting(
    name="SAMDRIFT_RPA_POLICY",
    default="",
    help="Policy of incoming invoices: limits, our endpoints, orders, accounts (docs/reference/invoices.md). "
    "Empty: the shipped one.",
)
ERP_URL = Setting(
    name="SAMDRIFT_RPA_ERP_URL", default="", help="Base URL of the ERP system that vouchers are posted to."
)
ACCESS_POINT_URL = Setting(
    name="SAMDRIFT_RPA_ACCESS_POINT_URL", default="", help="Base URL of the access point that sends answers out."
)
POST_POLICY = Setting(
    name="SAMDRIFT_RPA_POST_POLICY",
    default="",
    help="Routing policy of Digital Post: units, contact points, subjects and tasks, and how sure a proposal must be. "
    "Empty: the shipped example.",
)
KLE = Setting(
    name="SAMDRIFT_RPA_KLE",
    default="",
    help="OS2KLE's list of KLE subjects with keywords. Empty: what `samdrift rpa kle install FILE` put into the home, "
    "otherwise `$SAMDRIFT_DATA/standards/kle/OS2KLE.txt`.",
)
CASE_SYSTEM_URL = Setting(
    name="SAMDRIFT_RPA_CASE_SYSTEM_URL", default="", help="Base URL of the case system that letters are journalised in."
)
DIGITAL_POST_URL = Setting(
    name="SAMDRIFT_RPA_DIGITAL_POST_URL",
    default="",
    help="Base URL of the sender system that hands acknowledgements to Digital Post.",
)
TIMEOUT_S = Setting(
    name="SAMDRIFT_RPA_TIMEOUT_S",
    default="10",
    help="How long to wait for an answer of ERP system, access point, case system or Digital Post, in seconds, at most "
    "25.",
)
LICENCE_FORM_URL = Setting(
    name="SAMDRIFT_RPA_LICENCE_FORM_URL",
    default="",
    help="Where the register of driving licences with its web forms begins; a robot enters decisions there.",
)
LICENCE_FORM_USER = Setting(
    name="SAMDRIFT_RPA_LICENCE_FORM_USER", default="", help="The robot's user name in that register."
)
LICENCE_FORM_PASSWORD = Setting(
    name="SAMDRIFT_RPA_LICENCE_FORM_PASSWORD",
    default="",
    help="Where its password lies, `env:NAME` or `file:/path`; never the password itself.",
)
LICENCE_RULES = Setting(
    name="SAMDRIFT_RPA_LICENCE_RULES",
    default="",
    help="File with ages by category and the age of a doctor's certificate. Empty: the shipped one.",
)
FORM_TIMEOUT_S = Setting(
    name="SAMDRIFT_RPA_FORM_TIMEOUT_S",
    default="20",
    help="How long one web form may take from its first page to its receipt, in seconds, at most 22.",
)
EVIDENCE = Setting(
    name="SAMDRIFT_RPA_EVIDENCE",
    default="failed",
    help="Of which web forms a picture and a trace are kept, masked and encrypted: failed, every or none.",
)
#: The mail server that sends processes' messages.
MAIL = mail_settings("SAMDRIFT_RPA", what="messages of processes")
FILE_SHARE = Setting(
    name="SAMDRIFT_RPA_FILE_SHARE",
    default="",
    help="Folder into which processes put files that another system fetches. Empty: none are.",
)
FILE_DROP = Setting(
    name="SAMDRIFT_RPA_FILE_DROP",
    default="",
    help="Folder that is watched: a file laid into `<folder>/<process>/` becomes a case. Empty: none is watched.",
)
DATA = Setting(name="SAMDRIFT_DATA", default="", help="Folder with real data; the official rules lie below `rpa/`.")

#: A call must end well before the platform asks again whether it happened (half a delivery's lease is 30 s).
LONGEST_TIMEOUT_S = 25.0
#: The same for a web form, whose browser may take some seconds more to take a picture, or to be ended.
LONGEST_FORM_S = 22.0

#: Half of what a batch may take; with the default of 25 a batch of 20 such documents stays within its 600 s.
LONGEST_RULES_CPU_S = 300.0

SETTINGS = (
    FILE_DROP,
    RULES,
    RULES_CPU_S,
    POLICY,
    ERP_URL,
    ACCESS_POINT_URL,
    POST_POLICY,
    KLE,
    CASE_SYSTEM_URL,
    DIGITAL_POST_URL,
    TIMEOUT_S,
    LICENCE_FORM_URL,
    LICENCE_FORM_USER,
    LICENCE_FORM_PASSWORD,
    LICENCE_RULES,
    FORM_TIMEOUT_S,
    EVIDENCE,
    *MAIL.all,
    FILE_SHARE,
)


def timeout_s() -> float:
    """The time-out in seconds; a SettingError when it is not a positive number."""
    return TIMEOUT_S.positive(LONGEST_TIMEOUT_S)


def rules_cpu_s() -> float:
    """CPU seconds for the rules on one large document; a SettingError when it is not a positive number."""
    return RULES_CPU_S.positive(LONGEST_RULES_CPU_S)


def form_timeout_s() -> float:
    """The time-out of a whole web form in seconds; a SettingError when it is not a positive number."""
    return FORM_TIMEOUT_S.positive(LONGEST_FORM_S)


def evidence() -> Keep:
    """Of which web forms evidence is kept; a SettingError for another word."""
    from samdrift_rpa.web.recording import Keep

    value = EVIDENCE.value()
    if value not in tuple(Keep):
        raise SettingError(f"{EVIDENCE.name} is {value!r}; it must be {', '.join(Keep)}.", field=EVIDENCE.name)
    return Keep(value)
