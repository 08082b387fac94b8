"""Where a PACS is, as the setting and the command line write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from samdrift_platform.errors import SettingError

_AE_TITLE = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")  # PS3.5 table 6.2-1


#: Scheme -> over TLS. "dicom-tls" is IANA's name of that service (port 2762).
_DIMSE = {"dicom": False, "dicom-tls": True}


@dataclass(frozen=True, kw_only=True)
class DimseAddress:
    """An application entity on the network (PS3.8)."""

    ae_title: str
    host: str
    port: int
    #: Over TLS (PS3.15 annex B).
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.ae_title}@{host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class WebAddress:
    """The base of DICOMweb services (PS3.18), without the slash at its end."""

    url: str

    def __str__(self) -> str:
        return self.url


def address_of(text: str) -> DimseAddress | WebAddress:
    """The address that `text` writes: `dicom://AE_TITLE@host:port`, `dicom-tls://` the same, or an http(s) address.

    Raises:
        SettingError: it is neither, or holds a password, which would stand in logs and lists of processes.
    """
    parts = urlsplit(text)
    if parts.scheme in _DIMSE:
        return _dimse(text, tls=_DIMSE[parts.scheme])
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingError(
            f"{_without_secrets(text)!r} is not the address of a PACS: dicom://AE_TITLE@host:port, or an http(s) one."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingError(
            "The address of a PACS holds no user, password, ? or #. "
            "Credentials stand in the file that SAMDRIFT_MAMMOGRAPHY_PACS_CREDENTIALS names."
        )
    return WebAddress(url=text.rstrip("/"))


def _dimse(text: str, *, tls: bool) -> DimseAddress:
    title, _, place = text.partition("://")[2].rpartition("@")
    host, _, port = place.rpartition(":")
    if not (_AE_TITLE.fullmatch(title) and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise SettingError(
            f"{text!r} is not the address of an application entity: dicom://AE_TITLE@host:port, with a title of 1 to "
            "16 characters (PS3.5 section 6.2)."
        )
    return DimseAddress(ae_title=title, host=host.strip("[]"), port=int(port), tls=tls)


def _without_secrets(text: str) -> str:
    return text.rpartition("@")[2]
