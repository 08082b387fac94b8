"""E-mail and files of processes: each once, found again after a crash, with nobody's address in the ledger."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from samdrift_platform import file_share
from samdrift_platform.contract import Effect
from samdrift_platform.delivery import MOST_ATTEMPTS, Delivery
from samdrift_platform.effect_question import Settlement
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_platform.ledger import effects, endings, inbox
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.inbox import Ruling
from samdrift_platform.mail.message import MessageFaultError, compose, finished, recipients
from samdrift_platform.mail.server import MailServer, Security
from samdrift_platform.objects import ObjectStore
from samdrift_rpa.receivers import file_share as receiving
from samdrift_rpa.receivers.file_share import FileShareReceiver
from samdrift_rpa.receivers.mail import StoredMailReceiver, journal
from samdrift_rpa.tables import mail
from samdrift_rpa.workload import workload
from samdrift_testing.dying import DeathError, Dying
from samdrift_testing.mail_servers import Cut, CuttingServer, mail_server
from samdrift_testing.personal_data import Scanner
from samdrift_testing.retained import DAY, KNOBS, Home, Keeper
from samdrift_testing.work import WORKLOAD, claim_one, completion, item, look, submit

KEY = UUID("0b9f2c7e-59c3-4c51-8d0a-3f4f4a8b7f10")
ADA, BO = "ada.citizen@example.org", "bo.citizen@example.org"
#: Published as fictitious.
PERSON = "2512489996"


def message(*to: str) -> bytes:
    text = f"Kære borger {PERSON}\n.\n.prik\nVenlig hilsen"
    attached = {"brev.pdf": (b"%PDF", "application/pdf")}
    return compose(to=to, subject="Din\r\nBcc: x@example.org sag", text=text, attachments=attached)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(f"file://{tmp_path / 'objects'}")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))


def server(port: int) -> MailServer:
    return MailServer(host="127.0.0.1", port=port, sender="sag@example.org", security=Security.NONE)


def order(ledger: Ledger, request: Any, *, now: datetime) -> UUID:
    submit(ledger, "x", [item("x")], now=now)
    claimed = claim_one(ledger, now=now)
    planned = [Effect(step="tell", receiver="mail", request=request)]
    made = completion("x")
    with ledger.write() as connection:
        done = Completion(outcome=made.outcome, effects=planned, decided_by=made.decided_by)
        endings.complete(connection, WORKLOAD, [(claimed, done)], now=now)
    return claimed.id


def steps(ledger: Ledger, receiver: Any, number: int, now: datetime) -> datetime:
    delivery = Delivery(ledger, {WORKLOAD: {"mail": receiver}})
    for _ in range(number):
        now += timedelta(hours=1)
        delivery.step(now=now)
    return now


def test_a_stored_message_reaches_all_once_and_the_ledger_holds_no_address(ledger: Ledger, store: ObjectStore) -> None:
    now = datetime.now(UTC)
    with mail_server() as (port, kept):
        kept.answers[BO] = ["451 later", "451 later"]
        receiver = StoredMailReceiver(server(port), journal(ledger), store)
        identifier = order(ledger, {"message": store.put(message(ADA, BO))}, now=now)
        steps(ledger, receiver, 5, now)
    assert look(ledger, identifier).state == "done"
    assert kept.recipients == {ADA: 1, BO: 1}
    with ledger.read() as connection:
        (effect,) = effects.of_item(connection, identifier)
    assert effect.answer == {"message": str(effect.key), "accepted": 2, "refused": 0}
    for sent in kept.parsed:
        assert sent["Message-ID"] == f"<{effect.key}@example.org>"
        assert sent["From"] == "sag@example.org"
        assert sent["Subject"] == "Din Bcc: x@example.org sag"
        assert sent["Bcc"] is None
    assert Scanner((ADA, BO, PERSON)).ledger(ledger.engine) == []


class Mailing(Keeper):
    """A workload with times of its own and the robots' journal of messages."""

    def erase_rows(self, connection: sa.Connection) -> None:
        workload.erase_rows(connection)


def test_what_is_known_of_a_message_goes_with_its_item(ledger: Ledger, store: ObjectStore) -> None:
    now = datetime.now(UTC)
    with mail_server() as (port, _):
        receiver = StoredMailReceiver(server(port), journal(ledger), store)
        identifier = order(ledger, {"message": store.put(message(ADA, BO))}, now=now)
        steps(ledger, receiver, 2, now)
    home = Home(ledger, store, keeper=Mailing())
    erased_at, counts = now + timedelta(hours=2) + (KNOBS.done or DAY), []
    for keeper, at in ((Mailing(), now + DAY), (Keeper(), erased_at), (Mailing(), now + DAY), (Mailing(), now + DAY)):
        home.keeper = keeper  # the second run is one that was killed before it came to the journal
        home.run(at)
        with ledger.read() as connection:
            counts.append(connection.execute(sa.select(sa.func.count()).select_from(mail)).scalar())
    assert counts == [2, 2, 0, 0]
    assert home.events(identifier)[-1] == "item.erased"
    assert home.is_intact()


