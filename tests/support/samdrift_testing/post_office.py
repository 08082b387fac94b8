"""Digital Post with the real control plane, ledger and delivery in this process; the parties outside are real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.workload import RobotWorkload
from samdrift_testing.case_systems import CaseSystem
from samdrift_testing.in_process import in_process

RECEIVED_AT = "2026-11-24T08:15:00+01:00"


class Office:
    """Control plane, ledger and delivery in this process; the parties outside are real."""

    def __init__(self, client: Client, ledger: Ledger, store: ObjectStore) -> None:
        self.client, self.ledger, self.store = client, ledger, store
        self._workload = RobotWorkload({process.name: process})
        self._hours = 0
        self.start()

    def start(self) -> None:
        """Load what a replica loads, as the settings say now."""
        self._engine = self._workload.load({})

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


@contextmanager
def opened(home: Path) -> Iterator[Office]:
    """An office whose home is `home`."""
    settings = Settings(home=home)
    migrations.upgrade(settings.ledger_url)
    ledger, store = Ledger(settings.ledger_url), ObjectStore(settings.objects_url)
    app = create_app(settings, workloads={"rpa": RobotWorkload({process.name: process})}, ledger=ledger)
    with ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "operator", now=datetime.now(UTC))
    with in_process(app) as transport, Client("http://control.test", token, transport=transport) as client:
        yield Office(client, ledger, store)
    ledger.close()
