"""People are told by e-mail that decisions are overdue: once for each alarm, and nothing about the cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from samdrift_platform import overdue_mail, plugins
from samdrift_platform.errors import SettingError
from samdrift_platform.escalation import Escalation
from samdrift_platform.governance import Governance
from samdrift_platform.ledger.database import Ledger
from samdrift_testing import asking
from samdrift_testing.mail_servers import Cut, CuttingServer, Kept, mail_server

ADA, BO = "ada@example.org", "bo@example.org"
REFERENCE = "letters/53f0e1c6"


class Office:
    """An installation with an overdue decision."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        self.ledger, self.home = ledger, home
        self.governance = Governance(ledger, home)
        self.governance.prepare([], now=datetime.now(UTC))
        self.overdue(REFERENCE)

    def overdue(self, reference: str) -> None:
        now = datetime.now(UTC)
        asking.ask(self.ledger, reference=reference, now=now - timedelta(hours=3))
        assert Escalation(self.ledger, self.home).look(now) == 1

    def settle(self) -> None:
        (alarm,) = (each for each in self.governance.alarms() if each.settled is None)
        self.governance.settle(alarm.id, "decided", "Somebody decided.", actor="operator", now=datetime.now(UTC))


@pytest.fixture
def office(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path))
    monkeypatch.setenv("SAMDRIFT_DATABASE_URL", ledger_url)
    monkeypatch.setenv("SAMDRIFT_ESCALATION_TO", f"{ADA}, {BO}")
    monkeypatch.setenv("SAMDRIFT_ESCALATION_PORTAL", "https://samdrift.example.org")
    monkeypatch.setenv("SAMDRIFT_ESCALATION_SMTP_SECURITY", "none")
    monkeypatch.setenv("SAMDRIFT_ESCALATION_MAIL_FROM", "samdrift@example.org")
    with closing(Ledger(ledger_url)) as ledger:
        yield Office(ledger, tmp_path)


@contextmanager
def mailing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    with mail_server() as (port, kept):
        reached(monkeypatch, port)
        yield kept


def reached(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("SAMDRIFT_ESCALATION_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SAMDRIFT_ESCALATION_SMTP_PORT", str(port))


def run() -> Sequence[str]:
    return plugins.schedule("overdue", []).run()


def test_everybody_is_told_once_of_each_alarm(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with mailing(monkeypatch) as kept:
        kept.answers[BO] = ["451 later"]
        assert "1 recipients" in run()[0], "Bo's mailbox takes nothing now"
        assert kept.recipients == {ADA: 1}
        assert run() == ["workload:tallying: told 2 of 2."]
        assert run() == ["workload:tallying: everybody was told before."]
        assert kept.recipients == {ADA: 1, BO: 1}
        office.settle()
        assert run() == []
        office.overdue("letters/another")
        assert run() == ["workload:tallying: told 2 of 2."]
    assert kept.recipients == {ADA: 2, BO: 2}
    for sent in kept.parsed:
        text = sent.get_content()
        assert "tallying: decisions have waited" in text
        assert "https://samdrift.example.org/inbox" in text
        assert REFERENCE not in sent.as_string()


def test_what_was_cut_off_is_named_and_not_sent_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with CuttingServer(cuts=[Cut.KEPT]).running() as cutting:
        reached(monkeypatch, cutting.port)
        run()
    with mailing(monkeypatch) as kept:
        assert "Sending was cut off" in run()[0]
    assert not kept.messages


def test_without_a_mail_server_it_is_said_and_without_addresses_nothing_runs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match="SAMDRIFT_ESCALATION_SMTP_HOST is not: nobody is told"):
        overdue_mail.tell()
    monkeypatch.delenv("SAMDRIFT_ESCALATION_TO")
    assert "overdue" not in [each.name for each in plugins.schedules([])]
