"""What the operator may set for this workload, read from the environment when it is asked for."""

from __future__ import annotations

from samdrift_platform.errors import SettingError
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

LONGEST_SOURCE_TIMEOUT_S = 120.0

SETTINGS = (DMI_URL, EDS_URL, SOURCE_TIMEOUT_S)


def source_timeout_s() -> float:
    """The time-out in seconds; a SettingError when it is not a positive number."""
    text = SOURCE_TIMEOUT_S.value()
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds <= LONGEST_SOURCE_TIMEOUT_S:
        raise SettingError(
            f"{SOURCE_TIMEOUT_S.name} is {text!r}; it must be a number of seconds above 0 and at most "
            f"{LONGEST_SOURCE_TIMEOUT_S:g}.",
            field=SOURCE_TIMEOUT_S.name,
        )
    return seconds
