"""TLS for DICOM and DICOMweb (PS3.15 annex B): whom to believe that they are the PACS, and how to show who we are."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import httpx

from samdrift_platform.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Files, as the settings name them. Versions before TLS 1.2 are not spoken."""

    #: Certificate authorities, PEM; empty: the public ones.
    ca_file: str = ""
    #: Our own certificate and its key, PEM; empty: we show none.
    certificate: str = ""

    def context(self) -> ssl.SSLContext:
        """What a connection is made with.

        Raises:
            SettingError: a file cannot be read, or holds no certificates or no key.
        """
        context = self._believing()
        if self.certificate:
            try:
                context.load_cert_chain(self.certificate)
            except OSError as error:  # ssl.SSLError is one
                raise SettingError(
                    f"SAMDRIFT_MAMMOGRAPHY_PACS_CERTIFICATE: {self.certificate!r} holds no certificate with its key."
                ) from error
        return context

    def _believing(self) -> ssl.SSLContext:
        if not self.ca_file:
            return httpx.create_ssl_context(trust_env=False)
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise SettingError(f"SAMDRIFT_MAMMOGRAPHY_PACS_CA: {self.ca_file!r} holds no certificates.") from error
