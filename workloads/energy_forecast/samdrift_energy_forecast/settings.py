"""What the operator may set for this workload, read from the environment when it is asked for."""

from __future__ import annotations

from dataclasses import replace

from samdrift_platform.mail.settings import mail_settings
from samdrift_platform.setting import Setting

DMI_URL = Setting(
    name="SAMDRIFT_ENERGY_DMI_URL",
    default="https://opendataapi.dmi.dk",
    help="Base URL of DMI's open data: weather forecasts and observations.",
)
EDS_URL = Setting(
    name="SAMDRIFT_ENERGY_EDS_URL",
    default="https://api.energidataservice.dk",
    help="Base URL of Energinet's Energi Data Service: electricity prices and CO2.",
)
SOURCE_TIMEOUT_S = Setting(
    name="SAMDRIFT_ENERGY_SOURCE_TIMEOUT_S",
    default="10",
    help="How long to wait for an answer of DMI or Energi Data Service, in seconds, at most 120.",
)

SMTP_PASSWORD_FILE = Setting(
    name="SAMDRIFT_ENERGY_SMTP_PASSWORD_FILE",
    default="",
    help="File with one line, the password of that user; nobody but its owner may read it (mode 0600).",
)
#: The mail server that sends plans to the people whom buildings name.
MAIL = replace(mail_settings("SAMDRIFT_ENERGY", what="plans"), password=SMTP_PASSWORD_FILE)
PLAN_FOLDER = Setting(
    name="SAMDRIFT_ENERGY_PLAN_FOLDER",
    default="",
    help="Folder into which plans are written for a building-management system. Empty: none are.",
)

NIGHTLY_CRON = Setting(
    name="SAMDRIFT_ENERGY_NIGHTLY_CRON",
    # Not from 0 on: plans begin at midnight, and a gateway that pushes each hour sends the last reading before it by 1.
    default="*/15 1-7 * * *",
    help="When the nightly run looks whether a building still lacks tonight's plan, cron in Danish time.",
)

FETCH_CRON = Setting(
    name="SAMDRIFT_ENERGY_FETCH_CRON",
    default="20 * * * *",
    help="When weather, prices and CO2 are fetched as far as they are not here, cron in Danish time.",
)

LONGEST_SOURCE_TIMEOUT_S = 120.0

#: Which plans are sent, and where to.
DELIVERY_SETTINGS = (*MAIL.all, PLAN_FOLDER)
SETTINGS = (DMI_URL, EDS_URL, SOURCE_TIMEOUT_S, *DELIVERY_SETTINGS, NIGHTLY_CRON, FETCH_CRON)


def source_timeout_s() -> float:
    """The time-out in seconds; a SettingError when it is not a positive number."""
    return SOURCE_TIMEOUT_S.positive(LONGEST_SOURCE_TIMEOUT_S)
