"""Letters from the control plane to a case system that fails after doing the work: judged by its own log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from samdrift_platform.client import Client
from samdrift_platform.contract import Context, Item
from samdrift_platform.control.app import create_app
from samdrift_platform.delivery import Delivery
from samdrift_platform.ledger import endings, grants, migrations, queue
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.endings import Completion
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import Settings
from samdrift_rpa.digital_post.generator import IMPOSSIBLE_CPR, Attachment, Written, write
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.loopback.log import Kind
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.case_systems import CaseSystem
from samdrift_testing.in_process import in_process

CaseSystems = Callable[..., CaseSystem]
FAULTS = "error-after:3,drop-after:4,slow-after:11,error-before:7,error-on-find:5"
RECEIVED_AT = "2026-11-24T08:15:00+01:00"


class Office:
    """Control plane, ledger and delivery in this process; the parties outside are real."""

    def __init__(self, client: Client, ledger: Ledger, store: ObjectStore) -> None:
        self.client, self.ledger, self.store = client, ledger, store
        self._workload = RobotWorkload({process.name: process})
        self._engine = self._workload.load({})
        self._hours = 0

    def receive(self, letters: list[bytes]) -> None:
        cases = [{"message": self.client.put_object(letter)} for letter in letters]
        document = {"process": "digital_post", "received_at": RECEIVED_AT, "cases": cases}
        self.client.submit("rpa", document, reference=f"letters-{len(cases)}")

    def work(self) -> None:
        """Claim, process and complete all that is queued, as the dispatcher does."""
        now = datetime.now(UTC)
        with self.ledger.write() as connection:
            lease = timedelta(minutes=1)
            claims = queue.claim(connection, workload="rpa", worker="test", limit=500, lease=lease, now=now)
        items = [Item(reference=c.reference, payload=c.payload, deadline=c.deadline) for c in claims]
        outcomes = self._workload.process(items, Context(store=self.store, engine=self._engine))
        finished = [
            (c, Completion(outcome=o, effects=[*self._workload.effects(o)]))
            for c, o in zip(claims, outcomes, strict=True)
        ]
        with self.ledger.write() as connection:
            assert endings.complete(connection, "rpa", finished, now=now) == []

    def deliver(self, peer: CaseSystem, *, most: int = 2000) -> int:
        """Deliver up to `most` effects; time passes by hours, so that no back-off has to be waited for."""
        receivers = peer.receivers(self.store)
        delivery = Delivery(self.ledger, {"rpa": receivers})
        done = idle = 0
        while done < most and idle < 2:
            self._hours += 1
            stepped = delivery.step(now=datetime.now(UTC) + timedelta(hours=self._hours))
            idle = 0 if stepped else idle + 1
            done += stepped
        for receiver in receivers.values():
            receiver.close()
        return done

    def states(self) -> set[str]:
        with self.ledger.read() as connection:
            rows = connection.exec_driver_sql("SELECT state FROM effects")
            return {str(row[0]) for row in rows}

    def text(self) -> str:
        """Everything that the database holds, as text."""
        with self.ledger.read() as connection:
            names = [
                row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            return "".join(str(connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall()) for name in names)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    settings = Settings(home=tmp_path / "home")
    monkeypatch.setenv("SAMDRIFT_HOME", str(settings.home))
    migrations.upgrade(settings.ledger_url)
    ledger, store = Ledger(settings.ledger_url), ObjectStore(settings.objects_url)
    app = create_app(settings, workloads={"rpa": RobotWorkload({process.name: process})}, ledger=ledger)
    with ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "operator", now=datetime.now(UTC))
    with in_process(app) as transport, Client("http://control.test", token, transport=transport) as client:
        yield Office(client, ledger, store)
    ledger.close()


def letters(count: int) -> list[bytes]:
    """Every third one answers the one before it, so it belongs to that one's case."""
    made = []
    for number in range(count):
        earlier = Written(number=number - 1, title="", text="").message_uuid
        replies = [(earlier, "", "", "")] if number % 3 == 2 else []
        plan = Attachment(filename=f"Opdigtet bilag {number}.pdf", content=b"%PDF" + bytes(number * 1000))
        letter = Written(
            number=number, title=f"Brev {number}", text="Hej", kle="02.34.00", replies=replies, attachments=[plan]
        )
        made.append(write(letter))
    return made


def check(peer: CaseSystem, count: int) -> None:
    uuids = {Written(number=number, title="", text="").message_uuid for number in range(count)}
    for kind in (Kind.ENTRY, Kind.ASSIGNMENT):
        written = [json.loads(entry.body) for entry in peer.log.entries(kind)]
        assert sorted(each["message_uuid"] for each in written) == sorted(uuids)
    answered = [json.loads(entry.body)["answers"] for entry in peer.log.entries(Kind.MESSAGE)]
    assert sorted(answered) == sorted(uuids)
    assert len(peer.log.entries(Kind.CASE)) == count - count // 3
    for kind in (Kind.CASE, Kind.ENTRY, Kind.ASSIGNMENT, Kind.MESSAGE):
        assert set(peer.times(kind).values()) == {1}


def test_each_letter_is_journalised_assigned_and_acknowledged_once(office: Office, case_system: CaseSystems) -> None:
    peer = case_system(FAULTS)
    office.receive(letters(12))
    office.work()
    office.deliver(peer)
    check(peer, 12)
    assert office.states() == {"delivered"}
    assert sum(len(peer.log.faults(kind)) for kind in (Kind.CASE, Kind.ENTRY, Kind.ASSIGNMENT, Kind.MESSAGE)) >= 12


def test_a_case_system_that_is_killed_in_the_middle_loses_and_doubles_nothing(
    office: Office, case_system: CaseSystems
) -> None:
    peer = case_system(FAULTS)
    office.receive(letters(9))
    office.work()
    office.deliver(peer, most=11)
    peer.kill()
    office.deliver(peer, most=5)  # nobody answers
    peer.start()
    office.deliver(peer)
    check(peer, 9)


def test_nothing_that_a_letter_says_is_in_the_database_or_in_the_parties_log(
    office: Office, case_system: CaseSystems
) -> None:
    peer = case_system()
    office.receive(letters(3))
    office.work()
    office.deliver(peer)
    told = office.text() + "".join(str(peer.log.entries(kind)) for kind in Kind)
    for word in (IMPOSSIBLE_CPR, "Opdigtet Afsender", "Opdigtet bilag", "Brev 1"):
        assert word not in told
