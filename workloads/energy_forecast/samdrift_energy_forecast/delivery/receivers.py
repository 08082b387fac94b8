"""The receivers that the settings name. A fault in one workload's settings stops no other's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from samdrift_energy_forecast import settings
from samdrift_energy_forecast.delivery import FOLDER, MAIL
from samdrift_energy_forecast.delivery.closed import ClosedReceiver
from samdrift_platform.contract import Receiver, Store
from samdrift_platform.errors import SettingError


def receivers() -> Mapping[str, Receiver]:
    """By name, each as it can be used now; they never raise for a setting."""
    return {MAIL: _mail(), FOLDER: _folder()}


def _mail() -> Receiver:
    from samdrift_energy_forecast.delivery.mail import MailReceiver
    from samdrift_energy_forecast.delivery.mail_journal import MailJournal
    from samdrift_energy_forecast.delivery.mail_server import mail_server
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import load

    try:
        server = mail_server()
    except SettingError as error:
        return ClosedReceiver(error.message)
    if server is None:
        return ClosedReceiver(
            "There is no mail server, so no plan is sent by e-mail: the operator sets "
            f"{settings.SMTP_HOST.name}. The plan holds all the same."
        )
    return MailReceiver(server=server, store=_store(), journal=MailJournal(Ledger(load().ledger_url)))


def _folder() -> Receiver:
    from samdrift_energy_forecast.delivery.folder import FolderReceiver

    folder = settings.PLAN_FOLDER.value()
    if not folder:
        return ClosedReceiver(
            "There is no folder, so no plan is written into it: the operator sets "
            f"{settings.PLAN_FOLDER.name}. The plan holds all the same."
        )
    return FolderReceiver(folder=Path(folder), store=_store())


def _store() -> Store:
    from samdrift_platform.objects import ObjectStore
    from samdrift_platform.settings import load

    return ObjectStore(load().objects_url)
