"""The register of driving licences as a receiver, by the operator's settings."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from samdrift_platform.contract import Receiver, Store
from samdrift_platform.credentials import credential
from samdrift_rpa import settings
from samdrift_rpa.receivers.unset import UnsetReceiver

#: As effects name it.
NAME = "licence_register"
#: Pictures and traces of entries, encrypted.
EVIDENCE_KEPT_FOR = timedelta(days=30)


def licence_register() -> Receiver:
    """A robot at the register's web forms; where no address is set, one that says so."""
    from samdrift_rpa.driving_licence.form import LicenceForm
    from samdrift_rpa.evidence.cabinet import cabinet
    from samdrift_rpa.receivers.web_form import SignIn, WebFormReceiver
    from samdrift_rpa.web.browser import Browser

    url = settings.LICENCE_FORM_URL.value()
    if not url:
        return UnsetReceiver(settings.LICENCE_FORM_URL)
    password = credential(settings.LICENCE_FORM_PASSWORD, purpose="sign in to the register of driving licences")
    if password is None:
        return UnsetReceiver(settings.LICENCE_FORM_PASSWORD)
    form = LicenceForm(
        url,
        user=lambda: SignIn(user=settings.LICENCE_FORM_USER.value(), password=password.open().reveal()),
        store=_store,
    )
    host = urlsplit(url).hostname or ""
    return WebFormReceiver(
        form,
        Browser(hosts=[host]),
        timeout_s=settings.form_timeout_s(),
        keep=settings.evidence(),
        cabinet=cabinet(EVIDENCE_KEPT_FOR),
    )


def _store() -> Store:
    from samdrift_platform.objects import ObjectStore
    from samdrift_platform.settings import load

    return ObjectStore(load().objects_url)
