"""The demonstration with the real control plane, ledger, delivery and loopback, and without Ray: work is done here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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
from samdrift_platform.settings import Settings
from samdrift_rpa.demonstration import invoices as demonstration
from samdrift_rpa.loopback.log import Kind, read_log
from samdrift_rpa.receivers.access_point import AccessPointReceiver
from samdrift_rpa.receivers.erp import ErpReceiver
from samdrift_rpa.workload import workload
from samdrift_testing.in_process import in_process
from samdrift_testing.party import until_it_answers


class Stage:
    """Everything between the demonstration and its loopback."""

    def __init__(self, app_client: Client, ledger: Ledger, folder: Path) -> None:
        self.client, self.ledger, self.folder = app_client, ledger, folder
        self.engine = workload.load({})
        self._hours = 0

    def work(self) -> None:
        """Claim, process and complete all that is queued, as the dispatcher does."""
        now = datetime.now(UTC)
        with self.ledger.write() as connection:
            lease = timedelta(minutes=1)
            claims = queue.claim(connection, workload="rpa", worker="test", limit=100, lease=lease, now=now)
        items = [Item(reference=c.reference, payload=c.payload, deadline=c.deadline) for c in claims]
        outcomes = workload.process(items, Context(store=_Objects(self.client), engine=self.engine))
        finished = [
            (c, Completion(outcome=o, effects=[*workload.effects(o)])) for c, o in zip(claims, outcomes, strict=True)
        ]
        with self.ledger.write() as connection:
            assert endings.complete(connection, "rpa", finished, now=now) == []

    def deliver(self, url: str, *, most: int = 1000) -> int:
        """Deliver up to `most` effects; time passes by hours, so that no back-off has to be waited for."""
        objects = _Objects(self.client)
        erp = ErpReceiver(url, objects, timeout_s=1.0)
        access_point = AccessPointReceiver(url, objects, timeout_s=1.0)
        delivery = Delivery(self.ledger, {"rpa": {"erp": erp, "access_point": access_point}})
        done = 0
        idle = 0
        while done < most and idle < 2:
            self._hours += 1
            stepped = delivery.step(now=datetime.now(UTC) + timedelta(hours=self._hours))
            idle = 0 if stepped else idle + 1
            done += stepped
        erp.close()
        access_point.close()
        return done


class _Objects:
    def __init__(self, client: Client) -> None:
        self._client = client

    def put(self, data: bytes) -> str:
        return self._client.put_object(data)

    def get(self, reference: str) -> bytes:
        return self._client.get_object(reference)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    settings = Settings(home=tmp_path / "home")
    migrations.upgrade(settings.ledger_url)
    ledger = Ledger(settings.ledger_url)
    app = create_app(settings, workloads={"rpa": workload}, ledger=ledger)
    with ledger.write() as connection:
        token = grants.issue(connection, GrantKind.TOKEN, "operator", now=datetime.now(UTC))
    with in_process(app) as transport, Client("http://control.test", token, transport=transport) as client:
        folder = tmp_path / "demonstration"
        folder.mkdir()
        yield Stage(client, ledger, folder)
    ledger.close()


@contextmanager
def running_service(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    (service,) = demonstration.services(folder)
    process = subprocess.Popen(list(service.argv))
    try:
        until_it_answers(service.ready_url, process)
        yield service.environment["SAMDRIFT_RPA_ERP_URL"], process
    finally:
        process.kill()
        process.wait()


def check(stage: Stage, *, documents: int, rejected: int, waiting: int) -> None:
    found = {finding.what: finding for finding in demonstration.findings(stage.client, stage.folder)}
    assert [finding for finding in found.values() if not finding.ok] == []
    posted = documents - rejected - waiting
    assert found["Vouchers, each once by the ERP system's own log"].value == f"{posted} of {posted}"
    assert (
        found["Answers, each once by the access point's own log"].value == f"{posted + rejected} of {posted + rejected}"
    )
    assert found["Rejected, with reasons"].value == str(rejected)
    assert found["Waiting for a person"].value == str(waiting)
    assert found["Sent twice, handled once"].value == "1 of 1"
    keys = [entry.key for entry in read_log(stage.folder / "loopback").entries(Kind.VOUCHER)]
    assert len(keys) == len(set(keys)) == posted


def test_our_own_documents_by_our_own_rules(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)
    monkeypatch.delenv("SAMDRIFT_RPA_RULES", raising=False)
    stage.engine = workload.load({})
    with running_service(stage.folder) as (url, _):
        demonstration.submit(stage.client, stage.folder)
        stage.work()
        stage.deliver(url)
    check(stage, documents=13, rejected=2, waiting=3)
    assert len(read_log(stage.folder / "loopback").faults(Kind.VOUCHER)) >= 3


def test_killed_in_the_middle_and_run_again_it_does_nothing_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)
    monkeypatch.delenv("SAMDRIFT_RPA_RULES", raising=False)
    stage.engine = workload.load({})
    with running_service(stage.folder) as (url, process):
        first = demonstration.submit(stage.client, stage.folder)
        stage.work()
        stage.deliver(url, most=7)
        process.kill()
        process.wait()
        stage.deliver(url, most=9)  # nobody answers
    with running_service(stage.folder) as (url, _):
        assert demonstration.submit(stage.client, stage.folder) == first
        stage.work()
        stage.deliver(url)
    check(stage, documents=13, rejected=2, waiting=3)


@pytest.mark.data
def test_official_examples_by_the_official_rules(stage: Stage, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (service,) = demonstration.services(stage.folder)
    monkeypatch.setenv("SAMDRIFT_RPA_POLICY", service.environment["SAMDRIFT_RPA_POLICY"])
    stage.engine = workload.load({})
    with running_service(stage.folder) as (url, _):
        demonstration.submit(stage.client, stage.folder)
        stage.work()
        stage.deliver(url)
    check(stage, documents=13, rejected=2, waiting=4)
    (rules,) = [finding for finding in demonstration.findings(stage.client, stage.folder) if finding.what == "Rules"]
    assert "OIOUBL schematron 1.17.2" in rules.value
    items = json.dumps([*stage.client.items(workload="rpa")])
    assert "1111111118" not in items  # the CPR number of the private supplier, a publisher's own invention
