"""The receivers that processes may name without bringing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from samdrift_platform.closed_receiver import ClosedReceiver
from samdrift_platform.contract import Receiver
from samdrift_platform.errors import SettingError
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import load
from samdrift_rpa import settings
from samdrift_rpa.receivers.unset import UnsetReceiver


def _erp() -> Receiver:
    url = settings.ERP_URL.value()
    if not url:
        return UnsetReceiver(settings.ERP_URL)
    from samdrift_rpa.receivers.erp import ErpReceiver

    return ErpReceiver(url, _objects(), timeout_s=settings.timeout_s())


def _access_point() -> Receiver:
    url = settings.ACCESS_POINT_URL.value()
    if not url:
        return UnsetReceiver(settings.ACCESS_POINT_URL)
    from samdrift_rpa.receivers.access_point import AccessPointReceiver

    return AccessPointReceiver(url, _objects(), timeout_s=settings.timeout_s())


def _case_system() -> Receiver:
    url = settings.CASE_SYSTEM_URL.value()
    if not url:
        return UnsetReceiver(settings.CASE_SYSTEM_URL)
    from samdrift_rpa.receivers.case_system import CaseSystemReceiver

    return CaseSystemReceiver(url, _objects(), timeout_s=settings.timeout_s())


def _digital_post() -> Receiver:
    url = settings.DIGITAL_POST_URL.value()
    if not url:
        return UnsetReceiver(settings.DIGITAL_POST_URL)
    from samdrift_rpa.receivers.digital_post import DigitalPostReceiver

    return DigitalPostReceiver(url, _objects(), timeout_s=settings.timeout_s())


def _mail() -> Receiver:
    from samdrift_platform.credentials import credential
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.mail.settings import mail_server
    from samdrift_rpa.receivers.mail import StoredMailReceiver, journal

    names = settings.MAIL
    try:
        server = mail_server(names, lambda: credential(names.password, purpose="sign in to the mail server"))
    except SettingError as error:
        return ClosedReceiver(error.message)
    if server is None:
        return UnsetReceiver(names.host)
    return StoredMailReceiver(server, journal(Ledger(load().ledger_url)), _objects())


def _file_share() -> Receiver:
    folder = settings.FILE_SHARE.value()
    if not folder:
        return UnsetReceiver(settings.FILE_SHARE)
    from samdrift_rpa.receivers.file_share import FileShareReceiver

    return FileShareReceiver(Path(folder), _objects())


def _objects() -> ObjectStore:
    """The home's objects: requests name them, and hold no personal data themselves."""
    return ObjectStore(load().objects_url)


#: Name -> makes it, once a delivery process.
SHIPPED: Mapping[str, Callable[[], Receiver]] = {
    "erp": _erp,
    "access_point": _access_point,
    "case_system": _case_system,
    "digital_post": _digital_post,
    "mail": _mail,
    "file_share": _file_share,
}
