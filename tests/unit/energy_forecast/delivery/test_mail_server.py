from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_energy_forecast.delivery import FOLDER, MAIL
from samdrift_energy_forecast.delivery.folder import FolderReceiver
from samdrift_energy_forecast.delivery.mail import PlanMailReceiver
from samdrift_energy_forecast.delivery.receivers import plan_mail_server, receivers
from samdrift_energy_forecast.settings import DELIVERY_SETTINGS
from samdrift_platform.closed_receiver import ClosedReceiver
from samdrift_platform.errors import SettingError, TryAgainError
from samdrift_platform.mail.server import MailServer, Security

PREFIX = "SAMDRIFT_ENERGY_"
KEY = "not used"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in DELIVERY_SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)


def give(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in {"SMTP_HOST": "mail.example.org", "MAIL_FROM": "plans@example.org", **values}.items():
        monkeypatch.setenv(PREFIX + name, value)


def test_without_a_host_nothing_is_sent_and_a_person_is_told_what_to_set(tmp_path: Path) -> None:
    assert plan_mail_server() is None
    closed = receivers()
    for name, setting in ((MAIL, "SMTP_HOST"), (FOLDER, "PLAN_FOLDER")):
        receiver = closed[name]
        assert isinstance(receiver, ClosedReceiver)
        with pytest.raises(TryAgainError, match=f"sets SAMDRIFT_ENERGY_{setting}. The plan holds all the same"):
            receiver.deliver(KEY, {})  # type: ignore[arg-type]  # never looked at
        with pytest.raises(TryAgainError, match=setting):
            receiver.find(KEY, {})  # type: ignore[arg-type]  # never looked at


def test_the_defaults_protect_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    assert plan_mail_server() == MailServer(
        host="mail.example.org", port=587, sender="plans@example.org", security=Security.STARTTLS
    )


def test_a_password_that_others_could_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.touch(mode=0o644)
    give(monkeypatch, SMTP_USER="samdrift", SMTP_PASSWORD_FILE=str(secret))
    with pytest.raises(SettingError, match="chmod 600"):
        plan_mail_server()


def test_a_password_comes_from_its_file_and_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.touch(mode=0o600)
    secret.write_text("open sesame \n")
    give(monkeypatch, SMTP_USER="samdrift", SMTP_PASSWORD_FILE=str(secret))
    found = plan_mail_server()
    assert found is not None
    assert found.credential is not None
    assert found.credential.reference.name == str(secret)
    assert found.credential.purpose == "sign in to the mail server that sends plans"
    assert "sesame" not in repr(found)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"SMTP_PORT": "0"}, "SMTP_PORT"),
        ({"SMTP_PORT": "70000"}, "SMTP_PORT"),
        ({"SMTP_PORT": "smtp"}, "SMTP_PORT"),
        ({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY"),
        ({"MAIL_FROM": "plans"}, "MAIL_FROM"),
        ({"MAIL_FROM": "a@b.dk, c@d.dk"}, "MAIL_FROM"),
        ({"MAIL_FROM": "a@b.dk\r\nBcc: c@d.dk"}, "MAIL_FROM"),
        ({"SMTP_USER": "samdrift"}, "SMTP_PASSWORD_FILE"),
        ({"SMTP_PASSWORD_FILE": "/there/is/none"}, "SMTP_USER"),
        ({"SMTP_USER": "samdrift", "SMTP_PASSWORD_FILE": "/there/is/none"}, "cannot be read"),
        ({"SMTP_CA": "/there/is/none"}, "SMTP_CA"),
    ],
)
def test_a_wrong_setting_is_named_and_stops_no_other_receiver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, values: dict[str, str], named: str
) -> None:
    give(monkeypatch, PLAN_FOLDER=str(tmp_path), **values)
    with pytest.raises(SettingError, match=named):
        plan_mail_server()
    made = receivers()
    assert isinstance(made[MAIL], ClosedReceiver)
    assert isinstance(made[FOLDER], FolderReceiver)


def test_a_password_never_travels_in_the_clear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.touch(mode=0o600)
    secret.write_text("open sesame")
    give(monkeypatch, SMTP_SECURITY="none", SMTP_USER="samdrift", SMTP_PASSWORD_FILE=str(secret))
    with pytest.raises(SettingError, match="in the clear") as refused:
        plan_mail_server()
    assert "sesame" not in refused.value.message


def test_set_right_plans_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch)
    assert isinstance(receivers()[MAIL], PlanMailReceiver)
