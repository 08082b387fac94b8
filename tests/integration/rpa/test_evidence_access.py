"""Who may look at evidence, what is recorded of it, and when it is gone: with the real control plane."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from samdrift_platform.client import Client
from samdrift_platform.control.app import create_app
from samdrift_platform.errors import NotFoundError
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import grants, migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import of_item
from samdrift_platform.ledger.grants import GrantKind
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.objects import ObjectStore
from samdrift_platform.retention import KeepsEvidence
from samdrift_platform.settings import Settings
from samdrift_registry.errors import NotAllowedError
from samdrift_rpa.commands import app, evidence
from samdrift_rpa.driving_licence.generator import BORN_2016, Wanted, photo, write
from samdrift_rpa.driving_licence.process import process
from samdrift_rpa.evidence.cabinet import EvidenceCabinet
from samdrift_rpa.evidence.expiry import erase_expired
from samdrift_rpa.evidence.keys import EvidenceKeys
from samdrift_rpa.web.recording import Seen
from samdrift_testing.in_process import in_process
from samdrift_testing.robots import Robots, robots

pytestmark = pytest.mark.integration

PICTURE, TRACE = b"\x89PNG a picture", b"PK a trace"
NOW = datetime.now(UTC)


@dataclass
class Site:
    """A control plane with four applications: entered, waiting, incomplete, and one whose entry is planned."""

    settings: Settings
    ledger: Ledger
    objects: ObjectStore
    desk: Robots
    transport: httpx.BaseTransport

    @contextmanager
    def client(self, subject: str) -> Iterator[Client]:
        with self.ledger.write() as connection:
            token = grants.issue(connection, GrantKind.TOKEN, subject, now=NOW)
        with Client("http://control.test", token, transport=self.transport) as client:
            yield client

    def page(self, path: str, language: str = "en") -> str:
        with self.client("operator") as client:
            return " ".join(client.fetch("GET", f"{path}?lang={language}").decode().split())

    def item(self, number: str) -> WorkItem:
        return next(item for item in self.desk.items() if item.reference == f"driving_licence/{number}")

    def keep(self, number: str, *, made: datetime) -> None:
        with self.ledger.read() as connection:
            (effect,) = of_item(connection, self.item(number).id)
        cabinet = EvidenceCabinet(
            self.ledger, self.objects, EvidenceKeys(self.settings.home), kept_for=timedelta(days=30)
        )
        cabinet.keep(effect.key, "The register", Seen(failed=True, picture=PICTURE, trace=TRACE), now=made)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    settings = Settings(home=tmp_path / "home")
    migrations.upgrade(settings.ledger_url)
    ledger = Ledger(settings.ledger_url)
    Governance(ledger, settings.home).prepare([], now=NOW)
    desk = robots(ledger, process, enter={"case_number": "KK-000001"})
    picture = desk.store.put(photo())
    wanted = [
        Wanted(number="A-1", cpr=BORN_2016, remarks=True),
        Wanted(number="A-2"),
        Wanted(number="A-3", without=frozenset({"photo"})),
    ]
    cases = [{"document": desk.store.put(write(each, picture))} for each in wanted]
    desk.submit("applications", "driving_licence", cases)
    desk.work()
    app = create_app(settings, workloads={"rpa": desk.workload}, ledger=ledger)
    with in_process(app) as transport:
        yield Site(settings, ledger, ObjectStore(settings.objects_url), desk, transport)
    ledger.close()


def decide(site: Site, number: str, choice: str, **fields: Any) -> None:
    site.desk.decide(site.item(number).id, "decision", choice, **fields)
    site.desk.work()
    site.desk.deliver()


def test_the_pages_say_who_decides_and_what_became_of_it(site: Site) -> None:
    decide(site, "A-1", "refuse", ground="age")
    listed = site.page("/rpa/driving_licence")
    for expected in (
        "The robot decides nothing.",
        f'<a href="/inbox/{site.item("A-2").id}">Decide about A-2 in the inbox</a>',
        "KK-000001",
        "Photo",
        "Refuse",
        "olga",
    ):
        assert expected in listed
    one = site.page(f"/rpa/driving_licence/{site.item('A-1').id}")
    for expected in ("Not old enough for the category.", "The certificate has remarks", "KK-000001", "None is kept."):
        assert expected in one
    danish = site.page("/rpa/driving_licence", "da")
    for expected in ("Robotten afgør intet.", "Giv afslag", "Foto"):
        assert expected in danish
    assert "251216" not in listed + one + danish


def test_an_operator_looks_and_that_is_recorded(site: Site) -> None:
    decide(site, "A-1", "forward")
    site.keep("A-1", made=NOW)
    item = site.item("A-1").id
    with site.client("operator") as client:
        listed = client.call("GET", f"/rpa/evidence/{item}.json")
        assert {each["kind"] for each in listed} == {"picture", "trace"}
        assert client.fetch("POST", f"/rpa/evidence/{item}/picture") == PICTURE
        assert client.fetch("POST", f"/rpa/evidence/{item}/trace") == TRACE
        seen = [event for event in client.audit_log() if event["action"] == "evidence.seen"]
    assert [(event["actor"], event["subject"]) for event in seen] == [("operator", f"item:{item}")] * 2
    assert "Download the picture" in site.page(f"/rpa/driving_licence/{item}")
    with site.client("olga") as client, pytest.raises(NotAllowedError, match="takes the role operator"):
        client.fetch("POST", f"/rpa/evidence/{item}/picture")
    with site.client("operator") as client, pytest.raises(NotFoundError):
        client.fetch("POST", f"/rpa/evidence/{site.item('A-2').id}/picture")


def test_evidence_is_gone_when_its_time_is_over(site: Site) -> None:
    decide(site, "A-1", "forward")
    decide(site, "A-2", "issue")
    site.keep("A-1", made=NOW - timedelta(days=31))
    site.keep("A-2", made=NOW)
    count: Callable[[], int] = lambda: sum(path.is_file() for path in (site.settings.home / "objects").rglob("*"))  # noqa: E731 - used twice, here
    assert count() == 4
    assert erase_expired(site.ledger, site.objects, now=NOW, dry_run=True) == 2
    assert count() == 4
    assert isinstance(site.desk.workload, KeepsEvidence)  # so the platform's retention run asks it
    assert site.desk.workload.erase_evidence(NOW, dry_run=False) == 2
    assert count() == 2
    assert erase_expired(site.ledger, site.objects, now=NOW) == 0
    item = site.item("A-1").id
    with site.client("operator") as client, pytest.raises(NotFoundError):
        client.fetch("POST", f"/rpa/evidence/{item}/trace")


def test_the_commands_list_show_and_rotate(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(site, "A-1", "forward")
    site.keep("A-1", made=NOW)
    monkeypatch.setattr(evidence, "connect", lambda: site.client("operator"))
    item, file = str(site.item("A-1").id), tmp_path / "picture.png"
    listed = CliRunner().invoke(app, ["evidence", "list", item, "--json"])
    assert {each["kind"] for each in json.loads(listed.stdout)} == {"picture", "trace"}
    shown = CliRunner().invoke(app, ["evidence", "show", item, "--into", str(file)])
    assert shown.exit_code == 0, shown.output
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (PICTURE, 0o600)
    keys = EvidenceKeys(site.settings.home)
    before = keys.newest
    rotated = CliRunner().invoke(app, ["evidence", "rotate"])
    assert before != keys.newest
    assert keys.newest in rotated.stdout
    again = CliRunner().invoke(app, ["evidence", "show", item, "--into", str(file), "--kind", "trace"])
    assert again.exit_code == 0, again.output
    assert file.read_bytes() == TRACE  # with the key of its time, which evidence still needs
