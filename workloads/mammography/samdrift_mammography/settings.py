"""What the operator may set for this workload, read from the environment when it is asked for."""

from __future__ import annotations

import re
from datetime import timedelta

from samdrift_platform.errors import SettingError
from samdrift_platform.setting import Setting

AE_TITLE = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_AE_TITLE",
    default="SAMDRIFT",
    help="Our DICOM application entity title (PS3.8); an association that calls another one is rejected.",
)
DICOM_HOST = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_DICOM_HOST", default="127.0.0.1", help="Address on which the intake listens."
)
DICOM_PORT = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_DICOM_PORT",
    default="11112",
    help="Port on which the intake listens for C-STORE, C-ECHO and UPS.",
)
CALLING_AE_TITLES = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_CALLING_AE_TITLES",
    default="",
    help="AE titles that may send, separated by commas; every other one is rejected. Empty: nothing listens.",
)
URGENT_AE_TITLES = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_URGENT_AE_TITLES",
    default="",
    help="Of these AE titles, those whose exams are scored before all others, as of a clinic for women with symptoms.",
)
WATCHED_FOLDER = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_FOLDER", default="", help="Folder whose files are taken in. Empty: none is watched."
)
QUIET_S = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_QUIET_S",
    default="300",
    help="An exam without all four standard views is handed on when no image of it came for this long, seconds.",
)
GPUS = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_GPUS",
    default="0",
    help="Share of a GPU that each replica is lent, 0 to 1; 0: replicas run on the CPU.",
)
PACS = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_PACS",
    default="",
    help="Where results go: dicom://AE_TITLE@host:port (C-STORE, then C-FIND; dicom-tls:// over TLS) or the http(s) "
    "address of a DICOMweb service (STOW-RS, then QIDO-RS). Empty: results stay here.",
)
PACS_CREDENTIALS = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_PACS_CREDENTIALS",
    default="",
    help="File with one line, user:password or Bearer and a token, for the DICOMweb service. Empty: it asks for none.",
)
PACS_CA = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_PACS_CA",
    default="",
    help="PEM file of the authorities that sign the PACS's certificate; the public ones when empty.",
)
PACS_CERTIFICATE = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_PACS_CERTIFICATE",
    default="",
    help="PEM file with our own certificate and its key, for a PACS that asks for one. Empty: we show none.",
)

RESULT_LANGUAGE = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_RESULT_LANGUAGE",
    default="da",
    help="Language of the text in documents for the PACS: da or en. The same on every node of a cluster.",
)
DENSITY_MODEL = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_DENSITY_MODEL",
    default="",
    help="File with the weights of the histogram model of breast density (docs/reference/mammography-model.md). "
    "Empty: no density is told.",
)
POLICY = Setting(
    name="SAMDRIFT_MAMMOGRAPHY_POLICY",
    default="",
    help="Triage policy of this installation, a YAML file (policies/triage.schema.json); the shipped one when empty.",
)

SETTINGS = (
    POLICY,
    AE_TITLE,
    DICOM_HOST,
    DICOM_PORT,
    CALLING_AE_TITLES,
    URGENT_AE_TITLES,
    WATCHED_FOLDER,
    QUIET_S,
    GPUS,
    PACS,
    PACS_CREDENTIALS,
    PACS_CA,
    PACS_CERTIFICATE,
    RESULT_LANGUAGE,
    DENSITY_MODEL,
)
#: PS3.5 section 6.2: at most 16 printable characters of ASCII, without backslash.
_AE_TITLE = re.compile(r"(?=.*[^ ])[ -\[\]-~]{1,16}")
_HIGHEST_PORT = 65_535
_LARGEST = 1e9  # seconds: 31 years, which a date still can be moved by


def quiet() -> timedelta:
    """How long an exam waits for its missing views.

    Raises:
        SettingError: the setting is not a positive number of seconds.
    """
    return timedelta(seconds=QUIET_S.positive(_LARGEST))


def gpus() -> float:
    """The share of a GPU for each replica; a SettingError when it is not 0 to 1."""
    try:
        share = float(GPUS.value())
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise SettingError(f"{GPUS.name} is {GPUS.value()!r}; it must be a number from 0 to 1.", field=GPUS.name)
    return share


def ae_title() -> str:
    """Our DICOM application entity title.

    Raises:
        SettingError: the setting is not one.
    """
    return _checked_title(AE_TITLE.value(), AE_TITLE)


def calling_ae_titles() -> tuple[str, ...]:
    """AE titles that may send.

    Raises:
        SettingError: one of them is not an AE title.
    """
    return titles_in(CALLING_AE_TITLES.value())


def urgent_ae_titles() -> tuple[str, ...]:
    """Titles whose exams are scored before all others.

    Raises:
        SettingError: one of them cannot be a title.
    """
    return titles_in(URGENT_AE_TITLES.value(), URGENT_AE_TITLES)


def titles_in(text: str, setting: Setting = CALLING_AE_TITLES) -> tuple[str, ...]:
    """The AE titles in a list with commas, as of `setting`.

    Raises:
        SettingError: one of them is not an AE title.
    """
    return tuple(_checked_title(title.strip(), setting) for title in text.split(",") if title.strip())


def dicom_port() -> int:
    """Where the intake listens; 0 lets the system choose.

    Raises:
        SettingError: the setting is not the number of a port.
    """
    text = DICOM_PORT.value()
    if not (text.isascii() and text.isdecimal() and int(text) <= _HIGHEST_PORT):
        raise SettingError(f"{DICOM_PORT.name}={text!r} is not a port: a whole number from 0 to {_HIGHEST_PORT}.")
    return int(text)


def _checked_title(title: str, setting: Setting) -> str:
    if _AE_TITLE.fullmatch(title):
        return title.strip()
    raise SettingError(f"{setting.name}: {title!r} is no AE title, 1 to 16 characters of ASCII without backslash.")
