"""The receivers that the settings name. A fault in one workload's settings stops no other's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_energy_forecast import settings
from samdrift_energy_forecast.delivery import FOLDER, MAIL
from samdrift_platform.closed_receiver import ClosedReceiver
from samdrift_platform.contract import Receiver, Store
from samdrift_platform.errors import SettingError

if TYPE_CHECKING:
    from samdrift_platform.credentials import Credential
    from samdrift_platform.mail.server import MailServer


def receivers() -> Mapping[str, Receiver]:
    """By name, each as it can be used now; they never raise for a setting."""
    return {MAIL: _mail(), FOLDER: _folder()}


def _mail() -> Receiver:
    from samdrift_energy_forecast.delivery.mail import PlanMailReceiver, journal
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.settings import load

    try:
        server = plan_mail_server()
    except SettingError as error:
        return ClosedReceiver(error.message)
    if server is None:
        return ClosedReceiver(
            "There is no mail server, so no plan is sent by e-mail: the operator sets "
            f"{settings.MAIL.host.name}. The plan holds all the same."
        )
    return PlanMailReceiver(server, journal(Ledger(load().ledger_url)), _store())


def plan_mail_server() -> MailServer | None:
    """The mail server that sends plans; None when none is named; a SettingError names what cannot be used."""
    from samdrift_platform.credentials import Reference, opened_here
    from samdrift_platform.mail.settings import mail_server

    def credential() -> Credential | None:
        path = settings.SMTP_PASSWORD_FILE.value()
        reference = Reference.of(f"file:{Path(path).absolute()}", setting=settings.SMTP_PASSWORD_FILE.name)
        return opened_here(reference, purpose="sign in to the mail server that sends plans") if path else None

    return mail_server(settings.MAIL, credential)


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