@pytest.mark.parametrize("settlement", [Settlement.MAKE, Settlement.HAPPENED])
def test_a_message_that_was_cut_off_is_a_persons_to_settle(
    sqlite_ledger: Ledger, store: ObjectStore, settlement: Settlement
) -> None:
    ledger, now = sqlite_ledger, datetime.now(UTC)
    with CuttingServer(cuts=[Cut.LOST]).running() as cutting:
        receiver = StoredMailReceiver(server(cutting.port), journal(ledger), store)
        identifier = order(ledger, {"message": store.put(message(ADA))}, now=now)
        now = steps(ledger, receiver, MOST_ATTEMPTS + 2, now)
    with ledger.read() as connection:
        (asked,) = inbox.of_item(connection, identifier)
    with ledger.write() as connection:
        (choice,) = (each for each in asked.question.choices if each.code == settlement)
        fields = {each.name: "asked the citizen" for each in choice.fields if each.required}
        ruling = Ruling(question=asked.question.code, choice=settlement, fields=fields)
        inbox.decide(connection, identifier, ruling, actor="anna", now=now)
    with mail_server() as (port, kept):
        steps(ledger, StoredMailReceiver(server(port), journal(ledger), store), 3, now)
    assert look(ledger, identifier).state == "done"
    assert kept.recipients == ({ADA: 1} if settlement is Settlement.MAKE else {})


def test_a_message_is_composed_and_finished_as_rfc_5322_says() -> None:
    sent = finished(message(ADA, BO, ADA), sender="sag@example.org", message=KEY, now=datetime.now(UTC))
    assert recipients(sent) == (ADA, BO)
    assert b"\r\n" in sent
    assert b"\n" not in sent.replace(b"\r\n", b"")
    for bad in (b"", b"Subject: x\r\n\r\nnobody", b"\xff\xfe"):
        with pytest.raises(MessageFaultError):
            recipients(bad)


def test_what_cannot_be_sent_is_refused(ledger: Ledger, store: ObjectStore) -> None:
    receiver = StoredMailReceiver(server(1), journal(ledger), store)
    for request in ({"message": "sha256:" + "0" * 64}, {}, {"message": "x"}, {"message": store.put(b"no message")}):
        with pytest.raises(ReceiverRefusedError):
            receiver.deliver(KEY, request)


@pytest.fixture
def share(tmp_path: Path, store: ObjectStore) -> FileShareReceiver:
    (tmp_path / "share").mkdir()
    return FileShareReceiver(tmp_path / "share", store)


def test_a_file_is_written_whole_and_found_also_after_it_was_fetched(
    share: FileShareReceiver, store: ObjectStore, tmp_path: Path
) -> None:
    request = {"object": store.put(b"csv"), "name": "bilag 1.csv"}
    assert share.find(KEY, request) is None
    answer = share.deliver(KEY, request)
    path = tmp_path / "share" / str(answer["file"])
    assert path.read_bytes() == b"csv"
    assert share.find(KEY, request) == answer
    path.unlink()  # fetched
    assert share.find(KEY, request) == answer


@pytest.mark.parametrize("after", range(4))
def test_killed_at_any_write_a_file_comes_once_or_a_person_is_asked(
    share: FileShareReceiver, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    request = {"object": store.put(b"csv"), "name": "a.csv"}
    with monkeypatch.context() as patch, suppress(DeathError):
        patch.setattr(receiving, "write_whole", Dying(after).wrap(file_share.write_whole))
        share.deliver(KEY, request)
    files = [path for path in (tmp_path / "share").iterdir() if path.is_file()]
    if after == 1:
        with pytest.raises(CannotTellError):
            share.find(KEY, request)
        share.did_not_happen(KEY, request)
        assert share.find(KEY, request) is None
    else:
        assert (share.find(KEY, request) is not None) == bool(files)
    assert len(files) == (after > 1)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 101, "a\nb"])
def test_a_name_that_leads_elsewhere_is_refused(share: FileShareReceiver, store: ObjectStore, name: str) -> None:
    with pytest.raises(ReceiverRefusedError):
        share.deliver(KEY, {"object": store.put(b"x"), "name": name})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_share_that_takes_nothing_is_tried_again(
    share: FileShareReceiver, store: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "share").chmod(0o500)
    with pytest.raises(TryAgainError):
        share.deliver(KEY, {"object": store.put(b"x"), "name": "x"})


def test_a_share_that_is_not_mounted_says_nothing(tmp_path: Path, store: ObjectStore) -> None:
    gone = FileShareReceiver(tmp_path / "gone", store)
    with pytest.raises(TryAgainError):
        gone.find(KEY, {"object": store.put(b"x"), "name": "x"})
