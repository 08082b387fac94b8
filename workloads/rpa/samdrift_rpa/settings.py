"""What the operator may set for this workload, read from the environment when it is asked for."""

from __future__ import annotations

from samdrift_platform.setting import Setting

RULES = Setting(
    name="SAMDRIFT_RPA_RULES",
    default="",
    help="Folder with the official OIOUBL rules: `oioubl/xslt-<version>/` and `ubl-xsd/`. Empty: `$SAMDRIFT_DATA/rpa` "
    "when that folder has them, otherwise our own small rule set.",
)
POLICY = Setting(
    name="SAMDRIFT_RPA_POLICY",
    default="",
    help="Policy file: amount limit, accounts and the time that an invoice takes by hand. Empty: the shipped one.",
)
ERP_URL = Setting(
    name="SAMDRIFT_RPA_ERP_URL", default="", help="Base URL of the ERP system that vouchers are posted to."
)
ACCESS_POINT_URL = Setting(
    name="SAMDRIFT_RPA_ACCESS_POINT_URL", default="", help="Base URL of the access point that sends answers out."
)
TIMEOUT_S = Setting(
    name="SAMDRIFT_RPA_TIMEOUT_S",
    default="10",
    help="How long to wait for an answer of either of them, in seconds, at most 25.",
)
DATA = Setting(name="SAMDRIFT_DATA", default="", help="Folder with real data; the official rules lie below `rpa/`.")

#: A call must end well before the platform asks again whether it happened (half a delivery's lease is 30 s).
LONGEST_TIMEOUT_S = 25.0

SETTINGS = (RULES, POLICY, ERP_URL, ACCESS_POINT_URL, TIMEOUT_S)


def timeout_s() -> float:
    """The time-out in seconds; a SettingError when it is not a positive number."""
    return TIMEOUT_S.positive(LONGEST_TIMEOUT_S)
